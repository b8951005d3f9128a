"""What the bench board and the kit page show, as frozen values without personal data."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from kitloop_lab.journey import STAGES
from kitloop_lab.models import NEWEST_FIRST, OWED, Code, Kit, Order, OutboxEvent
from kitloop_lab.scenarios import SCENARIOS

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class StageCount:
    stage: str
    says: str
    orders: int


@dataclass(frozen=True, slots=True)
class Row:
    kit_id: uuid.UUID
    barcode: str
    stage: str
    says: str
    since: datetime
    scenario: str
    trouble: str
    parked: bool
    owed: int
    messages: int
    message_parked: bool
    last_answer: str

    @property
    def short_id(self) -> str:
        return str(self.kit_id)[:8]

    @property
    def needs_a_person(self) -> bool:
        return self.parked or self.message_parked


@dataclass(frozen=True, slots=True)
class Board:
    counts: tuple[StageCount, ...]
    rows: tuple[Row, ...]
    stage: str
    page: int
    more: bool
    orders: int
    stock: int
    need_a_person: int


def read_board(*, stage: str, page: int) -> Board:
    """One page of the newest orders, of one stage where `stage` names one, else of all; "trouble" is a stage here."""
    by_stage = dict(Order.objects.values_list("stage").annotate(Count("pk")).values_list("stage", "pk__count"))
    parked_mail = OutboxEvent.objects.filter(order=OuterRef("pk"), parked_at__isnull=False)
    troubled = Order.objects.filter(Q(parked_at__isnull=False) | Exists(parked_mail))
    orders = troubled if stage == "trouble" else Order.objects.filter(stage=stage) if stage else Order.objects.all()
    first = (page - 1) * PAGE_SIZE
    found = list(orders.order_by(*NEWEST_FIRST).values_list("pk", flat=True)[first : first + PAGE_SIZE + 1])
    return Board(
        counts=tuple(StageCount(s.name, s.says, by_stage[s.name]) for s in STAGES.values() if s.name in by_stage),
        rows=read_rows(found[:PAGE_SIZE]),
        stage=stage,
        page=page,
        more=len(found) > PAGE_SIZE,
        orders=sum(by_stage.values()),
        stock=Kit.objects.filter(state=Kit.State.MADE).count(),
        need_a_person=troubled.count(),
    )


def read_rows(order_ids: list[int]) -> tuple[Row, ...]:
    """The rows of these orders, newest first."""
    first_owed = OutboxEvent.objects.filter(OWED, order=OuterRef("pk")).order_by("pk")
    orders = Order.objects.filter(pk__in=order_ids).annotate(
        barcode=Subquery(Code.objects.filter(kit__order=OuterRef("pk"), kind="kit").values("value")[:1]),
        messages=Count("outbox"),
        owed=Count("outbox", filter=Q(outbox__sent_at__isnull=True)),
        parked_messages=Count("outbox", filter=Q(outbox__parked_at__isnull=False)),
        last_answer=Subquery(first_owed.values("last_answer")[:1]),
    )
    return tuple(
        Row(
            kit_id=order.kit_id,
            barcode=order.barcode or "",
            stage=order.stage,
            says=STAGES[order.stage].says,
            since=order.stage_at,
            scenario=order.scenario,
            trouble=order.trouble,
            parked=order.parked_at is not None,
            owed=order.owed,
            messages=order.messages,
            message_parked=order.parked_messages > 0,
            last_answer=order.last_answer or "",
        )
        for order in orders.order_by(*NEWEST_FIRST)
    )


@dataclass(frozen=True, slots=True)
class Told:
    type: str
    event_id: uuid.UUID
    due_at: datetime
    attempts: int
    sent_at: datetime | None
    parked: bool
    answer: str
    again: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    role: str
    name: str
    size: int
    sha256: str
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class KitPage:
    row: Row
    lab_order_id: str
    test_mode: bool
    ordered_at: datetime
    scenario_says: str
    kit_state: str
    codes: tuple[tuple[str, str], ...]
    timeline: tuple[tuple[str, datetime], ...]
    messages: tuple[Told, ...]
    files: tuple[FileRow, ...]


def read_kit_page(kit_id: uuid.UUID) -> KitPage:
    """Raises Order.DoesNotExist."""
    order = Order.objects.get(kit_id=kit_id)
    kit = Kit.objects.filter(order=order).first()
    codes = Code.objects.filter(kit=kit).values_list("kind", "value") if kit else []
    rank = ("kit", "tube", "outbound", "return")
    return KitPage(
        row=read_rows([order.pk])[0],
        lab_order_id=order.lab_order_id,
        test_mode=order.test_mode,
        ordered_at=order.ordered_at,
        scenario_says=SCENARIOS[order.scenario].says if order.scenario in SCENARIOS else "",
        kit_state=kit.get_state_display() if kit else "",
        codes=tuple(sorted(codes, key=lambda pair: rank.index(pair[0]))),
        timeline=tuple((STAGES[h.stage].says, h.at) for h in order.history.order_by("pk")),
        messages=tuple(
            Told(e.type, e.event_id, e.due_at, e.attempts, e.sent_at, bool(e.parked_at), e.last_answer, e.copy > 0)
            for e in order.outbox.order_by("pk")
        ),
        files=tuple(FileRow(u.role, u.name, u.size, u.sha256, u.done_at) for u in order.uploads.order_by("role")),
    )
