"""Writing a fact down, in the transaction that makes it true."""

from datetime import datetime
from typing import Any
from uuid import UUID

from kitloop.base.jobs import defer
from kitloop.events.models import Event

# Facts that somebody may have subscribed to; the fan-out job makes the deliveries (webhooks.fan_out).
ANNOUNCED = frozenset({"sample.succeeded", "sample.failed_qc"})


def record(
    type: str,
    *,
    organization_id: UUID,
    project_id: UUID,
    sample_id: UUID | None,
    occurred: datetime,
    **data: Any,
) -> Event:
    """Appends an event. Must be called inside the transaction of the change it tells of."""
    event = Event.objects.create(
        type=type,
        organization_id=organization_id,
        project_id=project_id,
        sample_id=sample_id,
        occurred=occurred,
        data=data,
    )
    if type in ANNOUNCED:
        defer("webhooks.fan_out", event_id=str(event.id))
    return event
