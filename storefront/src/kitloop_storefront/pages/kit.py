"""The kit page: where my kit is, moving by itself."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from kitloop_storefront.forms import AddressForm
from kitloop_storefront.models import Order, Progress
from kitloop_storefront.models.order import State
from kitloop_storefront.stages import (
    BY_KIT_STATE,
    BY_SAMPLE_STATUS,
    ENDINGS,
    HOLD_ACT,
    HOLD_OWNER_PERSON,
    HOLD_WAIT,
    POSITION,
    SAMPLE_ENDINGS,
    STAGES,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline. `look` is done, current or todo."""

    title: str
    sentence: str
    look: str
    at: datetime | None = None
    tracking: str = ""
    tracking_label: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the person should know first. `tone` is calm or act."""

    title: str
    text: str
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class EarlierKit:
    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the platform did not take: the input's label, and its sentences about it."""

    field: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class KitPage:
    number: str
    ordered_at: datetime
    headline: str
    sentence: str
    steps: tuple[Step, ...]
    notices: tuple[Notice, ...]
    earlier_kits: tuple[EarlierKit, ...]
    results_ready: bool
    failed_qc: bool
    needs_correction: bool
    refusals: tuple[Refusal, ...]
    ended: bool
    test_mode: bool
    checked_at: datetime | None
    refresh_seconds: int

    @property
    def steps_done(self) -> int:
        return sum(step.look != "todo" for step in self.steps)

    @property
    def version(self) -> str:
        """Changes when the page has something new to say; the time of the last look is not news."""
        told = (self.headline, self.steps, self.notices, self.earlier_kits, self.results_ready, self.refusals)
        return format(zlib.crc32(repr(told).encode()), "08x")


def kit_page(order: Order) -> KitPage:
    """Made from the order, its last known progress and whether results are here."""
    progress: Progress | None = getattr(order, "progress", None)
    journey: dict[str, Any] = (progress.journey if progress else None) or {}
    kits: list[dict[str, Any]] = journey.get("kits") or []
    kit = kits[-1] if kits else None
    status = progress.status if progress else ""
    ready = status == "succeeded" and hasattr(order, "result")
    at = _position(order, kit, status, ready)
    notices = _notices(order, kit, status, journey.get("holds") or [])
    ended = bool(kit and kit["state"] in ENDINGS) or status in SAMPLE_ENDINGS
    headline, sentence = STAGES[at].title, STAGES[at].sentence
    if order.state == State.NEEDS_CORRECTION:
        headline, sentence = (
            "Please check your address",
            "Nothing has been sent yet. Mend it, and your kit goes off at once.",
        )
    elif ended and notices:
        headline, sentence = notices[0].title, notices[0].text
        notices = notices[1:]
    return KitPage(
        number=str(order.number),
        ordered_at=order.created,
        headline=headline,
        sentence=sentence,
        steps=_steps(order, at, kit, progress, ready=ready, ended=ended),
        notices=notices,
        earlier_kits=tuple(
            EarlierKit(ENDINGS.get(one["state"], ("This kit was replaced",))[0], _last_move(one)) for one in kits[:-1]
        ),
        results_ready=ready,
        failed_qc=status == "failed_qc" and hasattr(order, "result"),
        needs_correction=order.state == State.NEEDS_CORRECTION,
        refusals=_refusals(order) if order.state == State.NEEDS_CORRECTION else (),
        ended=ended,
        test_mode=order.test_mode or bool(kit and kit.get("test_mode")),
        checked_at=progress.refreshed_at if progress else None,
        refresh_seconds=int(max(1, min(settings.TRACK_SECONDS, 15))),
    )


def _position(order: Order, kit: dict[str, Any] | None, status: str, ready: bool) -> int:
    """The furthest stage that anything speaks of. Results count when they are here, not when they are announced."""
    if ready:
        return POSITION["succeeded"]
    known = [POSITION["accepted"]]
    if order.state == State.PLACED:
        known.append(POSITION["confirmed"])
    if kit:
        known += [BY_KIT_STATE.get(move["state"], 0) for move in kit["moves"]]
        known.append(BY_KIT_STATE.get(kit["state"], 0))
    # An earlier kit may have come further than its replacement: the status counts only where no journey is told.
    if not kit or status in ("running", "succeeded", "failed_qc"):
        known.append(BY_SAMPLE_STATUS.get(status, 0))
    return min(max(known), POSITION["running"])


def _steps(
    order: Order, at: int, kit: dict[str, Any] | None, progress: Progress | None, *, ready: bool, ended: bool
) -> tuple[Step, ...]:
    times: dict[int, datetime | None] = {0: order.created, 1: order.placed_at}
    if kit:
        for move in kit["moves"]:
            if move["state"] in BY_KIT_STATE:
                times[BY_KIT_STATE[move["state"]]] = _time(move["at"])
    if ready and progress:
        times[POSITION["succeeded"]] = progress.status_at
    steps = []
    for index, stage in enumerate(STAGES):
        if not (kit or stage.coarse or order.state != State.PLACED):
            continue  # a host that tells no journey: what it can't say is left out, not left pending
        look = "done" if index < at or (index == at and ready) else "current" if index == at else "todo"
        if ended and look == "todo":
            continue
        steps.append(Step(stage.title, stage.sentence, look, times.get(index), *_tracking(stage.key, look, kit)))
    return tuple(steps)


def _tracking(key: str, look: str, kit: dict[str, Any] | None) -> tuple[str, str]:
    """The number to look up at the courier's, and what it is, on the lines of its travels."""
    carrier = (kit or {}).get("carrier") or ""
    if kit and key == "shipped" and look != "todo" and kit.get("outbound_tracking"):
        return kit["outbound_tracking"], f"{carrier} tracking number" if carrier else "Tracking number"
    on_the_way_back = key == "returning" and look != "todo"
    if kit and (on_the_way_back or (key == "delivered" and look == "current")) and kit.get("return_tracking"):
        return kit["return_tracking"], f"{carrier} return number" if carrier else "Return number"
    return "", ""


def _notices(order: Order, kit: dict[str, Any] | None, status: str, holds: list[dict[str, Any]]) -> tuple[Notice, ...]:
    found = []
    if status in SAMPLE_ENDINGS:
        found.append(Notice(*SAMPLE_ENDINGS[status]))
    elif kit and kit["state"] in ENDINGS:
        found.append(Notice(*ENDINGS[kit["state"]]))
    if found:
        return tuple(found)  # an ending has its own words, and its hold would only repeat them
    for hold in holds:
        if hold.get("owner") == HOLD_OWNER_PERSON:
            found.append(Notice(HOLD_ACT[0], hold.get("note") or HOLD_ACT[1], tone="act"))
        else:
            found.append(Notice(*HOLD_WAIT))
    return tuple(dict.fromkeys(found))


def _refusals(order: Order) -> tuple[Refusal, ...]:
    """In the order of the form that mends them."""
    fields = AddressForm.base_fields
    errors: dict[str, list[str]] = order.field_errors
    return tuple(
        Refusal(name, str(fields[name].label) if name in fields else "Address", " ".join(errors[name]))
        for name in (*fields, *(other for other in errors if other not in fields))
        if name in errors
    )


def _last_move(kit: dict[str, Any]) -> datetime | None:
    return _time(kit["moves"][-1]["at"]) if kit["moves"] else None


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
