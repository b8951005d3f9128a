from collections.abc import Iterator
from typing import Any

import pytest
from webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def _webhook_settings(settings: Any) -> None:
    """Loopback may be called, and what fails comes again after the test; see `short_schedule`."""
    settings.KITLOOP_WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.KITLOOP_WEBHOOK_RETRY_SECONDS = [0, 60, 120, 180]
    settings.KITLOOP_WEBHOOK_TIMEOUT_SECONDS = 2.0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in here


@pytest.fixture
def short_schedule(settings: Any) -> None:
    settings.KITLOOP_WEBHOOK_RETRY_SECONDS = [0, 0.1, 0.3, 0.6]
