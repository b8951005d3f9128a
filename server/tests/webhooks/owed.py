"""Builders and the turning of the wheel: subscriptions, finished samples, drains run to their end."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from cast import Cast
from django.db import transaction
from kitloop.events.models import Event
from kitloop.events.record import record
from kitloop.kits.models import Sample
from kitloop.projects.models import Project
from kitloop.webhooks.drain import drain
from kitloop.webhooks.models import Delivery, Subscription
from kitloop.webhooks.owing import fan_out
from kitloop.webhooks.subscriptions import create_subscription, rotate_secret

OCCURRED = datetime(2026, 4, 9, 12, 1, 26, 346341, tzinfo=UTC)


def subscribed(cast: Cast, target: str, **changes: Any) -> Subscription:
    given = {
        "target": target,
        "event_types": ["analysis_complete_v2"],
        "created_by": cast.owner.user.caller(),
        **changes,
    }
    return create_subscription(given.pop("project", cast.project), **given)


def with_secret(subscription: Subscription) -> str:
    return rotate_secret(subscription.id)


def finished(project: Project, *, status: str = "succeeded", client_id: str = "") -> Event:
    """A sample that has just got its verdict, and the event that says so."""
    with transaction.atomic():
        sample = Sample.objects.create(
            project=project, status=status, status_id=uuid4(), client_id=client_id, created=OCCURRED, modified=OCCURRED
        )
        return record(
            f"sample.{status}",
            organization_id=project.organization_id,
            project_id=project.id,
            sample_id=sample.id,
            occurred=OCCURRED,
        )


def owe(project: Project, count: int = 1) -> list[UUID]:
    """Finished samples, fanned out; the ids of their events."""
    events = [finished(project) for _ in range(count)]
    for event in events:
        fan_out(event.id)
    return [event.id for event in events]


def drained(*subscriptions: Subscription) -> None:
    """One drain of each, side by side, as a worker runs them."""

    async def all_of_them() -> None:
        await asyncio.gather(*(drain(each.id) for each in subscriptions))

    asyncio.run(all_of_them())


def settled(subscription: Subscription, *, within_seconds: float = 10.0) -> None:
    """Drains again and again, as the sweep has it done, until nothing is pending."""
    until = time.monotonic() + within_seconds
    while Delivery.objects.filter(subscription=subscription, state="pending").exists():
        assert time.monotonic() < until, "still pending"
        drained(subscription)
        time.sleep(0.02)


def states(subscription: Subscription) -> list[str]:
    return list(Delivery.objects.filter(subscription=subscription).order_by("created").values_list("state", flat=True))
