"""Making and ending subscriptions, and their secrets."""

import secrets
import string
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from kitloop.accounts.models import Caller
from kitloop.base.jobs import defer
from kitloop.base.sealed import seal
from kitloop.projects.models import Project
from kitloop.webhooks.bell import ring
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from kitloop.webhooks.targets import protocol_of

# 32 letters and digits are valid base64 as well: Standard Webhooks libraries take the same secret as it is.
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 32


def create_subscription(
    project: Project, *, target: str, event_types: Sequence[str], name: str = "", created_by: Caller
) -> Subscription:
    """A new subscription, without a secret. Sends nothing. Raises FieldErrors where the target can't be one."""
    return Subscription.objects.create(
        project=project,
        name=name or f"Subscription {timezone.now():%Y%m%d%H%M%S} UTC",
        target=target,
        protocol=protocol_of(target),
        event_types=list(event_types),
        created_by_id=created_by.user_id,
    )


def delete_subscription(subscription_id: UUID) -> None:
    """Removes a subscription with all that it was owed. Locks its row: a drain that is under way finds nothing to record."""
    with transaction.atomic():
        if Subscription.objects.select_for_update().filter(pk=subscription_id).first() is None:
            return
        Attempt.objects.filter(delivery__subscription_id=subscription_id).delete()
        Delivery.objects.filter(subscription_id=subscription_id).delete()
        Subscription.objects.filter(pk=subscription_id).delete()


def rotate_secret(subscription_id: UUID) -> str:
    """A new secret, in use from the next request on; the old one is gone. Returned here and never again."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    Subscription.objects.filter(pk=subscription_id).update(sealed_secret=seal(secret))
    return secret


def disable_subscription(subscription: Subscription, *, reason: str) -> None:
    """Stops sending, and owes the owners an e-mail. What is pending is held. Call it with the row locked, in a transaction."""
    subscription.disabled_at, subscription.disabled_reason = timezone.now(), reason
    subscription.save(update_fields=["disabled_at", "disabled_reason"])
    Delivery.objects.filter(subscription=subscription, state="pending").update(state="held")
    defer("webhooks.tell_owners", subscription_id=str(subscription.id))


def enable_subscription(subscription_id: UUID) -> None:
    """Sends again, beginning with everything that was held. Enabling one that is not disabled changes nothing."""
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().get(pk=subscription_id)
        if subscription.disabled_at is None:
            return
        subscription.disabled_at, subscription.disabled_reason = None, ""
        subscription.straight_failures, subscription.failing_since, subscription.probe_at = 0, None, None
        subscription.save()
        held = Delivery.objects.filter(subscription=subscription, state="held")
        held.update(state="pending", due_at=timezone.now(), failures=0)
        transaction.on_commit(lambda: ring(subscription_id))
