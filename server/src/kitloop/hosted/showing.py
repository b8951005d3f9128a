"""What all pages for end-users have in common."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# Nothing from elsewhere, and nothing inline.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def show(
    request: HttpRequest, template: str, page: object, *, status: int = 200, leads_to: tuple[str, ...] = (), **more: Any
) -> HttpResponse:
    """A page for an end-user. `leads_to`: where its form may be redirected, which browsers hold against `form-action`."""
    response = render(request, f"hosted/{template}", {"page": page, **more}, status=status)
    response["Content-Security-Policy"] = " ".join([_POLICY, *sorted({_origin(url) for url in leads_to if url})])
    response["X-Robots-Tag"] = "noindex"
    return response


def _origin(url: str) -> str:
    """`https://shop.example:8443`: as a policy names it, which has no place for anything else."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
