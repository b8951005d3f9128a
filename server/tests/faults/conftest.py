"""One sandbox for all of these tests, whose end is a test too; and receivers that are subscribed to its project."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from listening import Ear, listening
from running import Sandbox, new_home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever of these comes first waits for the sandbox to start."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def the_sandbox() -> Iterator[Sandbox]:
    made = Sandbox(new_home())
    try:
        yield made
        if made.process is not None:
            assert made.end(signal.SIGINT) == 0, made.last_words()
            assert made.living() == []
            assert not made.ready.exists()
    finally:
        made.clear()


@pytest.fixture
def sandbox(the_sandbox: Sandbox) -> Sandbox:
    """It runs, with its default options; some tests leave it ended, or with others."""
    if not sys.platform.startswith("linux"):
        pytest.skip("processes are found in /proc")
    if the_sandbox.process is not None and the_sandbox.options:
        the_sandbox.end(signal.SIGTERM)
    if the_sandbox.trouble:  # to wait for it again in each test would take an hour
        pytest.fail(the_sandbox.trouble)
    if the_sandbox.process is None:
        try:
            the_sandbox.start()
        except AssertionError as error:
            the_sandbox.trouble = str(error)
            the_sandbox.cut_the_power()
            raise
    return the_sandbox


@pytest.fixture
def ear(sandbox: Sandbox) -> Iterator[Ear]:
    """A receiver that is subscribed to the sandbox's project."""
    with listening(Ear()) as made:
        subscription = made.subscribe(sandbox)
        yield made
    with sandbox.client() as client:
        client.delete_subscription(subscription)
