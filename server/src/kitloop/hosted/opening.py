"""Opening a link of an end-user, and the gate of the pages behind it.

A token opens once, and is gone from the address before a page is shown. What follows hangs on a cookie that is sent to this one
page only, for a quarter of an hour: two forms that are open side by side in one browser don't mix.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from math import ceil
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.hosted.ending import over, sent_back
from kitloop.kits.links import PATHS, SESSION, Link, find_link, is_open, link_of, open_link

COOKIE = "kitloop_form"
View = Callable[[HttpRequest, Link], HttpResponse]
Gated = Callable[..., HttpResponse]


def opening(kind: str) -> Gated:
    """The view behind the link itself, `…?token=…`."""

    def view(request: HttpRequest) -> HttpResponse:
        response = _opened(request, kind)
        response["Referrer-Policy"] = "no-referrer"  # the address has the token
        return response

    # No HEAD: what only looks whether a link is alive must not use it up.
    return never_cache(require_http_methods(["GET"])(view))


def _opened(request: HttpRequest, kind: str) -> HttpResponse:
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        return HttpResponse(status=503)  # the browser asks again when somebody really goes there
    link = find_link(request.GET.get("token", ""), kind)
    if link is None:
        return over(request, "unknown")
    page = f"{PATHS[kind]}/{link.pk}"
    secret = open_link(link)
    if secret is None:
        # Opened before: perhaps by this very browser, which only the page can see, by its cookie.
        return over(request, "expired", link) if link.opened is None else HttpResponseRedirect(page)
    response = HttpResponseRedirect(page)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION,
        path=page,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # not Strict: people come here from the company's site
    )
    return response


def behind(kind: str, *methods: str) -> Callable[[View], Gated]:
    """Makes `view(request, link)` the page of an opened link: for its session, and never cached."""

    def decorate(view: View) -> Gated:
        @wraps(view)
        def gated(request: HttpRequest, link_id: UUID) -> HttpResponse:
            link = link_of(link_id, kind)
            if link is None:
                return over(request, "unknown")
            if is_open(link, request.COOKIES.get(COOKIE, "")):
                return view(request, link)
            if link.done is not None:
                return sent_back(request, link)
            return over(request, "timed_out" if COOKIE in request.COOKIES else "used", link)

        return never_cache(require_http_methods(methods)(gated))

    return decorate


def minutes_left(link: Link) -> int:
    """Of its session, begun ones counted whole."""
    assert link.session_expires is not None  # the gate has seen to it
    return max(1, ceil((link.session_expires - datetime.now(UTC)).total_seconds() / 60))
