"""The door to the platform: one client, made from the settings, and the secrets that may change while we run."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from kitloop_sdk import Client


def platform(*, patient: bool = False) -> Client:
    """A client for a page (quick to give up), or for the background (`patient`; it has its own schedule of retries)."""
    return _client(settings.PLATFORM_URL, api_key(), 20.0 if patient else 6.0)


@lru_cache(maxsize=4)  # keeps connections open; a changed key makes another client
def _client(host: str, key: str, timeout: float) -> Client:
    return Client(host, key, timeout=timeout, max_retries=0)


def api_key() -> str:
    return _first_line(settings.PLATFORM_KEY_FILE) or settings.PLATFORM_KEY


def webhook_secrets() -> list[str]:
    """The secrets that a webhook may be signed with. A file is read each time: it may hold two lines while rotating."""
    written = _lines(settings.WEBHOOK_SECRET_FILE) or [settings.WEBHOOK_SECRET]
    return [secret for secret in written if secret]


def _first_line(path: str) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: str) -> list[str]:
    try:
        text = Path(path).read_text() if path else ""
    except OSError:  # not there yet, or unreadable: the doctor says so; an order or a webhook waits until it is
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]
