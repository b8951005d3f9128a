"""From a fact to what is owed: one delivery for each subscription that asked for it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from kitloop.events.models import Event
from kitloop.kits.models import Sample
from kitloop.webhooks.bell import ring
from kitloop.webhooks.event_types import ANALYSIS_COMPLETE
from kitloop.webhooks.models import Delivery, Subscription
from kitloop.wire import webhooks as wire

# Our events by what the contract calls them; the status is what the event says, whatever became of the sample since.
ANNOUNCED = {"sample.succeeded": "succeeded", "sample.failed_qc": "failed_qc"}


def fan_out(event_id: UUID) -> int:
    """Owes an event to every subscription of its project that wants it; returns how many are new. Safe to do twice.

    A disabled subscription's is held, so that enabling it loses nothing. A deleted project or sample owes nobody anything.
    """
    event = Event.objects.get(id=event_id)
    if event.type not in ANNOUNCED or event.sample_id is None:
        return 0
    sample = Sample.objects.filter(pk=event.sample_id, deleted=None).first()
    if sample is None:  # erased or deleted since
        return 0
    told = {"id": str(sample.id), "client_id": sample.client_id, "status": ANNOUNCED[event.type]}
    body = _body(event.id, ANALYSIS_COMPLETE, occurred=event.occurred, project_id=event.project_id, sample=told)
    now = timezone.now()
    with transaction.atomic():
        wanting = Subscription.objects.select_for_update(no_key=True, of=("self",)).filter(
            project_id=event.project_id, project__deleted=None, event_types__contains=[ANALYSIS_COMPLETE]
        )
        owed = [
            Delivery(
                subscription=subscription,
                event_id=event.id,
                event_type=ANALYSIS_COMPLETE,
                body=body,
                state="held" if subscription.disabled_at else "pending",
                due_at=now,
                created=now,
            )
            for subscription in wanting.order_by("pk")
        ]
        known = set(Delivery.objects.filter(event_id=event.id, subscription__in=[d.subscription_id for d in owed])
                    .values_list("subscription_id", flat=True))  # fmt: skip
        owed = [delivery for delivery in owed if delivery.subscription_id not in known]
        Delivery.objects.bulk_create(owed)
        for delivery in owed:
            _ring_on_commit(delivery.subscription_id)
    return len(owed)


def send_test(subscription_id: UUID, *, event_type: str | None = None, is_retried: bool = False) -> Delivery:
    """Owes a subscription a dummy event of this type, by default of its first one; a failure is the end unless retried.

    A breaker does not hold it back: whoever has mended a receiver tests it, and that closes the breaker.
    """
    now = timezone.now()
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id)
        event_id, kind = uuid4(), event_type or subscription.event_types[0]
        dummy = {"id": str(uuid4()), "client_id": "test-event", "status": "succeeded"}
        delivery = Delivery.objects.create(
            subscription=subscription,
            event_id=event_id,
            event_type=kind,
            body=_body(event_id, kind, occurred=now, project_id=subscription.project_id, sample=dummy),
            is_test=True,
            is_retried=is_retried,
            due_at=now,
            created=now,
        )
        _ring_on_commit(subscription_id)
    return delivery


def _body(event_id: UUID, event_type: str, *, occurred: datetime, project_id: UUID, sample: dict[str, Any]) -> str:
    event = wire.analysis_complete(event_id=event_id, occurred=occurred, project_id=project_id, samples=[sample])
    return wire.body({**event, "event_type": event_type}).decode()


def _ring_on_commit(subscription_id: UUID) -> None:
    # Robust: the rows are committed by then, and the sweep rings for a bell that failed.
    transaction.on_commit(lambda: ring(subscription_id), robust=True)
