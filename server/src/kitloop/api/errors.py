"""The one place where facts become HTTP (contract §1.1, §6). Every error is JSON, and a 404 always the same one."""

import logging
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.cache import add_never_cache_headers
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from kitloop.accounts.logins import LoginOver
from kitloop.api.authentication import CHALLENGE
from kitloop.api.throttling import anonymous_wait
from kitloop.base.errors import FieldErrors, KeyInFlight, KeyReused, KitloopError
from kitloop.base.maintenance import Maintenance
from kitloop.base.requests import json_answer
from kitloop.kits.errors import (
    ArrayUploadsOff,
    DeletingOff,
    KitOrderingOff,
    NotConsumerProvider,
    ProjectNotAccessible,
    ReportsOff,
)
from kitloop.labs.errors import FilesMissing, KitNotHere
from kitloop.projects.changes import OnHold
from kitloop.runs.variants import BeingIndexed

log = logging.getLogger(__name__)
NOT_FOUND = {"detail": "Not found."}
STATUS: dict[type[KitloopError], int] = {
    LoginOver: 401,
    KeyInFlight: 409,
    KeyReused: 422,
    KitOrderingOff: 403,
    OnHold: 403,
    DeletingOff: 403,
    NotConsumerProvider: 403,
    ArrayUploadsOff: 403,
    ReportsOff: 403,
    KitNotHere: 404,
    FilesMissing: 409,
    BeingIndexed: 503,
}
HEADERS = {
    KeyInFlight: {"Retry-After": "1"},
    BeingIndexed: {"Retry-After": "60"},
    LoginOver: {"WWW-Authenticate": CHALLENGE},
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
        headers = next((found for kind, found in HEADERS.items() if isinstance(error, kind)), None)
        return Response({"detail": str(error), "code": error.code}, status=status, headers=headers)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        wait = anonymous_wait(context["request"])  # whoever tries keys is told to slow down, as everybody unknown is
        return exception_handler(error if wait is None else exceptions.Throttled(wait), context)
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
    return json_answer(_AWAY, status=503, headers={"Retry-After": "2"})


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return json_answer(NOT_FOUND, status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """What Django refuses before a view sees it: above all a host name that is not served here."""
    said = "The request can't be read."
    if isinstance(exception, DisallowedHost):
        said = "This host name is not served here. The operator names it in KITLOOP_ALLOWED_HOSTS."
    return json_answer({"detail": said}, status=400)


def server_error(request: HttpRequest) -> JsonResponse:
    request_id = getattr(request, "request_id", "")
    return json_answer({"detail": "Something went wrong on our side.", "request_id": request_id}, status=500)


def maintenance(found: Maintenance) -> JsonResponse:
    """As recorded (contract §6): a client shows its person the message and the time."""
    body = {"maintenance": True, "maintenance_eta": found.eta, "maintenance_message": found.message}
    response = json_answer(body, status=503, headers={"Retry-After": str(found.retry_seconds(datetime.now(UTC)))})
    add_never_cache_headers(response)
    return response
