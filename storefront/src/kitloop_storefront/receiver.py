"""Webhooks: verified and stored before they are answered, acted on afterwards."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from kitloop_sdk import (
    Client,
    KitloopError,
    NotFound,
    Unavailable,
    WebhookEvent,
    WebhookVerificationError,
    verify_webhook,
)

from kitloop_storefront.models import Order, ReceivedEvent
from kitloop_storefront.outbox import pause_seconds, reason
from kitloop_storefront.platform import webhook_secrets
from kitloop_storefront.tracking import bring_up_to_date

logger = logging.getLogger(__name__)

ORPHAN_PATIENCE = timedelta(minutes=10)  # an order's own answer may still be on its way when its first event arrives


def take_events(body: bytes, header: str | None) -> int:
    """Store the events of a signed request, each once; how many were new. Raises WebhookVerificationError."""
    events = _verified(body, header)
    before = ReceivedEvent.objects.filter(event_id__in=[event.event_id for event in events]).count()
    ReceivedEvent.objects.bulk_create(
        [
            ReceivedEvent(
                event_id=event.event_id,
                event_type=event.event_type[:60],
                sent_at=event.timestamp[:40],
                payload=event.payload,
            )
            for event in events
        ],
        ignore_conflicts=True,
    )
    return len({event.event_id for event in events}) - before


def handle_due(client: Client, *, now: datetime | None = None) -> int:
    """Fetch what the stored events speak of; how many are done. The event says where to look, the API what is there:
    so events that come twice or in the wrong order end in the same state."""
    now, done = now or timezone.now(), 0
    waiting = ReceivedEvent.objects.filter(handled_at=None, next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    for event in waiting[:100]:
        event.attempts += 1
        try:
            found_all = _act_on(client, event)
        except Exception as error:  # whatever is wrong with one event, the ones behind it go on
            event.problem = (reason(error) if isinstance(error, KitloopError) else type(error).__name__)[:500]
            event.next_attempt_at = timezone.now() + timedelta(seconds=pause_seconds(event.attempts))
            event.save(update_fields=["attempts", "problem", "next_attempt_at"])
            logger.warning("event %s waits: %s", event.event_id, type(error).__name__)
            if isinstance(error, Unavailable):
                break
        else:
            if found_all or now - event.received_at > ORPHAN_PATIENCE:
                event.handled_at, event.next_attempt_at = timezone.now(), None
                event.problem = "" if found_all else "It names a sample that no order here has."
                done += 1
            else:
                event.next_attempt_at = timezone.now() + timedelta(seconds=pause_seconds(event.attempts))
            event.save(update_fields=["attempts", "problem", "next_attempt_at", "handled_at"])
    return done


def _act_on(client: Client, event: ReceivedEvent) -> bool:
    """Whether every sample of the event was found among our orders, and is now up to date."""
    found_all = True
    for sample_id in _sample_ids(event.payload):
        order = Order.objects.of_sample(sample_id).first()
        if order is None:
            # Other shops may share the project: without an order of ours on its way, there is nothing to wait for.
            found_all = found_all and not Order.objects.waiting().filter(unanswered=True).exists()
            continue
        try:
            bring_up_to_date(client, order)
        except NotFound:
            logger.warning("order %s: sample %s is gone from the platform", order.number, sample_id)
    return found_all


def _sample_ids(payload: object) -> Iterator[str]:
    """The ids of `samples` (contract §7.1) and of a single `sample` (Kitloop's kit events)."""
    if not isinstance(payload, dict):
        return
    named = payload.get("samples")
    for one in [*(named if isinstance(named, list) else []), payload.get("sample")]:
        sample_id = one.get("id") if isinstance(one, dict) else one
        if isinstance(sample_id, str) and sample_id:
            yield sample_id


def _verified(body: bytes, header: str | None) -> list[WebhookEvent]:
    problem = WebhookVerificationError("There is no secret to verify with.")
    for secret in webhook_secrets():
        try:
            return verify_webhook(body, header, secret)
        except WebhookVerificationError as error:
            problem = error
    raise problem
