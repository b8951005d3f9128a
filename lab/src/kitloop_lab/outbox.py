"""Messages to the platform: written with the fact that they tell, sent until they are taken."""

import json
import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from kitloop_sdk.labs import Event

from kitloop_lab import calls
from kitloop_lab.models import OWED, WAITING_FOR_A_PERSON, Code, Order, OutboxEvent, StageChange, Upload
from kitloop_lab.pauses import pause_seconds
from kitloop_lab.scenarios import SCENARIOS
from kitloop_lab.stock import CARRIER

log = logging.getLogger(__name__)


def tell(order: Order, stage: str) -> OutboxEvent:
    """Writes the message `kit.<stage>`, or a further copy of it. Call inside the transaction that reached the stage.

    The event id follows from kit id and type: whatever happens, one fact is never told under two ids.
    """
    kind = f"kit.{stage}"
    told = OutboxEvent.objects.filter(order=order, type=kind).order_by("-copy").first()
    if told:
        return OutboxEvent.objects.create(
            order=order, type=kind, event_id=told.event_id, body=told.body, copy=told.copy + 1
        )
    event_id = uuid.uuid5(order.kit_id, kind)
    at = StageChange.objects.get(order=order, stage=stage).at
    event = Event(str(event_id), kind, str(order.kit_id), at.isoformat().replace("+00:00", "Z"), _data(order, stage))
    return OutboxEvent.objects.create(order=order, type=kind, event_id=event_id, body=json.dumps(event.as_json()))


def orders_with_mail(now: datetime) -> list[int]:
    """Orders whose first unsent message is due. A parked one holds back those behind it: order within a kit is kept."""
    owed = OutboxEvent.objects.filter(OWED)
    earlier = owed.filter(order=OuterRef("order"), pk__lt=OuterRef("pk"))
    first = owed.filter(~Exists(earlier), parked_at__isnull=True, due_at__lte=now)
    return list(first.order_by("due_at").values_list("order_id", flat=True)[:200])


def next_due(now: datetime) -> datetime | None:
    """When the first message after `now` will be due; None where none is owed, or all wait for a person."""
    later = OutboxEvent.objects.filter(OWED, parked_at__isnull=True, due_at__gt=now)
    return later.order_by("due_at").values_list("due_at", flat=True).first()


def send_next(order_id: int) -> bool:
    """Sends the order's first unsent message and keeps the answer. False where there is nothing to send now."""
    event = OutboxEvent.objects.filter(OWED, order=order_id).order_by("pk").select_related("order").first()
    if event is None or event.parked_at or event.due_at > timezone.now():
        return False
    try:
        answer = calls.post_signed("/lab/v1/events", event.body.encode())
    except calls.NoAnswer as failure:
        _again_later(event, f"no answer ({failure})", None)
        return True
    mine = OutboxEvent.objects.filter(OWED, pk=event.pk)
    now = timezone.now()
    if answer.ok:
        mine.update(sent_at=now, attempts=event.attempts + 1, last_answer=answer.summary)
        log.info("sent event=%s type=%s kit=%s", event.event_id, event.type, event.order.kit_id)
    elif answer.needs_a_person:
        mine.update(parked_at=now, attempts=event.attempts + 1, last_answer=answer.summary)
        log.warning("parked event=%s type=%s kit=%s status=%s", *_names(event), answer.status)
    else:
        _again_later(event, answer.summary, answer.retry_after_seconds)
    return True


def send_again(order: Order | None = None) -> int:
    """A person has looked: parked messages (of one order, or of all) are owed again, now. How many there were."""
    parked = OutboxEvent.objects.filter(OWED & WAITING_FOR_A_PERSON)
    if order:
        parked = parked.filter(order=order)
    return parked.update(parked_at=None, due_at=timezone.now(), attempts=0)


def _again_later(event: OutboxEvent, why: str, asked_seconds: float | None) -> None:
    attempts = event.attempts + 1
    pause = pause_seconds(attempts, asked_seconds)
    due_at = timezone.now() + timedelta(seconds=pause)
    OutboxEvent.objects.filter(OWED, pk=event.pk).update(attempts=attempts, due_at=due_at, last_answer=why)
    log.info("not sent event=%s type=%s kit=%s attempts=%s pause=%.1fs", *_names(event), attempts, pause)


def _names(event: OutboxEvent) -> tuple[uuid.UUID, str, uuid.UUID]:
    return event.event_id, event.type, event.order.kit_id


def _data(order: Order, stage: str) -> dict[str, Any]:
    if stage in ("packed", "shipped"):
        codes = dict(Code.objects.filter(kit__order=order).values_list("kind", "value"))
        return {
            "barcode": codes["kit"],
            "carrier": CARRIER,
            "outbound_tracking": codes["outbound"],
            "return_tracking": codes["return"],
        }
    if stage == "received":
        return {"condition": "good"}
    if stage == "sequencing":
        at = StageChange.objects.get(order=order, stage=stage).at
        return {"run": f"RUN-{at:%Y%m%d}-{order.pk:06d}"}
    if stage == "sequenced":
        files = Upload.objects.filter(order=order).order_by("role")
        return {"files": [{"role": f.role, "sha256": f.sha256, "size": f.size} for f in files]}
    if stage == "cancelled":
        return {"reason_code": "cancelled_by_platform", "note": "Cancelled before it left the house."}
    if stage in ("undeliverable", "lost", "sample_rejected"):
        scenario = SCENARIOS[order.scenario]
        return {"reason_code": scenario.reason_code, "note": scenario.note}
    return {}
