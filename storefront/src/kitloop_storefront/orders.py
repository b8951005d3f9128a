"""What happens to an order here: accepted, claimed for sending, placed, refused, corrected. No network here."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from kitloop_storefront.models import Customer, Order, Progress
from kitloop_storefront.models.order import RECIPIENT_FIELDS, State

LEASE = timedelta(seconds=90)  # longer than one call can take; a crashed process's claims are freed at its next start


def accept_order(customer: Customer, *, recipient: Mapping[str, str], form_token: uuid.UUID) -> Order:
    """The stored order, durable before anything is said to the platform. The same form sent twice is one order."""
    now = timezone.now()
    try:
        with transaction.atomic():
            order = Order.objects.create(
                customer=customer,
                form_token=form_token,
                project_id=settings.PROJECT_ID,
                test_mode=settings.TEST_MODE,
                created=now,
                next_attempt_at=now,
                consented_at=now,
                consent_version=settings.CONSENT_VERSION,
                **_recipient_only(recipient),
            )
            order.number = Order.number_for(order.pk, now.year)
            order.save(update_fields=["number"])
            return order
    except IntegrityError:
        earlier = Order.objects.filter(customer=customer, form_token=form_token).first()
        if earlier is None:
            raise
        return earlier


def correct_order(order: Order, *, recipient: Mapping[str, str]) -> bool:
    """Put a refused order back into the outbox with its mended address. False when it was not waiting for that.

    The key changes with the body: the old key stands for the old body (422 otherwise).
    """
    changed = Order.objects.filter(pk=order.pk, state=State.NEEDS_CORRECTION).update(
        **_recipient_only(recipient),
        state=State.ACCEPTED,
        idempotency_key=uuid.uuid4(),
        attempts=0,
        unanswered=False,
        next_attempt_at=timezone.now(),
        problem="",
        field_errors={},
    )
    return changed == 1


def claim_due(now: datetime) -> Order | None:
    """The order that has waited longest for its turn, ours for the time of the lease; None when nothing is due."""
    due = Order.objects.waiting().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk").first()
    if due is None:
        return None
    claimed = Order.objects.filter(pk=due.pk, state=State.ACCEPTED, next_attempt_at=due.next_attempt_at).update(
        next_attempt_at=now + LEASE, attempts=due.attempts + 1
    )
    if not claimed:
        return None
    due.attempts += 1
    return due


def note_sending(order: Order) -> None:
    """Remember that a request goes out now: if we die before its answer, its fate is unknown."""
    Order.objects.filter(pk=order.pk, idempotency_key=order.idempotency_key).update(unanswered=True)


@transaction.atomic
def record_placed(order: Order, *, sample_id: str) -> None:
    """The platform has the order. Its kit counts as just moved, so that the first look at it comes soon."""
    Progress.objects.get_or_create(order=order, defaults={"moved_at": timezone.now()})
    Order.objects.filter(pk=order.pk, state=State.ACCEPTED).update(
        state=State.PLACED,
        sample_id=sample_id,
        placed_at=timezone.now(),
        next_attempt_at=None,
        unanswered=False,
        problem="",
        field_errors={},
    )


def record_refused(order: Order, *, fields: Mapping[str, list[str]]) -> None:
    """The platform refused what the customer wrote; the customer can mend it."""
    Order.objects.filter(pk=order.pk, state=State.ACCEPTED, idempotency_key=order.idempotency_key).update(
        state=State.NEEDS_CORRECTION, next_attempt_at=None, unanswered=False, problem="", field_errors=dict(fields)
    )


def record_problem(order: Order, *, problem: str, next_attempt_at: datetime | None, unanswered: bool) -> None:
    """The order stays in the outbox, for another try at that time or, with None, for a person."""
    Order.objects.filter(pk=order.pk, state=State.ACCEPTED, idempotency_key=order.idempotency_key).update(
        problem=problem[:500], next_attempt_at=next_attempt_at, unanswered=unanswered
    )


def try_again(order: Order) -> bool:
    """Staff's button: make a waiting order due now. False when it no longer waits."""
    return Order.objects.waiting().filter(pk=order.pk).update(next_attempt_at=timezone.now()) == 1


def release_claims() -> None:
    """Make everything that waits due now. Called at start, when no other process can hold a claim."""
    Order.objects.waiting().update(next_attempt_at=timezone.now())


def _recipient_only(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in RECIPIENT_FIELDS}
