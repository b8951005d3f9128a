"""Taking an order of the platform's, once, and cancelling it while it is in the house."""

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from kitloop_sdk import labs

from kitloop_lab import outbox
from kitloop_lab.journey import IN_THE_HOUSE
from kitloop_lab.models import Kit, Order, SealedRecipient, StageChange
from kitloop_lab.scenarios import SCENARIOS
from kitloop_lab.sealing import seal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused(Exception):
    """The order can be read and will not be fulfilled (422)."""

    reason_code: str
    detail: str


class TakenWithOtherContent(Exception):
    """This kit id was taken with another content (409)."""


class HasLeftTheHouse(Exception):
    """Too late to cancel (409)."""


def take_order(asked: labs.Order) -> tuple[Order, bool]:
    """The order's row and whether it is new. Committed when this returns.

    Raises Refused, and TakenWithOtherContent where the kit id came before with another content.
    """
    scenario = _scenario(asked)
    digest = _digest(asked)
    now = timezone.now()
    try:
        with transaction.atomic():
            order = Order.objects.create(
                kit_id=uuid.UUID(asked.kit_id),
                content_digest=digest,
                ordered_at=datetime.fromisoformat(asked.ordered_at),
                taken_at=now,
                test_mode=asked.test_mode,
                scenario=scenario,
                stage_at=now,
                next_step_at=now if settings.LAB_MODE == "sandbox" else None,
            )
            SealedRecipient.objects.create(order=order, sealed=seal(asked.recipient))
            StageChange.objects.create(order=order, stage="accepted", at=now)
    except IntegrityError:
        # Not looked up first: of two that come together, the unique kit id lets one in and sends the other here.
        before = Order.objects.get(kit_id=asked.kit_id)
        if not constant_time_compare(before.content_digest, digest):
            raise TakenWithOtherContent from None
        return before, False
    log.info("order taken kit=%s order=%s scenario=%s", order.kit_id, order.lab_order_id, scenario or "-")
    return order, True


def cancel_order(kit_id: uuid.UUID) -> Order:
    """The order, cancelled now or before. Raises Order.DoesNotExist, and HasLeftTheHouse once the kit is on its way."""
    now = timezone.now()
    with transaction.atomic():
        in_the_house = Order.objects.filter(kit_id=kit_id, stage__in=IN_THE_HOUSE)
        cancelled = in_the_house.update(
            stage="cancelled", stage_at=now, next_step_at=None, parked_at=None, trouble="", attempts=0
        )
        order = Order.objects.get(kit_id=kit_id)
        if cancelled:
            Kit.objects.filter(order=order).update(state=Kit.State.WITHDRAWN)
            StageChange.objects.create(order=order, stage="cancelled", at=now)
            outbox.tell(order, "cancelled")
    if order.stage != "cancelled":
        raise HasLeftTheHouse
    if cancelled:
        log.info("order cancelled kit=%s", kit_id)
    return order


def _scenario(asked: labs.Order) -> str:
    if settings.LAB_MODE != "sandbox":
        if asked.scenario:
            raise Refused("unknown_scenario", "This lab works by hand and plays no scenarios.")
        return ""
    name = asked.scenario or settings.LAB_SCENARIO
    if name not in SCENARIOS:
        raise Refused("unknown_scenario", f"This lab plays: {', '.join(SCENARIOS)}.")
    scenario = SCENARIOS[name]
    if scenario.refused:
        raise Refused(scenario.reason_code, scenario.note)
    return name


def _digest(asked: labs.Order) -> str:
    # Keyed, because a bare hash of a name and address can be guessed; kept, so that a repeat is still recognised
    # when the recipient has been erased.
    content = json.dumps(asked.as_json(), sort_keys=True)
    return salted_hmac("kitloop_lab.order", content, algorithm="sha256").hexdigest()
