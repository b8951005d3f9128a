"""What every request carries and every answer says, whichever entrance it came by."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

Next = Callable[[HttpRequest], HttpResponseBase]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


class RequestIds:
    """Names each request; the name is in the answer's X-Request-Id, and in our log where something went wrong."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _TOKEN.match(given) else uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        if isinstance(response, HttpResponse):  # whole in memory; without a length it would go out in chunks
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


class SecurityHeaders:
    """The headers that the contract records on every answer (§1), where a view has not set its own."""

    HEADERS = {
        "Content-Security-Policy": "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
        "Permissions-Policy": "camera=(), encrypted-media=(), geolocation=(), microphone=(), payment=(), usb=()",
    }

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/api/"):
            # Answers depend on who asks, and some carry signed URLs: nobody in between may keep them.
            patch_vary_headers(response, ["Accept", "Authorization", "Origin"])
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
