"""The caller's own API keys: list, make, change, revoke (contract §2.1)."""

from datetime import UTC, date, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.keys import RANGES_AT_MOST, change_api_key, create_api_key, range_problem
from kitloop.accounts.models import APIKey
from kitloop.api.operation import Operation, audited, caller_of
from kitloop.api.pagination import page
from kitloop.api.parsing import Printable, path_uuid
from kitloop.api.routing import at
from kitloop.api.user import me
from kitloop.wire.people import api_key, new_api_key


class Range(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if problem := range_problem(text):
            raise ValidationError(problem)
        return text


class ChangeKeySerializer(serializers.Serializer[dict[str, Any]]):
    revoked = serializers.BooleanField(required=False)
    name = Printable(max_length=50, required=False)
    ip_range = serializers.ListField(child=Range(), allow_null=True, required=False, max_length=RANGES_AT_MOST)

    def validate_ip_range(self, given: list[str] | None) -> list[str] | None:
        return given or None  # no range: from everywhere


class NewKeySerializer(ChangeKeySerializer):
    expiry_date = serializers.DateField(required=False, allow_null=True, default=None)
    name = Printable(max_length=50)
    ip_range = serializers.ListField(child=Range(), allow_null=True, default=None, max_length=RANGES_AT_MOST)
    revoked = None  # a new key is not

    def validate_expiry_date(self, day: date | None) -> date | None:
        if day is not None and day < datetime.now(UTC).date():
            raise ValidationError("This day is over. Choose today or a later day.")
        return day


class KeysView(Operation):
    """Your API keys. A key acts as you, with your role of the moment."""

    def get(self, request: Request) -> Response:
        """List your keys that are not revoked, newest first."""
        rows = APIKey.objects.visible_to(caller_of(request)).order_by("-created", "id")
        return page(request, rows, lambda found: [api_key(key) for key in found])

    def post(self, request: Request) -> Response:
        """Make a key. This answer alone has its whole text: only a hash of it is kept."""
        parsed = NewKeySerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        key, text = create_api_key(me(request), **parsed.validated_data)
        audited(request, key.id)
        return Response(new_api_key(key, text=text), status=201)


class KeyView(Operation):
    def patch(self, request: Request, api_key_id: str) -> Response:
        """Change a key's name or ranges, or revoke it for good."""
        key = get_object_or_404(APIKey.objects.visible_to(caller_of(request)), pk=path_uuid(api_key_id))
        parsed = ChangeKeySerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        audited(request, key.id)
        return Response(api_key(change_api_key(key, **parsed.validated_data)))


routes = [
    at("user-api-keys", KeysView, "user-api-keys"),
    at("user-api-keys/{api_key_id}", KeyView, "user-api-keys-details"),
]
