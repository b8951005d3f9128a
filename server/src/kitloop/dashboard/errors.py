"""Error pages for browsers. Programs get their JSON: config.urls asks `wanted` which of the two it is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from kitloop.accounts.models import User
from kitloop.base.maintenance import Maintenance
from kitloop.dashboard.access import WORDS, RoleMayNot
from kitloop.dashboard.shell import show

PROGRAMS = ("/api/", "/lab/", "/objects/", "/uploads/", "/payloads/", "/health")


@dataclass(frozen=True, slots=True)
class Refusal:
    role: str
    wanted: str
    roles_that_may: tuple[str, ...]


def wanted(request: HttpRequest) -> bool:
    """Whether a person with a browser asked, by the path and what the client accepts."""
    return not request.path.startswith(PROGRAMS) and request.accepts("text/html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _in_its_frame(request, "404.html", None, status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    refusal = None
    if isinstance(exception, RoleMayNot):
        refusal = Refusal(exception.role, WORDS[exception.permission], tuple(exception.roles_that_may))
    return _in_its_frame(request, "403.html", refusal, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Touches neither database nor session: either may be what went wrong."""
    request_id = getattr(request, "request_id", "")
    return render(request, "dashboard/500.html", {"request_id": request_id, "root": "dashboard/bare.html"}, status=500)


def maintenance(request: HttpRequest, found: Maintenance) -> HttpResponse:
    """Touches neither database nor session: either may be what is worked on."""
    shown = {"page": found, "root": "dashboard/bare.html"}
    response = render(request, "dashboard/maintenance.html", shown, status=503)
    response["Retry-After"] = str(found.retry_seconds(datetime.now(UTC)))
    add_never_cache_headers(response)
    return response


def _in_its_frame(request: HttpRequest, template: str, page: object, *, status: int) -> HttpResponse:
    if isinstance(getattr(request, "user", None), User):
        return show(request, template, page, section="", status=status, root="dashboard/shell.html")
    return render(request, f"dashboard/{template}", {"page": page, "root": "dashboard/bare.html"}, status=status)
