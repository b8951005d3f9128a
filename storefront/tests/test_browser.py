"""The kit page in a real browser. Skipped by name where there is no chromium (apt-get install chromium)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cast import ADDRESS, PASSWORD, STAFF
from fake_platform import FakePlatform
from playwright.sync_api import Browser, Page, sync_playwright
from running_shop import RunningShop, order, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, people: Path) -> Iterator[tuple[RunningShop, FakePlatform]]:
    data, fake = tmp_path_factory.mktemp("shown"), FakePlatform().start()
    shutil.copytree(people, data / "shop")
    shop = RunningShop(data, fake.url)
    shop.start()
    yield shop, fake
    shop.end()
    fake.stop()


@pytest.fixture
def running(both: tuple[RunningShop, FakePlatform]) -> RunningShop:
    return both[0]


@pytest.fixture
def fake(both: tuple[RunningShop, FakePlatform]) -> FakePlatform:
    """The running shop's platform, with no kit of an earlier test."""
    made = both[1]
    made.samples.clear()
    return made if made.server else made.start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used before."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    yield page
    page.close()


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
    with running.browser() as jane:
        kit = order(jane)
    wait_for(lambda: len(fake.samples) == 1)
    page.goto(f"{running.url}/log-in/")
    page.fill("#id_email", STAFF)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('All orders')")
    assert page.locator("table.orders tbody tr").filter(has_text=kit.split("/")[2]).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
