"""The kit page in a real browser. Skipped by name where there is no chromium (apt-get install chromium)."""

import shutil
from collections.abc import Iterator

import pytest
from cast import ADDRESS, PASSWORD
from fake_platform import FakePlatform
from playwright.sync_api import Page, sync_playwright
from test_serve import RunningShop, order, running, wait_for

__all__ = ["running"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")


@pytest.fixture
def page() -> Iterator[Page]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser.new_page(viewport={"width": 390, "height": 844})
        browser.close()


def test_the_timeline_moves_by_itself_and_the_keyboard_reaches_everything(
    running: RunningShop, fake: FakePlatform, page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    with running.browser() as jane:
        kit = order(jane)
    wait_for(lambda: len(fake.samples) == 1)
    (sample_id,) = fake.samples

    page.goto(running.url + kit)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.fill("#id_email", "jane@example.com")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Order confirmed')")
    page.evaluate("window.stayed = true")
    fake.move(sample_id, "shipped")
    page.wait_for_selector("h1:has-text('On its way to you')", timeout=10_000)
    assert page.locator("[data-said]").inner_text() == "On its way to you"
    fake.finish(sample_id)
    fake.deliver(f"{running.url}/webhooks/kitloop", [fake.event(sample_id)])
    page.click("text=See your results", timeout=10_000)
    page.wait_for_selector("h1:has-text('Your results')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("svg.ring circle").count() == 6
    assert complaints == []  # a broken content security policy would complain here


def test_thanks_go_away_when_the_order_comes_back(running: RunningShop, fake: FakePlatform, page: Page) -> None:
    fake.stop()
    page.goto(f"{running.url}/log-in/?next=/order/")
    page.fill("#id_email", "jane@example.com")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_consent")
    for name, value in (ADDRESS | {"recipient_address_postal_code": "00000"}).items():
        if name == "recipient_address_country_code":
            page.select_option(f"#id_{name}", value)
        else:
            page.fill(f"#id_{name}", value)
    page.check("#id_consent")
    page.click("text=Order the kit")
    page.wait_for_selector("text=Your order is in")
    fake.start()
    page.wait_for_selector("h1:has-text('Please check your address')", timeout=20_000)
    assert page.locator(".flash").count() == 0
    said = page.locator("[data-said]").inner_text()
    assert said == "Please check your address. Postal code: This postal code is not in this region."
    page.click("main >> text=Postal code")
    page.wait_for_selector("#id_recipient_address_postal_code:target")


def test_the_staff_page_fits_a_phone(running: RunningShop, fake: FakePlatform, page: Page) -> None:
    made = running.run("create-staff", "--email", "a.rather.long.name@staff.example.com")
    assert made.returncode == 0, made.stderr
    with running.browser() as jane:
        order(jane)
    wait_for(lambda: len(fake.samples) == 1)
    page.goto(f"{running.url}/log-in/")
    page.fill("#id_email", "a.rather.long.name@staff.example.com")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('All orders')")
    assert page.locator("table.orders tbody tr").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
