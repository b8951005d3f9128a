"""Secrets on their way to the one page that shows them.

A page that makes a secret redirects to the page that shows it, so that a refresh neither shows it again nor makes another.
In between it lies sealed in the session: for minutes, and never readable in the database.
"""

import time
from uuid import UUID

from django.http import HttpRequest

from kitloop.base.sealed import seal, unseal

KEPT_SECONDS = 600


def keep_once(request: HttpRequest, what: UUID, secret: str) -> None:
    """Hands `secret` of the thing `what` to the next `take_once` of this session."""
    request.session[_name(what)] = [int(time.time()), seal(secret).decode()]


def take_once(request: HttpRequest, what: UUID) -> str | None:
    """The secret, the first time and within KEPT_SECONDS; afterwards none."""
    kept = request.session.pop(_name(what), None)
    if kept is None or time.time() - kept[0] > KEPT_SECONDS:
        return None
    secret: str = unseal(kept[1].encode())
    return secret


def _name(what: UUID) -> str:
    return f"once:{what}"
