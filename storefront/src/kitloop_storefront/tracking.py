"""How far a kit is: a copy of the platform's account, looked at no oftener than the settings allow."""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kitloop_sdk import Client, Journey, KitloopError, NotFound, Sample, Unavailable

from kitloop_storefront.models import Order, Progress
from kitloop_storefront.models.order import State
from kitloop_storefront.results import FINAL, fetch_results, store_results

logger = logging.getLogger(__name__)

OPEN_FOR = timedelta(seconds=60)  # an open page asks the shop every few seconds; after this long without, it is closed


def bring_up_to_date(client: Client, order: Order, *, now: datetime | None = None) -> None:
    """Fetch journey, sample, and the results where they are ready, and store them."""
    sample_id = str(order.sample_id)
    sample = client.sample(sample_id)
    journey = client.journey(sample_id)
    found = fetch_results(client, sample) if sample.last_status.key in FINAL else None
    with transaction.atomic():  # a page never says "ready" before there is something to show
        if found:
            store_results(order, found)
        _store(order, sample, journey, now=now or timezone.now())


def refresh_due(client: Client, *, now: datetime | None = None, limit: int = 50) -> int:
    """Look after kits that somebody has open, or that moved a moment ago; how many were asked for."""
    now = now or timezone.now()
    every = timedelta(seconds=settings.TRACK_SECONDS)
    recently = now - max(OPEN_FOR, 3 * every)
    due = (
        Order.objects.filter(state=State.PLACED)
        .exclude(result__status="succeeded")
        .filter(Q(progress__viewed_at__gte=now - OPEN_FOR) | Q(progress__moved_at__gte=recently))
        .filter(Q(progress__refreshed_at=None) | Q(progress__refreshed_at__lte=now - every))
        .order_by("progress__refreshed_at", "pk")
    )
    asked = 0
    for order in due[:limit]:
        asked += 1
        # Counted as a look even when it fails, or a platform in trouble would be asked on every tick.
        Progress.objects.filter(order=order).update(refreshed_at=now)
        try:
            bring_up_to_date(client, order, now=now)
        except NotFound:
            logger.warning("order %s: the platform does not know sample %s", order.number, order.sample_id)
        except Unavailable:
            break
        except KitloopError as error:
            logger.warning("order %s was not refreshed: %s", order.number, type(error).__name__)
    return asked


def note_viewed(order: Order, *, now: datetime | None = None) -> None:
    """Somebody has this kit's page open. Written at most every few seconds: an open page asks more often."""
    now = now or timezone.now()
    if order.state != State.PLACED:
        return
    stale = now - min(OPEN_FOR / 4, timedelta(seconds=settings.TRACK_SECONDS))
    changed = Progress.objects.filter(order=order).filter(Q(viewed_at=None) | Q(viewed_at__lt=stale))
    if not changed.update(viewed_at=now):
        Progress.objects.get_or_create(order=order, defaults={"viewed_at": now})


def _store(order: Order, sample: Sample, journey: Journey | None, *, now: datetime) -> None:
    account = _as_json(journey)
    status = sample.last_status
    before = Progress.objects.filter(order=order).first()
    moved = before is None or (before.status, _stages(before.journey)) != (status.key, _stages(account))
    values: dict[str, Any] = {
        "status": status.key,
        "note": status.note,
        "status_at": status.created,
        "journey": account,
        "refreshed_at": now,
    }
    if moved:
        values["moved_at"] = now
    Progress.objects.update_or_create(order=order, defaults=values)


def _as_json(journey: Journey | None) -> dict[str, Any] | None:
    if journey is None:
        return None
    account = asdict(journey)
    for kit in account["kits"]:
        for move in kit["moves"]:
            move["at"] = move["at"].isoformat() if move["at"] else None
    for hold in account["holds"]:
        hold["deadline"] = hold["deadline"].isoformat() if hold["deadline"] else None
    return account


def _stages(journey: dict[str, Any] | None) -> list[tuple[str, str]]:
    return [(kit["id"], kit["state"]) for kit in (journey or {}).get("kits", [])]
