"""How `kitloop sandbox` begins and ends, whoever ends it."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from listening import Ear, listening
from running import KITLOOP, Sandbox, environment, new_home


@pytest.fixture
def passing() -> Iterator[Sandbox]:
    """A sandbox that was not told where to live, and throws its folder away."""
    made = Sandbox(new_home(), is_thrown_away=True)
    try:
        yield made
    finally:
        made.clear()


def _nothing_is_left(sandbox: Sandbox) -> None:
    assert sandbox.living() == []
    assert not sandbox.ready.exists()
    assert not sandbox.pid_file.exists()
    assert list(sandbox.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("mark", "how", "every"),  # initdb is soon over; each look reads all processes of the machine
    [("/initdb", signal.SIGTERM, 0.01), ("--port", signal.SIGINT, 0.1)],
    ids=["SIGTERM-while-the-database-is-made", "SIGINT-while-the-programs-start"],
)
def test_a_sandbox_that_is_told_to_end_while_it_starts_leaves_nothing(
    passing: Sandbox, mark: str, how: signal.Signals, every: float
) -> None:
    passing.begin()
    passing.wait_until(
        f"{mark} is there", lambda: any(mark in " ".join(p.words) for p in passing.living()), seconds=60, every=every
    )
    assert passing.end(how) == 0, passing.last_words()
    _nothing_is_left(passing)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_sandbox_that_is_told_to_end_at_a_random_moment_leaves_nothing(passing: Sandbox) -> None:
    chance = random.Random(7)
    for _ in range(12):
        passing.begin()
        time.sleep(chance.uniform(1.5, 12))  # not before it has come to its own first line
        assert passing.end(chance.choice([signal.SIGTERM, signal.SIGINT])) == 0, passing.last_words()
        _nothing_is_left(passing)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_sandbox_that_is_killed_at_a_random_moment_of_its_first_start_can_be_started_again(tmp_path: Path) -> None:
    chance = random.Random(11)
    for _ in range(4):
        made = Sandbox(new_home())
        try:
            made.begin()
            time.sleep(chance.uniform(1, 10))
            made.end(signal.SIGKILL)
            made.start()
            assert made.order(str(uuid4()))
            assert made.end(signal.SIGTERM) == 0
            assert made.living() == []
        finally:
            made.clear()


@pytest.mark.timeout(300)  # a minute on an idle machine; a busy one is not a failure
def test_a_killed_sandbox_takes_its_programs_along_and_the_next_start_carries_on_with_other_options(
    sandbox: Sandbox,
) -> None:
    sample = sandbox.order(str(uuid4()), metadata={"sandbox_scenario": "failed_qc"})
    with listening(Ear()) as ear:
        subscription = ear.subscribe(sandbox)
        sandbox.end(signal.SIGKILL)
        sandbox.wait_until(
            "its programs have ended", lambda: all("postgres" in p.words[0] for p in sandbox.living()), seconds=25
        )
        before = dict(sandbox.facts)
        sandbox.start("--no-private-webhooks")
        assert sandbox.facts["webhook_networks"] == []
        assert sandbox.facts["api_key"] == before["api_key"]
        sandbox.wait_for_all([sample], seconds=60)
        refused = "SELECT a.response_status, a.error FROM webhooks_attempt a JOIN webhooks_delivery d ON d.id = delivery_id" \
                  " WHERE d.subscription_id = %s"  # fmt: skip
        sandbox.wait_until("an attempt is recorded", lambda: bool(sandbox.rows(refused, subscription)), seconds=20)
        assert set(sandbox.rows(refused, subscription)) == {
            (None, "The target is a private or special network address.")
        }
        assert ear.knocks == []
    assert sandbox.journey(sample)["status"] == "failed_qc"
    with sandbox.client() as client:
        client.delete_subscription(subscription)
    assert sandbox.end(signal.SIGTERM) == 0, sandbox.last_words()
    assert sandbox.living() == []
    assert not sandbox.ready.exists()
    assert not sandbox.pid_file.exists()  # or it would name a process that is somebody else's by then


@pytest.mark.parametrize("option", ["--port", "--lab-port"])
def test_a_taken_port_is_said_by_name_and_nothing_is_started(option: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        argv = [
            KITLOOP,
            "sandbox",
            "--ready",
            str(tmp_path / "ready"),
            "--data",
            str(tmp_path / "data"),
            option,
            str(number),
        ]
        done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"port {number}" in done.stderr
    assert option in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("option", ["--ready", "--pid-file"])
def test_a_file_that_cannot_be_written_is_said_before_anything_starts(option: str, tmp_path: Path) -> None:
    words = {"--ready": str(tmp_path / "ready"), option: str(tmp_path / "nowhere" / "file")}
    argv = [KITLOOP, "sandbox", *(word for pair in words.items() for word in pair), "--data", str(tmp_path / "data")]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, option in done.stderr, str(tmp_path / "nowhere") in done.stderr) == (2, True, True)
    assert os.listdir(tmp_path) == []
