"""The bench: pages for people of the lab. They work without scripts."""

import logging
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from kitloop_lab import code128, desks, outbox, robot
from kitloop_lab.board import read_board, read_kit_page
from kitloop_lab.journey import STAGES
from kitloop_lab.models import WAITING_FOR_A_PERSON, Code, Order
from kitloop_lab.sealing import unseal

log = logging.getLogger(__name__)
SEES_RECIPIENTS = "lab.view_sealedrecipient"


def about_the_lab(request: HttpRequest) -> dict[str, Any]:
    """For every template: which lab this is, and what this person may do."""
    user = getattr(request, "user", None)
    staff = bool(user and user.is_staff)
    return {"lab_slug": settings.LAB_SLUG, "lab_mode": settings.LAB_MODE, "is_staff": staff}


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    if not (settings.LAB_OPEN_BOARD or _is_staff(request)):
        return _to_login(request, request.get_full_path())
    stage = request.GET.get("stage", "")
    page = request.GET.get("page", "1")
    if stage not in (*STAGES, "trouble", "") or not (page.isascii() and page.isdigit() and 0 < int(page) < 100_000):
        raise Http404
    found = read_board(stage=stage, page=int(page))
    return render(request, "lab/board.html", {"board": found, "live": "live" in request.GET})


@require_safe
def kit(request: HttpRequest, kit_id: uuid.UUID) -> HttpResponse:
    if not (settings.LAB_OPEN_BOARD or _is_staff(request)):
        return _to_login(request, request.get_full_path())
    try:
        page = read_kit_page(kit_id)
    except Order.DoesNotExist:
        raise Http404 from None
    return render(request, "lab/kit.html", {"page": page, "live": "live" in request.GET})


@require_safe
def label(request: HttpRequest, kit_id: uuid.UUID) -> HttpResponse:
    """The label to print: the one page with personal data, for a logged-in person who ships; each look is logged."""
    if not _is_staff(request):
        return _to_login(request, request.get_full_path())
    if not request.user.has_perm(SEES_RECIPIENTS):
        raise PermissionDenied
    order = get_object_or_404(Order.objects.select_related("recipient"), kit_id=kit_id)
    codes = dict(Code.objects.filter(kit__order=order).values_list("kind", "value"))
    log.info("recipient shown kit=%s user=%s", order.kit_id, request.user.pk)
    drawn = []
    for kind, says in (("kit", "Kit"), ("outbound", "Tracking"), ("return", "Return tracking")):
        if kind in codes:
            bars, width = code128.bars(codes[kind])
            drawn.append({"says": says, "value": codes[kind], "bars": bars, "width": width})
    context = {"kit_id": order.kit_id, "recipient": unseal(order.recipient.sealed), "codes": drawn}
    return render(request, "lab/label.html", context)


@require_POST
def send_again(request: HttpRequest, kit_id: uuid.UUID) -> HttpResponse:
    if not _is_staff(request):
        return _to_login(request, reverse("kit", args=[kit_id]))
    order = get_object_or_404(Order, kit_id=kit_id)
    _say(request, outbox.send_again(order) + robot.try_again(order))
    log.info("send again kit=%s user=%s", kit_id, request.user.pk)
    return redirect("kit", kit_id)


@require_POST
def send_all_again(request: HttpRequest) -> HttpResponse:
    if not _is_staff(request):
        return _to_login(request, reverse("board"))
    orders = Order.objects.filter(WAITING_FOR_A_PERSON)
    _say(request, outbox.send_again() + sum(robot.try_again(order) for order in orders))
    log.info("send all again user=%s", request.user.pk)
    return redirect("board")


def _say(request: HttpRequest, count: int) -> None:
    desks.ring()
    messages.success(request, f"{count} parked {'item goes' if count == 1 else 'items go'} out again now.")


def _to_login(request: HttpRequest, then: str) -> HttpResponse:
    if request.user.is_authenticated:  # logged in and not of the lab: another login page would lead round in a circle
        raise PermissionDenied
    return redirect_to_login(then)


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_staff


def _refusal(request: HttpRequest, status: int, says: str) -> HttpResponse:
    if request.path.startswith("/lab/"):
        return JsonResponse({"detail": says}, status=status)
    return render(request, "lab/refusal.html", {"says": says, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 400, "The request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 403, "This is not open to you.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 404, "There is nothing here.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _refusal(request, 500, "Something went wrong in the lab. It is in the log.")
