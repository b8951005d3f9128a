"""GET /api/kitloop/v1/audit/: who read and changed what in the organization. For its owners."""

from typing import Any
from urllib.parse import urlencode

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, require
from kitloop.api.parsing import moment, path_id_or_none
from kitloop.api.routing import at
from kitloop.events.audit import AuditEntry
from kitloop.wire.times import iso

DEFAULT_LIMIT, MAX_LIMIT = 20, 200


def entry_row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.position,
        "at": iso(entry.at),
        "action": entry.action,
        "user": str(entry.user_id) if entry.user_id else None,
        "api_key": str(entry.api_key_id) if entry.api_key_id else None,
        "subjects": [str(id) for id in entry.subjects],
        "request_id": entry.request_id,
    }


class AuditView(Operation):
    """The audit log, newest first.

    Paged by `before_id` instead of an offset, and without a count: the log grows while it is read, and may be long.
    """

    def get(self, request: Request) -> Response:
        """Who read which samples, and who changed what: newest first, of your organization."""
        rows = AuditEntry.objects.of_organization(require(request, Permission.ORGANIZATION_MANAGE).organization_id)
        for name in ("sample_id", "user_id"):
            if text := request.query_params.get(name, "").strip():
                id = path_id_or_none(text)
                if id is None:
                    raise ValidationError({name: ["Must be a valid UUID."]})
                rows = rows.about(id) if name == "sample_id" else rows.filter(user_id=id)
        if (after := moment(request, "after")) is not None:
            rows = rows.filter(at__gte=after)
        if (before := moment(request, "before")) is not None:
            rows = rows.filter(at__lt=before)
        if before_id := _number(request, "before_id", None):
            rows = rows.filter(position__lt=before_id)
        limit = min(_number(request, "limit", DEFAULT_LIMIT) or DEFAULT_LIMIT, MAX_LIMIT)
        found = list(rows.order_by("-position")[: limit + 1])
        following = _following(request, found[limit - 1]) if len(found) > limit else None
        return Response({"meta": {"next": following}, "results": [entry_row(entry) for entry in found[:limit]]})


def _number(request: Request, name: str, default: int | None) -> int | None:
    text = request.query_params.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValidationError({name: ["A valid integer is required."]})
    return int(text)


def _following(request: Request, last: AuditEntry) -> str:
    query = {**request.query_params.dict(), "before_id": str(last.position)}
    return f"{request.build_absolute_uri(request.path)}?{urlencode(sorted(query.items()))}"


own_routes = [at("audit", AuditView, "audit")]
