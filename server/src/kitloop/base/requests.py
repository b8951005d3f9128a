"""What every request carries and every answer says, whichever entrance it came by."""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_vary_headers

Next = Callable[[HttpRequest], HttpResponseBase]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


def client_address(request: HttpRequest) -> str:
    """Where a request came from: the peer or, behind proxies of KITLOOP_TRUSTED_PROXIES, the last address that none of them has.

    What stands further to the left in X-Forwarded-For was written by the client, and may be anything.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    if not settings.KITLOOP_TRUSTED_PROXIES or not _is_trusted(address):
        return address
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        found = _parsed(hop)
        if found is None:
            return address
        address = str(found)
        if not _is_trusted(address):
            return address
    return address


def _is_trusted(address: str) -> bool:
    found = _parsed(address)
    return found is not None and any(
        found.version == network.version and found in network for network in settings.KITLOOP_TRUSTED_PROXIES
    )


def _parsed(hop: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, some with a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


class ForwardedScheme:
    """Believes a trusted proxy's X-Forwarded-Proto, and nobody else's: `is_secure` and absolute links follow it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.KITLOOP_TRUSTED_PROXIES and _is_trusted(request.META.get("REMOTE_ADDR", "")):
            said = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
            if said in {"http", "https"}:
                request.META["wsgi.url_scheme"] = said
        return self.get_response(request)


class KnownHost:
    """Refuses a host name that is not ours before anything is done, and not only where a link is made of it.

    A balancer that asks for our health by our address alone is let through.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != "/health":
            request.get_host()
        return self.get_response(request)


def json_answer(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """JSON without spaces, as every answer of the platform has it (contract §0)."""
    compact = {"separators": (",", ":"), "ensure_ascii": False}
    return JsonResponse(body, status=status, headers=dict(headers or {}), json_dumps_params=compact, safe=False)


def subjects(request: HttpRequest) -> list[UUID]:
    """The ids of what this request reads or changes, as its view has named them: its audit entry says them."""
    found: list[UUID] = request.__dict__.setdefault("audited", [])
    return found


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
