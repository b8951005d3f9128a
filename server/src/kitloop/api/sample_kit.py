"""POST /api/v2/sample-kit/ (the guide's "Order a Kit"; contract §5.1)."""

from typing import Any

from kitloop_sdk import countries
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.api.idempotency import idempotently
from kitloop.api.operation import Operation, caller_of, require_in
from kitloop.api.parsing import Metadata, Printable
from kitloop.api.routing import at
from kitloop.kits.addresses import LONGEST, checked_recipient, recipient_of
from kitloop.kits.orders import place_order
from kitloop.projects.models import ProjectRole


class SampleKitSerializer(serializers.Serializer[dict[str, Any]]):
    project_id = serializers.UUIDField()
    recipient_address_name = Printable(max_length=LONGEST["recipient_address_name"])
    recipient_address_line1 = Printable(max_length=LONGEST["recipient_address_line1"])
    recipient_address_line2 = Printable(
        max_length=LONGEST["recipient_address_line2"], required=False, allow_blank=True, default=""
    )
    recipient_address_line3 = Printable(
        max_length=LONGEST["recipient_address_line3"], required=False, allow_blank=True, default=""
    )
    recipient_address_city = Printable(max_length=LONGEST["recipient_address_city"])
    recipient_address_state_region = Printable(max_length=LONGEST["recipient_address_state_region"])
    recipient_address_postal_code = Printable(max_length=LONGEST["recipient_address_postal_code"])
    recipient_address_country_code = serializers.ChoiceField(choices=countries.CODES)
    recipient_email = serializers.CharField(max_length=LONGEST["recipient_email"])
    recipient_phone = serializers.CharField(max_length=LONGEST["recipient_phone"])
    recipient_instructions = Printable(
        max_length=LONGEST["recipient_instructions"], required=False, allow_blank=True, default=""
    )
    metadata = Metadata(required=False, allow_null=True, default=None)
    test_mode = serializers.BooleanField(required=False, default=False)


# One for all requests: it holds no request's data, and copying fourteen fields for each would be a tenth of the whole answer.
_ORDER = SampleKitSerializer()


def may_order(request: Request) -> Caller:
    """The caller, if it may order anywhere; the stock 403 otherwise, before the body is looked at: it learns nothing of it."""
    caller = caller_of(request)
    if not caller.may(Permission.SAMPLE_KIT_CREATE) and not ProjectRole.objects.filter(user_id=caller.user_id).exists():
        raise PermissionDenied
    return caller


class SampleKitView(Operation):
    is_atomic = False  # an order is one statement, its audit entry included

    def post(self, request: Request) -> Response:
        """Order a kit. With an `Idempotency-Key`, the same request again answers the same sample."""
        caller = may_order(request)
        given = _ORDER.run_validation(request.data)
        if not caller.may(Permission.SAMPLE_KIT_CREATE):
            require_in(request, given["project_id"], Permission.SAMPLE_KIT_CREATE)
        recipient = checked_recipient(recipient_of(given))

        def place() -> dict[str, Any]:
            sample_id = place_order(
                caller,
                project_id=given["project_id"],
                recipient=recipient,
                metadata=given["metadata"],
                test_mode=given["test_mode"],
                request_id=request._request.request_id,
            )
            return {"sample_id": str(sample_id)}

        answer, again = idempotently(request, "sample-kit", given, place)
        return Response(answer, status=201, headers={"Idempotent-Replayed": "true"} if again else None)


routes = [at("sample-kit", SampleKitView, "sample-kit")]
