"""The forms in a real browser, on a phone. Skipped by name where there is no chromium (apt-get install chromium)."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.conf import LazySettings
from django.test import Client
from hosted_visits import ADDRESS, asked, kit_link, path_of
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
    pytest.mark.django_db(transaction=True),
]


class Shop(BaseHTTPRequestHandler):
    """The company's site: remembers what browsers tell it about where they come from."""

    visits: list[tuple[str, str | None, str | None]] = []

    def do_GET(self) -> None:
        if self.path != "/favicon.ico":
            self.visits.append((self.path, self.headers["Referer"], self.headers["Cookie"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Thanks</h1>")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.visits = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def watched(browser: Browser, **options: Any) -> tuple[Page, list[str]]:
    """A page on a phone, and what its console complains of: a broken content security policy would be there."""
    page = browser.new_context(viewport={"width": 390, "height": 844}, **options).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    return page, complaints


def test_a_kit_is_ordered_with_the_keyboard_and_the_browser_goes_back_to_the_shop(
    live_server: Any, client: Client, cast: Cast, shop: str
) -> None:
    url = path_of(kit_link(client, cast, redirect_on_success=f"{shop}/thanks?o=1")["url"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page, complaints = watched(browser)
        page.goto(live_server.url + url)
        form = page.url
        assert "token" not in form
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "id_recipient_address_name"
        page.keyboard.type("Jane Doe")
        page.select_option("#id_recipient_address_country_code", "JP")
        assert page.inner_text("label[for=id_recipient_address_state_region]") == "Prefecture"
        page.select_option("#id_recipient_address_country_code", "US")
        assert page.inner_text("label[for=id_recipient_address_postal_code]") == "ZIP code"
        assert not page.is_visible("#id_recipient_address_postal_code_helptext")
        page.keyboard.press("Enter")  # opens the menu, and orders nothing
        page.keyboard.press("Escape")
        for name, value in ADDRESS.items():
            if name != "recipient_address_country_code":
                page.fill(f"#id_{name}", value if name != "recipient_phone" else "12")
        page.press("#id_recipient_email", "Enter")
        page.wait_for_selector("[role=alert]")
        assert page.evaluate("document.activeElement.id") == "id_recipient_phone"
        assert page.get_attribute("#id_recipient_phone", "aria-invalid") == "true"
        described = page.get_attribute("#id_recipient_phone", "aria-describedby")
        assert described is not None
        assert "id_recipient_phone_error" in described.split()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.fill("#id_recipient_phone", ADDRESS["recipient_phone"])
        page.press("#id_recipient_phone", "Enter")
        page.wait_for_selector("h1:has-text('Thanks')")
        assert page.url == f"{shop}/thanks?o=1"
        page.goto(form)
        page.wait_for_selector("h1:has-text('Thanks')")  # it is not offered again
        browser.close()
    assert Shop.visits[0] == ("/thanks?o=1", None, None)
    assert [said for said in complaints if "422" not in said] == []


def test_without_scripts_and_side_by_side_two_forms_go_their_own_ways(
    live_server: Any, client: Client, cast: Cast, exports: dict[str, Path], settings: LazySettings, tmp_path: Path
) -> None:
    settings.KITLOOP_OBJECTS = tmp_path / "objects"
    kit = path_of(kit_link(client, cast)["url"])
    array = path_of(asked(client, cast, "array-data-upload-form/", project_id=str(cast.project.id)).json()["url"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        first, complaints = watched(browser, java_script_enabled=False)
        second = first.context.new_page()
        first.goto(live_server.url + kit)
        second.goto(live_server.url + array)
        for name, value in ADDRESS.items():
            if name == "recipient_address_country_code":
                first.select_option(f"#id_{name}", value)
            else:
                first.fill(f"#id_{name}", value)
        second.set_input_files("#id_export", exports["ancestrydna"])
        first.click("button[type=submit]")
        first.wait_for_selector("h1:has-text('Your kit is ordered')")
        second.click("button[type=submit]")
        second.wait_for_selector("h1:has-text('Your file is here')", timeout=60_000)
        browser.close()
    assert complaints == []
