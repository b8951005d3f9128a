"""Subscriptions and what became of their deliveries, as page objects."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kitloop.dashboard.words import Badge
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from kitloop.webhooks.schedule import BREAKER_FAILURES

_DELIVERY_TONES = {"delivered": "good", "pending": "busy", "failed": "bad", "held": "off"}
_DISABLED = {
    "gone": "Its target answered 410 Gone, which means: never again.",
    "failing": "Its target has taken nothing for five days.",
}


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    id: UUID
    name: str
    target: str
    protocol: str
    event_types: tuple[str, ...]
    has_secret: bool
    created: datetime
    state: Badge


@dataclass(frozen=True, slots=True)
class ProjectHooks:
    project_id: UUID
    project: str
    subscriptions: tuple[SubscriptionRow, ...]
    may_change: bool


@dataclass(frozen=True, slots=True)
class AllHooks:
    projects: tuple[ProjectHooks, ...]
    may_change: bool


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    id: UUID
    event_id: UUID
    event_type: str
    is_test: bool
    state: Badge
    answer: str
    attempts: int
    created: datetime
    due: datetime | None  # when the next try is


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    subscription: SubscriptionRow
    project_id: UUID
    project: str
    trouble: str
    is_disabled: bool
    next_probe: datetime | None
    deliveries: tuple[DeliveryRow, ...]
    page: int
    pages: int
    previous: str
    following: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Try:
    number: int
    started: datetime
    duration: str
    answer: str
    error: str
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    delivery: DeliveryRow
    subscription_id: UUID
    subscription: str
    project_id: UUID
    project: str
    body: str
    tries: tuple[Try, ...]


def subscription_row(row: Subscription) -> SubscriptionRow:
    return SubscriptionRow(
        id=row.id,
        name=row.name,
        target=row.target,
        protocol=row.protocol,
        event_types=tuple(row.event_types),
        has_secret=row.has_secret,
        created=row.created,
        state=_state(row),
    )


def _state(row: Subscription) -> Badge:
    if row.disabled_at is not None:
        return Badge("disabled", "bad")
    return Badge("failing", "bad") if row.straight_failures >= BREAKER_FAILURES else Badge("active", "good")


def trouble(row: Subscription) -> str:
    """What is wrong with its target, in a sentence; nothing where nothing is."""
    if row.disabled_at is not None:
        return f"{_DISABLED[row.disabled_reason]} What it is owed is kept, and sent when you enable it again."
    if row.straight_failures >= BREAKER_FAILURES:
        return (
            f"{row.straight_failures} tries in a row have failed. Its target is probed now and then until it answers."
        )
    return ""


def delivery_row(row: Delivery) -> DeliveryRow:
    answer = "no answer" if row.attempts else "not tried yet"
    return DeliveryRow(
        id=row.id,
        event_id=row.event_id,
        event_type=row.event_type,
        is_test=row.is_test,
        state=Badge(row.state, _DELIVERY_TONES[row.state]),
        answer=answer if row.response_status is None else str(row.response_status),
        attempts=row.attempts,
        created=row.created,
        due=row.due_at if row.state == "pending" else None,
    )


def delivery_page(row: Delivery, tries: Iterable[Attempt]) -> DeliveryPage:
    """`row` with its subscription and that one's project."""
    return DeliveryPage(
        delivery=delivery_row(row),
        subscription_id=row.subscription_id,
        subscription=row.subscription.name,
        project_id=row.subscription.project_id,
        project=row.subscription.project.name,
        body=json.dumps(json.loads(row.body), indent=2, ensure_ascii=False),
        tries=tuple(
            Try(
                number=each.number,
                started=each.started,
                duration=f"{each.duration_ms:,} ms",
                answer="—" if each.response_status is None else str(each.response_status),
                error=each.error,
                body=each.answer,
            )
            for each in tries
        ),
    )
