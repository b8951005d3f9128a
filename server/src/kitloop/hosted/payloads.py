"""A notification's payload for whoever holds its link (contract §7.1, `payload_url`)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from kitloop.base.requests import json_answer
from kitloop.webhooks.payloads import LinkExpired, signed_payload


@require_safe
def serve_payload(request: HttpRequest, delivery_id: UUID) -> HttpResponseBase:
    try:
        body = signed_payload(delivery_id, request.GET.get("signature", ""))
    except LinkExpired:
        return json_answer({"detail": "This link is not valid, or has expired. Ask for a fresh one."}, status=403)
    if body is None:
        return json_answer({"detail": "Not found."}, status=404)
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "private, no-store"})
