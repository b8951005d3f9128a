"""The page of one sample as a frozen object: where its kit is, what stands in the way, what was found."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.base import clock
from kitloop.dashboard.results_page import Results, results
from kitloop.dashboard.track import Analysis, Track, track
from kitloop.dashboard.words import Badge, badge, distance, sentence
from kitloop.kits.holds import FOR_REVIEW
from kitloop.kits.models import Hold, Kit, KitMove, Sample
from kitloop.runs.models import Run

OWNERS = {
    "customer": "your organization",
    "recipient": "the recipient",
    "operator": "the operator of this Kitloop",
    "lab": "the lab",
    "carrier": "the carrier",
}


@dataclass(frozen=True, slots=True)
class KitCard:
    id: UUID
    short_id: str
    state: Badge
    reason: str
    barcode: str
    carrier: str
    outbound_tracking: str
    return_tracking: str
    created: datetime
    track: Track


@dataclass(frozen=True, slots=True)
class OpenHold:
    id: int
    reason: str
    owner: str
    note: str
    opened: datetime
    deadline: datetime
    left: str
    is_overdue: bool
    may_close: bool


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    subject: str  # "Sample", or which kit
    state: Badge
    note: str


@dataclass(frozen=True, slots=True)
class SamplePage:
    id: UUID
    short_id: str
    client_id: str
    project_id: UUID
    project: str
    test_mode: bool
    is_hidden: bool
    status: Badge
    note: str
    created: datetime
    modified: datetime
    kit: KitCard | None  # the latest
    earlier_kits: tuple[KitCard, ...]
    holds: tuple[OpenHold, ...]
    history: tuple[HistoryLine, ...]
    results: Results | None
    metadata: str
    may_see_recipient: bool


def sample_page(sample: Sample, caller: Caller) -> SamplePage:
    """`sample` with its project. The number of queries does not depend on how much happened to it."""
    kits = list(sample.kits.order_by("-created").prefetch_related("moves"))
    runs = {run.kit_id: run for run in sample.runs.all()}
    cards = tuple(_kit(kit, runs.get(kit.id)) for kit in kits)
    shown = next((run for run in runs.values() if run.id == sample.run_id), None)
    now = clock.now()
    return SamplePage(
        id=sample.id,
        short_id=str(sample.id)[:8],
        client_id=sample.client_id,
        project_id=sample.project_id,
        project=sample.project.name,
        test_mode=sample.test_mode,
        is_hidden=sample.hidden,
        status=badge(sample.status),
        note=sample.status_note,
        created=sample.created,
        modified=sample.modified,
        kit=cards[0] if cards else None,
        earlier_kits=cards[1:],
        holds=tuple(_hold(hold, now, caller) for hold in sample.holds.filter(closed=None).order_by("deadline")),
        history=_history(sample, kits),
        results=results(shown) if shown else None,
        metadata="" if sample.metadata is None else json.dumps(sample.metadata, indent=2, ensure_ascii=False),
        may_see_recipient=caller.may(Permission.SAMPLE_KIT_CREATE) and bool(kits),
    )


def _moves(kit: Kit) -> list[KitMove]:
    return sorted(kit.moves.all(), key=lambda move: move.position)


def _kit(kit: Kit, run: Run | None) -> KitCard:
    analysis = Analysis(run.created, run.state, run.finished, run.doing) if run else None
    return KitCard(
        id=kit.id,
        short_id=str(kit.id)[:8],
        state=badge(kit.state),
        reason=sentence(kit.reason_code),
        barcode=kit.barcode,
        carrier=kit.carrier,
        outbound_tracking=kit.outbound_tracking,
        return_tracking=kit.return_tracking,
        created=kit.created,
        track=track(kit.state, [(move.state, move.occurred) for move in _moves(kit)], analysis),
    )


def _hold(hold: Hold, now: datetime, caller: Caller) -> OpenHold:
    return OpenHold(
        id=hold.pk,
        reason=sentence(hold.reason_code),
        owner=OWNERS[hold.owner],
        note=hold.note,
        opened=hold.opened,
        deadline=hold.deadline,
        left=distance(hold.deadline, now=now),
        is_overdue=hold.deadline < now,
        may_close=hold.reason_code in FOR_REVIEW and caller.may(Permission.PROJECT_EDIT),
    )


def _history(sample: Sample, kits: list[Kit]) -> tuple[HistoryLine, ...]:
    """Statuses of the sample and moves of its kits, newest first; at the same moment what was written later comes first."""
    lines = [
        ((line.created, line.position), HistoryLine(line.created, "Sample", badge(line.status), line.note))
        for line in sample.statuses.all()
    ]
    for kit in kits:
        name = "Kit" if len(kits) == 1 else f"Kit {str(kit.id)[:8]}"
        lines += [
            ((move.occurred, move.position), HistoryLine(move.occurred, name, badge(move.state), move.note))
            for move in _moves(kit)
        ]
    return tuple(line for _, line in sorted(lines, key=lambda each: each[0], reverse=True))
