"""The real command, as a process: started, killed, started again; and the other commands."""

import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cast import PASSWORD
from click.testing import CliRunner
from fake_platform import FakePlatform
from kitloop_storefront import command, data_folder
from kitloop_storefront.models import Customer
from kitloop_storefront.signing_in import TRIES
from running_shop import COMMAND, RunningShop, order, wait_for


@pytest.fixture
def set_up(tmp_path: Path, fake: FakePlatform, people: Path) -> RunningShop:
    """A shop that knows Jane, and does not run yet."""
    shutil.copytree(people, tmp_path / "shop")
    return RunningShop(tmp_path, fake.url)


@pytest.fixture
def running(set_up: RunningShop) -> Iterator[RunningShop]:
    set_up.start()
    yield set_up
    set_up.end()


@pytest.fixture
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in this process, with the tests' settings and database."""
    monkeypatch.setattr(command, "_set_up", lambda **_: None)
    monkeypatch.setattr(command, "_run_migrations", lambda: None)
    return CliRunner()


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


def test_the_other_commands_say_what_is_wrong_and_do_things_once(set_up: RunningShop) -> None:
    well = set_up.run("doctor")
    assert well.returncode == 0, well.stdout
    assert "FAIL" not in well.stdout
    ill = set_up.run("doctor", "--api-key", "wrong", "--webhook-secret", "")
    assert ill.returncode == 1
    assert "Make a new API key there" in ill.stdout

    again = set_up.run("create-customer", "--email", "JANE@example.com")
    assert again.returncode == 1
    staff = set_up.run("create-staff", "--email", "ann@example.com")
    assert staff.returncode == 0
    assert "ann@" not in staff.stdout

    key = Path(set_up.env["KITLOOP_SHOP_DATA"]) / "secret_key"
    before = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert set_up.run("migrate").returncode == 0
    assert key.read_text() == before


def test_the_doctor_tells_a_platform_that_is_down(here: CliRunner, shop: Any, fake: FakePlatform) -> None:
    data_folder.prepare(shop.DATA)
    fake.stop()
    said = here.invoke(command.main, ["doctor"])
    assert said.exit_code == 1
    assert "Start it, or mend --api" in said.output


def test_an_address_without_a_scheme_is_refused() -> None:
    said = CliRunner().invoke(command.main, ["doctor", "--api", "localhost"], env={"KITLOOP_SHOP_API": ""})
    assert said.exit_code == 2
    assert "an http or https address" in said.output


def test_an_account_is_made_once_and_for_an_address(here: CliRunner) -> None:
    def create(kind: str, *arguments: str) -> int:
        return here.invoke(command.main, [kind, "--password", PASSWORD, *arguments]).exit_code

    assert create("create-customer", "--email", "jane@example.com") == 0
    assert create("create-customer", "--email", "JANE@example.com") == 1
    assert create("create-customer", "--email", "jane@example.com", "--exist-ok") == 0
    assert create("create-staff", "--email", "nonsense") == 2
    assert [(one.email, one.is_staff) for one in Customer.objects.all()] == [("jane@example.com", False)]


def test_help_has_examples() -> None:
    for arguments in (["--help"], ["serve", "--help"]):  # without any setting
        shown = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)
        assert shown.returncode == 0
        assert "Examples:" in shown.stdout
        assert "create-staff" in shown.stdout


def test_guesses_sent_at_once_are_all_counted_and_a_restart_forgets_none(running: RunningShop) -> None:
    def guess(_: int = 0) -> int:
        with running.visitor() as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/log-in/").text)
            assert token is not None
            sent = {"email": "jane@example.com", "password": "wrong", "csrfmiddlewaretoken": token[1]}
            return browser.post("/log-in/", data=sent).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(guess, range(TRIES + 6))) == {422: TRIES, 429: 6}
    running.stop(signal.SIGKILL)
    running.start()
    assert guess() == 429
