"""The bell: a job that says that a subscription has something due. What is due stands in the delivery rows, never in a job."""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from kitloop.base.jobs import defer
from kitloop.webhooks.models import Delivery, Subscription


def ring(subscription_id: UUID) -> None:
    """Queues a drain, unless one is queued. Call it on commit: a drain that starts earlier does not see the row and leaves it."""
    try:
        with transaction.atomic():  # a savepoint: the refusal would otherwise spoil a transaction around us
            defer("webhooks.drain", lock=f"subscription-{subscription_id}", subscription_id=str(subscription_id))
    except AlreadyEnqueued:
        pass


def ring_where_due() -> int:
    """Rings for every subscription with something due; returns for how many. Makes up for bells that were lost."""
    now = timezone.now()
    due = Delivery.objects.filter(subscription=OuterRef("pk"), state="pending", due_at__lte=now)
    found = Subscription.objects.filter(project__deleted=None).filter(
        Exists(due) & (Q(probe_at=None) | Q(probe_at__lte=now)) | Exists(due.filter(is_test=True))
    )
    waiting = list(found.values_list("pk", flat=True))
    for subscription_id in waiting:
        ring(subscription_id)
    return len(waiting)
