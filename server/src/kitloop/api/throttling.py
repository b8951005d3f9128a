"""429 with `Retry-After` for whoever asks more often than the settings let (DRF writes the answer from `wait`)."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kitloop.accounts.models import Caller
from kitloop.base.limits import of_address, take
from kitloop.base.requests import client_address


class PerMinute(BaseThrottle):
    """Each API key by itself, each signed-in user, each address without either. A lab, which signs what it sends, is not counted."""

    _wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        asker = request.user
        if isinstance(asker, Caller):
            who = f"key:{asker.api_key_id}" if asker.api_key_id else f"user:{asker.user_id}"
            self._wait = take(who, limit=settings.KITLOOP_REQUESTS_PER_MINUTE)
        elif asker is None:
            self._wait = anonymous_wait(request)
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait


def anonymous_wait(request: Request) -> float | None:
    """Counts a request of somebody unknown, once; the seconds to wait where there were too many from this address."""
    counted: bool = request._request.__dict__.setdefault("is_counted", False)
    limit = settings.KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE
    if counted or limit == 0:
        return None
    request._request.__dict__["is_counted"] = True
    return take(of_address(client_address(request._request)), limit=limit)
