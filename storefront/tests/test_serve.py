"""The real command, as a process: started, killed, started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from cast import PASSWORD, form
from fake_platform import KEY, PROJECT, SECRET, FakePlatform
from kitloop_storefront.signing_in import TRIES

COMMAND = [str(Path(sys.executable).parent / "kitloop-shop")]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(what: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


class RunningShop:
    def __init__(self, data: Path, platform_url: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KITLOOP_")}
        self.env = kept | {
            "KITLOOP_SHOP_DATA": str(data / "shop"),
            "KITLOOP_SHOP_API": platform_url,
            "KITLOOP_SHOP_API_KEY": KEY,
            "KITLOOP_SHOP_PROJECT": PROJECT,
            "KITLOOP_SHOP_WEBHOOK_SECRET": SECRET,
            "KITLOOP_SHOP_TRACK_SECONDS": "1",
            "KITLOOP_SHOP_TEST_MODE": "1",
            "KITLOOP_SHOP_NEW_PASSWORD": PASSWORD,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *arguments], env=self.env, capture_output=True, text=True, timeout=30)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port)], env=self.env, stdout=log, stderr=log
            )
        wait_for(self.answers)

    def answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=10)

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        with httpx2.Client(base_url=self.url, timeout=5) as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/log-in/").text)
            assert token is not None
            sent = {"email": "jane@example.com", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            assert browser.post("/log-in/", data=sent).status_code == 302
            yield browser


@pytest.fixture
def running(tmp_path: Path, fake: FakePlatform) -> Iterator[RunningShop]:
    shop = RunningShop(tmp_path, fake.url)
    made = shop.run("create-customer", "--email", "jane@example.com", "--name", "Jane Doe")
    assert made.returncode == 0, made.stderr
    shop.start()
    yield shop
    if shop.process and shop.process.poll() is None:
        shop.process.kill()
        shop.process.wait(timeout=10)


def order(browser: httpx2.Client) -> str:
    page = browser.get("/order/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    answer = browser.post("/order/", data=form(csrfmiddlewaretoken=token[1]))
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def test_an_order_survives_kill_9_before_the_platform_hears_of_it_and_is_placed_once(
    running: RunningShop, fake: FakePlatform
) -> None:
    fake.stop()
    with running.browser() as jane:
        kit = order(jane)
    running.stop(signal.SIGKILL)
    fake.start()
    running.start()
    wait_for(lambda: len(fake.samples) == 1)
    with running.browser() as jane:
        wait_for(lambda: "Order confirmed</h1>" in jane.get(kit).text)
        (sample_id,) = fake.samples
        fake.finish(sample_id)
        assert fake.deliver(f"{running.url}/webhooks/kitloop", [fake.event(sample_id)]) == 200
        wait_for(lambda: "See your results" in jane.get(kit).text)
    time.sleep(1.5)
    assert len(fake.samples) == 1
    assert "Jane" not in running.log.read_text()


def test_an_order_survives_kill_9_after_the_platform_took_it_and_is_placed_once(
    running: RunningShop, fake: FakePlatform
) -> None:
    fake.lose_answers = True
    with running.browser() as jane:
        kit = order(jane)
    wait_for(lambda: len(fake.samples) == 1)
    running.stop(signal.SIGKILL)
    fake.lose_answers = False
    running.start()
    with running.browser() as jane:
        wait_for(lambda: "Order confirmed</h1>" in jane.get(kit).text)
    assert len(fake.samples) == 1


def test_it_stops_soon_and_says_when_its_port_is_taken(running: RunningShop) -> None:
    second = running.run("serve", "--port", str(running.port))
    assert second.returncode == 2
    assert "--port or KITLOOP_SHOP_PORT" in second.stderr
    assert "Traceback" not in second.stderr
    for how in (signal.SIGTERM, signal.SIGINT):
        began = time.monotonic()
        assert running.stop(how) == 0
        assert time.monotonic() - began < 10  # one second of grace, and a busy machine
        if how is signal.SIGTERM:
            running.start()
    assert "Traceback" not in running.log.read_text()


def test_the_other_commands_say_what_is_wrong_and_do_things_once(running: RunningShop, fake: FakePlatform) -> None:
    well = running.run("doctor")
    assert well.returncode == 0, well.stdout
    assert "FAIL" not in well.stdout
    ill = running.run("doctor", "--api-key", "wrong", "--webhook-secret", "")
    assert ill.returncode == 1
    assert "Make a new API key there" in ill.stdout
    fake.stop()
    assert "Start it, or mend --api" in running.run("doctor").stdout
    assert running.run("doctor", "--api", "localhost").returncode == 2

    again = running.run("create-customer", "--email", "JANE@example.com")
    assert again.returncode == 1
    assert running.run("create-customer", "--email", "jane@example.com", "--exist-ok").returncode == 0
    assert running.run("create-staff", "--email", "nonsense").returncode == 2
    staff = running.run("create-staff", "--email", "ann@example.com")
    assert staff.returncode == 0
    assert "ann@" not in staff.stdout

    key = Path(running.env["KITLOOP_SHOP_DATA"]) / "secret_key"
    before = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert running.run("migrate").returncode == 0
    assert key.read_text() == before


def test_help_has_examples() -> None:
    for arguments in (["--help"], ["serve", "--help"]):  # without any setting
        shown = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)
        assert shown.returncode == 0
        assert "Examples:" in shown.stdout
        assert "create-staff" in shown.stdout


def test_guesses_sent_at_once_are_all_counted_and_a_restart_forgets_none(running: RunningShop) -> None:
    def guess(_: int = 0) -> int:
        with httpx2.Client(base_url=running.url, timeout=20) as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/log-in/").text)
            assert token is not None
            sent = {"email": "jane@example.com", "password": "wrong", "csrfmiddlewaretoken": token[1]}
            return browser.post("/log-in/", data=sent).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(guess, range(TRIES + 6))) == {422: TRIES, 429: 6}
    running.stop(signal.SIGKILL)
    running.start()
    assert guess() == 429
