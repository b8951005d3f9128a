"""The one place where facts become HTTP (contract §1.1, §6). Every error is JSON, and a 404 always the same one."""

import logging
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from kitloop.base.errors import FieldErrors, KeyInFlight, KeyReused, KitloopError
from kitloop.kits.errors import KitOrderingOff, ProjectNotAccessible
from kitloop.labs.errors import FilesMissing, KitNotHere

log = logging.getLogger(__name__)
NOT_FOUND = {"detail": "Not found."}
STATUS: dict[type[KitloopError], int] = {
    KeyInFlight: 409,
    KeyReused: 422,
    KitOrderingOff: 403,
    KitNotHere: 404,
    FilesMissing: 409,
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler."""
    if isinstance(error, Http404 | exceptions.NotFound):
        return Response(NOT_FOUND, status=404)
    if isinstance(error, FieldErrors):
        return Response(error.fields, status=400)
    if isinstance(error, ProjectNotAccessible):
        return Response([str(error)], status=400)  # a bare array, as recorded (contract §6)
    if isinstance(error, KitloopError):
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
        headers = {"Retry-After": "1"} if isinstance(error, KeyInFlight) else None
        return Response({"detail": str(error), "code": error.code}, status=status, headers=headers)
    if isinstance(error, OperationalError):
        return Response(_AWAY, status=503, headers={"Retry-After": "2"})
    if isinstance(error, RequestDataTooBig):
        return Response({"detail": "The request's body is too large."}, status=413)
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "The request can't be read."}, status=400)
    return exception_handler(error, context)


_AWAY = {"detail": "The database does not answer at this moment. Try again in a few seconds."}


def away(error: OperationalError) -> JsonResponse:
    """The database is away or restarting; nothing of this request was kept. The same request again is safe with a key."""
    log.warning("no database: %s", type(error).__name__)
    return JsonResponse(_AWAY, status=503, headers={"Retry-After": "2"})


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return JsonResponse(NOT_FOUND, status=404, json_dumps_params={"separators": (",", ":")})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """What Django refuses before a view sees it: above all a host name that is not served here."""
    said = "The request can't be read."
    if isinstance(exception, DisallowedHost):
        said = "This host name is not served here. The operator names it in KITLOOP_ALLOWED_HOSTS."
    return JsonResponse({"detail": said}, status=400)


def server_error(request: HttpRequest) -> JsonResponse:
    request_id = getattr(request, "request_id", "")
    return JsonResponse({"detail": "Something went wrong on our side.", "request_id": request_id}, status=500)
