"""The lab's side of docs/lab-protocol.md. Every answer is JSON."""

import logging
import uuid

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from kitloop_sdk.labs import LAB_HEADER, SIGNATURE_HEADER, BadSignature, verify_request

from kitloop_lab import desks, orders
from kitloop_lab.models import Order
from kitloop_lab.reading import Unreadable, read_order

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 64 * 1024


def health(request: HttpRequest) -> JsonResponse:
    """GET /lab/v1/health: unsigned, so that anybody may ask. 503 where the database does not answer."""
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        log.exception("health: the database does not answer")
        return _error(503, "The lab's database does not answer.")
    return JsonResponse({"status": "ok", "lab": settings.LAB_SLUG, "protocol": 1})


@csrf_exempt
def take_order(request: HttpRequest) -> JsonResponse:
    """POST /lab/v1/orders."""
    if refusal := _refuse_unsigned(request):
        return refusal
    try:
        order, new = orders.take_order(read_order(request.body))
    except Unreadable as wrong:
        return JsonResponse({"detail": "The order cannot be read.", "errors": wrong.errors}, status=400)
    except orders.Refused as refused:
        return JsonResponse({"reason_code": refused.reason_code, "detail": refused.detail}, status=422)
    except orders.TakenWithOtherContent:
        return _error(409, "This kit id was taken before with another content.")
    desks.ring()
    body = {"kit_id": str(order.kit_id), "lab_order_id": order.lab_order_id}
    return JsonResponse(body, status=201 if new else 200)


@csrf_exempt
def cancel_order(request: HttpRequest, kit_id: uuid.UUID) -> JsonResponse:
    """POST /lab/v1/orders/{kit_id}/cancel."""
    if refusal := _refuse_unsigned(request):
        return refusal
    try:
        order = orders.cancel_order(kit_id)
    except Order.DoesNotExist:
        return _error(404, "This kit id is not known here.")
    except orders.HasLeftTheHouse:
        return _error(409, "The kit has left the house.")
    desks.ring()
    return JsonResponse({"kit_id": str(order.kit_id), "lab_order_id": order.lab_order_id})


@csrf_exempt
def not_found(request: HttpRequest, **_: object) -> JsonResponse:
    """Any other path below /lab/."""
    return _error(404, "The lab protocol has no such path.")


def _refuse_unsigned(request: HttpRequest) -> JsonResponse | None:
    """None for a POST of a bearable size, signed by our platform for this lab; the answer to give otherwise."""
    if request.method != "POST":
        return _not_allowed("POST")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:  # before a byte of it is read
        return _error(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        if request.headers.get(LAB_HEADER) != settings.LAB_SLUG:
            raise BadSignature("The request is not for this lab.")
        verify_request(
            settings.LAB_SECRET,
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            method="POST",
            path=request.get_full_path(),
            body=request.body,
        )
    except BadSignature as wrong:
        log.warning("signature refused path=%s", request.path)
        return _error(401, str(wrong))
    return None


def _error(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


def _not_allowed(method: str) -> JsonResponse:
    answer = _error(405, f"Only {method} is allowed here.")
    answer.headers["Allow"] = method
    return answer
