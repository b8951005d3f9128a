"""Pages for when there is no page. They need no database and no login, so that they always work."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "There is nothing here", "The page has moved, or it belongs to someone else.")


def broken(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, "Something went wrong", "It is our fault, not yours. Please try again in a minute.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "That did not work", "Please go back and try again.")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "This page was open for too long, or cookies are switched off. Please go back, reload it and try again."
    return _page(request, 403, "Please try once more", text)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "shop/error.html", {"title": title, "text": text}, status=status)
