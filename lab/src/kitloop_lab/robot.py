"""The sandbox's robot: takes each order along its scenario's way, one stage at a time, and survives kill -9.

All it knows is in the database. A stage, its history and its messages are one transaction; slow work comes before
that transaction and may be done again without harm.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kitloop_lab import outbox, sequencing, uploads
from kitloop_lab.journey import BEFORE_SLOW_WORK, STAGES
from kitloop_lab.models import Kit, Order, StageChange
from kitloop_lab.pauses import pause_seconds
from kitloop_lab.scenarios import SCENARIOS
from kitloop_lab.stock import pack_a_kit
from kitloop_lab.troubles import NeedsAPerson, TryLater

log = logging.getLogger(__name__)

WORK: dict[str, Callable[[Order], None]] = {
    "reads_written": sequencing.write_reads,
    "uploaded": uploads.upload_files,
}
KIT_STATES = {
    "shipped": Kit.State.SHIPPED,
    "received": Kit.State.RECEIVED,
    "sequenced": Kit.State.USED_UP,
    "sample_rejected": Kit.State.USED_UP,
    "undeliverable": Kit.State.LOST,
    "lost": Kit.State.LOST,
}
_SLOW = Q(stage__in=BEFORE_SLOW_WORK)


def due_for_a_step(now: datetime) -> list[int]:
    """Orders whose next step is due and quick."""
    return _due(now, ~_SLOW)


def due_for_slow_work(now: datetime) -> list[int]:
    """Orders whose next step is due and takes a while: writing reads, uploading."""
    return _due(now, _SLOW)


def next_due(now: datetime) -> datetime | None:
    """When the first step after `now` will be due, of either kind; None where no order moves by itself."""
    later = Order.objects.filter(next_step_at__gt=now, parked_at__isnull=True)
    return later.order_by("next_step_at").values_list("next_step_at", flat=True).first()


def _due(now: datetime, which: Q) -> list[int]:
    due = Order.objects.filter(which, next_step_at__lte=now, parked_at__isnull=True)
    return list(due.order_by("next_step_at").values_list("pk", flat=True)[:200])


def take_step(order_id: int) -> bool:
    """Takes the order's next step. False where there was none to take, or it has to be tried again."""
    order = Order.objects.get(pk=order_id)
    if order.next_step_at is None or order.parked_at or order.next_step_at > timezone.now():
        return False
    stage = SCENARIOS[order.scenario].after(order.stage)
    if stage is None:
        return False
    try:
        if stage in WORK:
            WORK[stage](order)
    except TryLater as trouble:
        _put_off(order, trouble)
        return False
    except NeedsAPerson as trouble:
        _park(order, trouble)
        return False
    return reach(order, stage)


def reach(order: Order, stage: str) -> bool:
    """Moves the order to `stage` and writes history and messages, all or nothing. False if it moved on meanwhile."""
    scenario = SCENARIOS[order.scenario]
    now = timezone.now()
    pause = timedelta(seconds=settings.LAB_STAGE_SECONDS * scenario.pause_factor)
    with transaction.atomic():
        still_there = Order.objects.filter(pk=order.pk, stage=order.stage, parked_at__isnull=True)
        moved = still_there.update(
            stage=stage,
            stage_at=now,
            attempts=0,
            trouble="",
            next_step_at=None if STAGES[stage].ends else now + pause,
        )
        if not moved:
            return False
        if stage == "packed":
            pack_a_kit(order)
        elif stage in KIT_STATES:
            Kit.objects.filter(order=order).update(state=KIT_STATES[stage])
        StageChange.objects.create(order=order, stage=stage, at=now)
        for told in scenario.told_at(stage):
            outbox.tell(order, told)
    log.info("stage kit=%s stage=%s", order.kit_id, stage)
    return True


def try_again(order: Order) -> int:
    """A person has looked: the parked step is due again, now. 1 where the order was parked, else 0."""
    parked = Order.objects.filter(pk=order.pk, parked_at__isnull=False)
    return parked.update(parked_at=None, trouble="", attempts=0, next_step_at=timezone.now())


def _put_off(order: Order, trouble: TryLater) -> None:
    attempts = order.attempts + 1
    pause = pause_seconds(attempts, trouble.asked_seconds)
    still_there = Order.objects.filter(pk=order.pk, stage=order.stage)
    still_there.update(
        attempts=attempts, trouble=str(trouble)[:500], next_step_at=timezone.now() + timedelta(seconds=pause)
    )
    log.info("step put off kit=%s after=%s attempts=%s pause=%.1fs", order.kit_id, order.stage, attempts, pause)


def _park(order: Order, trouble: NeedsAPerson) -> None:
    still_there = Order.objects.filter(pk=order.pk, stage=order.stage)
    still_there.update(parked_at=timezone.now(), trouble=str(trouble)[:500], attempts=order.attempts + 1)
    log.warning("step parked kit=%s after=%s", order.kit_id, order.stage)
