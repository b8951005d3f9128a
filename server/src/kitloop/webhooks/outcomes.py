"""What is due, and what became of it. Each function is one short transaction; the calls happen between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kitloop.base.answer import Answer
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from kitloop.webhooks.schedule import BREAKER_FAILURES, DISABLED_AFTER, next_due, next_probe
from kitloop.webhooks.subscriptions import disable_subscription


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery to make now, with all that is needed to make it."""

    id: UUID
    event_id: UUID
    event_type: str
    body: bytes
    protocol: str
    target: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class Try:
    """A delivery that was tried. `is_delivered` is the sender's word: a 2xx, or a mail server that took the mail."""

    id: UUID
    started: datetime
    duration_ms: int
    answer: Answer
    is_delivered: bool


def due(subscription_id: UUID, *, limit: int, besides: Sequence[UUID] = ()) -> list[Owed]:
    """What a subscription is owed now, longest due first. While its breaker is open: one probe when it is time; tests always."""
    subscription = Subscription.objects.filter(pk=subscription_id, project__deleted=None).first()
    if subscription is None:
        return []
    now = timezone.now()
    rows = Delivery.objects.filter(subscription=subscription, state="pending", due_at__lte=now).exclude(pk__in=besides)
    probe_at = subscription.probe_at
    if subscription.disabled_at is not None or (probe_at is not None and (probe_at > now or besides)):
        rows = rows.filter(is_test=True)
    elif probe_at is not None:
        limit = 1
    secret = subscription.secret
    return [
        Owed(
            id=delivery.id,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            body=delivery.body.encode(),
            protocol=subscription.protocol,
            target=subscription.target,
            secret=secret,
        )
        for delivery in rows.order_by("due_at")[:limit]
    ]


def record(subscription_id: UUID, tries: Sequence[Try]) -> bool:
    """Writes down what became of some tries; returns whether to go on as before (no: deleted, disabled, or breaker open).

    Locks the subscription's row, then its deliveries. Tries of a subscription that was deleted meanwhile are dropped.
    """
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update(no_key=True).filter(pk=subscription_id).first()
        if subscription is None:
            return False
        before = (subscription.straight_failures, subscription.failing_since, subscription.probe_at)
        rows = Delivery.objects.select_for_update().in_bulk([made.id for made in tries])
        attempts, changed = [], []
        for made in tries:
            delivery = rows.get(made.id)
            if delivery is None:
                continue
            _settle(subscription, delivery, made)
            attempts.append(_attempt(delivery, made))
            changed.append(delivery)
        Attempt.objects.bulk_create(attempts)
        Delivery.objects.bulk_update(changed, ["state", "due_at", "attempts", "failures", "response_status"])
        if (subscription.straight_failures, subscription.failing_since, subscription.probe_at) != before:
            subscription.save(update_fields=["straight_failures", "failing_since", "probe_at"])
        if subscription.disabled_at is None:
            _judge(subscription, tries)
        return subscription.disabled_at is None and subscription.probe_at is None


def _settle(subscription: Subscription, delivery: Delivery, made: Try) -> None:
    """One try's effect on its delivery and on how the target does."""
    now = timezone.now()
    delivery.attempts += 1
    delivery.response_status = made.answer.status
    if made.is_delivered:
        delivery.state = "delivered"
        subscription.straight_failures, subscription.failing_since, subscription.probe_at = 0, None, None
        return
    if delivery.state == "delivered":  # by a twin: the job of a worker that seemed dead was given to another
        return
    if not delivery.is_retried:  # somebody tries something out: that says nothing about the target in earnest
        delivery.state, delivery.failures = "failed", delivery.failures + 1
        return
    offsets = settings.KITLOOP_WEBHOOK_RETRY_SECONDS
    if subscription.protocol == "webhook":  # a mail server that fails is ours, and no fault of the address
        subscription.straight_failures += 1
        subscription.failing_since = subscription.failing_since or now
        if subscription.straight_failures >= BREAKER_FAILURES:
            # Nothing gets through, so no delivery's tries are used up: it stays due, and goes out when a probe gets through.
            subscription.probe_at = next_probe(offsets, failing_since=subscription.failing_since, now=now)
            return
    delivery.failures += 1
    again = next_due(offsets, delivery.failures, now=now, retry_after=made.answer.retry_after)
    if again is None:
        delivery.state = "failed"
    else:
        delivery.due_at = again


def _judge(subscription: Subscription, tries: Sequence[Try]) -> None:
    """Disables a subscription whose target says that it is gone for good, or has not taken anything for days."""
    failed = [made for made in tries if not made.is_delivered]
    if any(made.answer.status == 410 for made in failed):
        disable_subscription(subscription, reason="gone")
    elif failed and subscription.failing_since and timezone.now() - subscription.failing_since >= DISABLED_AFTER:
        disable_subscription(subscription, reason="failing")


def _attempt(delivery: Delivery, made: Try) -> Attempt:
    return Attempt(
        delivery=delivery,
        number=delivery.attempts,
        started=made.started,
        duration_ms=made.duration_ms,
        response_status=made.answer.status,
        answer=made.answer.body,
        error=made.answer.error[:255],
    )
