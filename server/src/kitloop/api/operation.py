"""What every operation of the API is made of: the gate, the transaction, the audit entry.

A view finds what it works on through `project_of`, `sample_of` and the like, and nowhere else. Another organization's object is
404; one of the caller's own organization that its role may not touch is 403. What was found is what the audit entry names.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.api.authentication import CHALLENGE
from kitloop.api.errors import away
from kitloop.api.parsing import path_uuid
from kitloop.base.requests import subjects
from kitloop.events.audit import audit
from kitloop.kits.models import Sample
from kitloop.projects.models import Project, may_in


class Operation(APIView):
    """An APIView whose changes and audit entry are one transaction: an answer of 400 and above has changed nothing.

    `is_atomic = False` for the few that commit by themselves (an order is one statement) or must remember a refusal (a guess
    at a password counts); those write their own entries.
    """

    is_atomic = True
    acts_for: Caller | None = None  # whom an open operation turned out to be of, for its entry
    _held: ExitStack | None = None  # what ends the transaction
    _has_begun = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return self._carried_out(request, *args, **kwargs)
        except OperationalError as error:  # met outside the view: at the transaction's begin or end, or at the entry
            return away(error)

    def _carried_out(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_atomic:
            whole: HttpResponseBase = super().dispatch(request, *args, **kwargs)
            return whole
        if request.method in SAFE_METHODS:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
            if response.status_code < 300 and subjects(request):
                self._enter(request)
            return response
        with ExitStack() as held:
            self._held = held
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code < 400:
                self._enter(request)
            elif self._has_begun:
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks and how often is settled before the transaction begins: neither is part of the change."""
        super().initial(request, *args, **kwargs)
        if self._held is not None:
            self._held.enter_context(transaction.atomic())
            self._has_begun = True

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The change of an operation that is not atomic as a whole, and its audit entry: both or neither."""
        with transaction.atomic():
            yield
            self._enter(self.request._request)

    def _enter(self, request: HttpRequest) -> None:
        user = self.request.user
        caller = user if isinstance(user, Caller) else self.acts_for
        match = request.resolver_match
        audit(
            f"{match.url_name if match else '?'}.{(request.method or '').lower()}",
            organization_id=caller.organization_id if caller else None,
            user_id=caller.user_id if caller else None,
            api_key_id=caller.api_key_id if caller else None,
            subjects=subjects(request),
            request_id=getattr(request, "request_id", ""),
        )


class OpenOperation(Operation):
    """One for whoever comes, signed in or not; credentials that it was sent with are not looked at, dead ones included."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return CHALLENGE  # without it, DRF would answer 403 where the password is wrong


def audited(request: Request, *ids: UUID) -> None:
    """Names what this request reads or changes, for its audit entry."""
    subjects(request._request).extend(ids)


def caller_of(request: Request) -> Caller:
    caller = request.user
    assert isinstance(caller, Caller)  # IsCaller has seen to it
    return caller


def require(request: Request, permission: Permission) -> Caller:
    """The caller, if its role in the organization may; otherwise the stock 403."""
    caller = caller_of(request)
    if not caller.may(permission):
        raise PermissionDenied
    return caller


def require_in(request: Request, project_id: UUID, permission: Permission) -> Caller:
    """The caller, if its role in the organization or in this project may; otherwise the stock 403."""
    caller = caller_of(request)
    if not caller.may(permission) and not may_in(caller, project_id, permission):
        raise PermissionDenied
    return caller


def project_of(request: Request, project_id: str, permission: Permission = Permission.PROJECT_VIEW) -> Project:
    """The project of a path: 404 where it is not the organization's, 403 where the caller may not do this in it."""
    found = get_object_or_404(Project.objects.of(caller_of(request)), pk=path_uuid(project_id))
    require_in(request, found.id, permission)
    audited(request, found.id)
    return found


def sample_of(request: Request, sample_id: str, permission: Permission = Permission.PROJECT_VIEW) -> Sample:
    """The sample of a path: 404 where it is not the organization's, 403 where the caller may not do this to it."""
    found = get_object_or_404(Sample.objects.of(caller_of(request)), pk=path_uuid(sample_id))
    require_in(request, found.project_id, permission)
    audited(request, found.id)
    return found
