"""Kitloop's own operations, beyond the contract: what they answer and what their queries are."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from kitloop.api.description.corrections import Schema

Shape = type[serializers.Serializer[Any]]
TEXT: Schema = {"type": "string"}


class Text(serializers.CharField):
    """Text that may be empty: unset, as everywhere on the wire."""

    def __init__(self) -> None:
        super().__init__(allow_blank=True)


class MoveShape(serializers.Serializer[Any]):
    state = Text()
    at = serializers.DateTimeField()
    note = Text()


class KitShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = Text()
    reason_code = Text()
    test_mode = serializers.BooleanField()
    barcode = Text()
    carrier = Text()
    outbound_tracking = Text()
    return_tracking = Text()
    moves = MoveShape(many=True)


class HoldShape(serializers.Serializer[Any]):
    reason_code = Text()
    owner = Text()
    note = Text()
    opened = serializers.DateTimeField()
    deadline = serializers.DateTimeField()


class JourneyShape(serializers.Serializer[Any]):
    sample_id = serializers.UUIDField()
    status = Text()
    note = Text()
    kits = KitShape(many=True)
    holds = HoldShape(many=True)


class AuditEntryShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = Text()
    user = serializers.UUIDField(allow_null=True)
    api_key = serializers.UUIDField(allow_null=True)
    subjects = serializers.ListField(child=serializers.UUIDField())
    request_id = Text()


class AuditMetaShape(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)


class AuditPageShape(serializers.Serializer[Any]):
    meta = AuditMetaShape()
    results = AuditEntryShape(many=True)


@dataclass(frozen=True, slots=True)
class Own:
    """`query`: each parameter with what it means."""

    status: int
    answer: Shape | None = None
    query: tuple[tuple[str, Schema, str], ...] = ()
    tag: str = "sample"


# By method and the route's name.
OWN: dict[tuple[str, str], Own] = {
    ("GET", "journey"): Own(200, JourneyShape),
    ("POST", "subscription-enable"): Own(204, tag="project"),
    ("GET", "audit"): Own(
        200,
        AuditPageShape,
        query=(
            ("sample_id", {"type": "string", "format": "uuid"}, "Only what was done with this sample."),
            ("user_id", {"type": "string", "format": "uuid"}, "Only what this user did."),
            ("after", TEXT, "From this time on, as ISO 8601."),
            ("before", TEXT, "Before this time, as ISO 8601."),
            (
                "before_id",
                {"type": "integer"},
                "Only entries older than this one; `meta.next` has it for the next page.",
            ),
            ("limit", {"type": "integer"}, "At most this many: 20 where it is absent, never more than 200."),
        ),
        tag="organization",
    ),
}
