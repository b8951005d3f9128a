"""Messages are owed until they are taken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import send_order, settle
from django.test import Client
from django.utils import timezone
from kitloop_lab import outbox, robot
from kitloop_lab.models import Order, OutboxEvent
from kitloop_lab.pauses import pause_seconds, read_retry_after
from receiver import Receiver

pytestmark = pytest.mark.django_db


def _pack(client: Client, steps: int = 1) -> str:
    kit_id = send_order(client)
    order = Order.objects.get(kit_id=kit_id)
    for _ in range(steps):
        robot.take_step(order.pk)
    return kit_id


def _make_due() -> None:
    OutboxEvent.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_platform_that_was_down_gets_everything_once_it_is_back(client: Client, platform: Receiver) -> None:
    platform.answers.extend([(0, {}), (503, {}), (429, {}), (302, {"Location": "/elsewhere"})])
    kit_id = send_order(client)
    settle()
    assert platform.types(kit_id) == [
        "packed", "shipped", "delivered", "returning", "received", "sequencing", "sequenced",
    ]  # fmt: skip
    assert len({e["id"] for e in platform.heard}) == 7
    assert OutboxEvent.objects.get(type="kit.packed").attempts == 5


def test_nobody_there_is_no_answer_and_is_tried_with_growing_pauses(client: Client) -> None:
    _pack(client)
    order = Order.objects.get()
    pauses = []
    for _ in range(4):
        _make_due()
        assert outbox.send_next(order.pk) is True
        event = OutboxEvent.objects.get()
        pauses.append((event.due_at - timezone.now()).total_seconds())
    assert event.attempts == 4
    assert event.last_answer == "no answer (ConnectError)"
    assert pauses == sorted(pauses)
    assert 0.1 < pauses[0] < 0.26
    assert 1.1 < pauses[3] < 2.1


def test_one_kit_that_waits_does_not_hold_up_another(client: Client, platform: Receiver) -> None:
    first, second = _pack(client, steps=2), _pack(client)
    platform.answers.append((503, {"Retry-After": "3600"}))
    outbox.send_next(Order.objects.get(kit_id=first).pk)
    assert outbox.orders_with_mail(timezone.now()) == [Order.objects.get(kit_id=second).pk]
    outbox.send_next(Order.objects.get(kit_id=second).pk)
    assert platform.types(second) == ["packed"]
    assert platform.types(first) == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(client: Client, platform: Receiver, status: int) -> None:
    _pack(client)
    platform.answers.append((status, {"Retry-After": "90"}))
    outbox.send_next(Order.objects.get().pk)
    wait = (OutboxEvent.objects.get().due_at - timezone.now()).total_seconds()
    assert 85 < wait <= 90


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_a_4xx_is_parked_with_its_answer_and_holds_back_what_follows(
    client: Client, platform: Receiver, status: int
) -> None:
    kit_id = _pack(client, steps=2)
    platform.answers.append((status, {}))
    settle_sends()
    first, second = OutboxEvent.objects.order_by("pk")
    assert first.parked_at is not None
    assert first.last_answer == f'{status} {{"detail": "told to answer {status}"}}'
    assert (second.sent_at, second.attempts) == (None, 0)
    assert platform.types(kit_id) == []
    assert outbox.send_again(Order.objects.get()) == 1
    settle_sends()
    assert platform.types(kit_id) == ["packed", "shipped"]
    assert str(first.event_id) == platform.heard[0]["id"]


@pytest.mark.parametrize("status", [408, 425])
def test_not_yet_is_not_a_refusal(client: Client, platform: Receiver, status: int) -> None:
    kit_id = _pack(client)
    platform.answers.append((status, {}))
    settle_sends(again=True)
    assert platform.types(kit_id) == ["packed"]


def test_only_the_beginning_of_a_long_answer_is_kept(
    client: Client, platform: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pack(client)
    monkeypatch.setattr(platform, "_event", lambda _body: (400, {"detail": "x" * 300_000}, {}))
    settle_sends()
    assert len(OutboxEvent.objects.get().last_answer) == 500


def test_a_message_that_is_not_due_or_not_there_is_not_sent(client: Client, platform: Receiver) -> None:
    _pack(client)
    order = Order.objects.get()
    OutboxEvent.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert outbox.send_next(order.pk) is False
    _make_due()
    assert [outbox.send_next(order.pk), outbox.send_next(order.pk)] == [True, False]
    assert len(platform.heard) == 1


def test_the_next_message_is_known_before_it_is_due(client: Client) -> None:
    now = timezone.now()
    assert outbox.next_due(now) is None
    _pack(client)
    later = now + timedelta(minutes=1)
    OutboxEvent.objects.update(due_at=later)
    assert outbox.next_due(now) == later
    assert outbox.next_due(later) is None
    OutboxEvent.objects.update(parked_at=now)
    assert outbox.next_due(now) is None


def test_pauses_grow_from_a_fifth_of_a_second_to_a_minute() -> None:
    for attempts, middle in [(1, 0.2), (2, 0.4), (5, 3.2), (9, 51.2), (10, 60.0), (1000, 60.0)]:
        drawn = [pause_seconds(attempts) for _ in range(200)]
        assert max(0.2, middle * 0.75) <= min(drawn)
        assert max(drawn) <= min(60.0, middle * 1.25)
        assert len(set(drawn)) > 20
    assert pause_seconds(1, 30.0) == 30.0
    assert pause_seconds(1, 1e9) == 3600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("soon", None),
        ("-3", None),
        ("Sun, 01 Mar 2026 10:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)) == seconds


def settle_sends(*, again: bool = False) -> None:
    """Sends what is due, without moving any order on; with `again`, what was put off as well."""
    for _ in range(5):
        if again:
            _make_due()
        for order in outbox.orders_with_mail(timezone.now()):
            outbox.send_next(order)


def test_the_whole_outbox_is_sent_again_by_one_word(client: Client, platform: Receiver) -> None:
    kits = [_pack(client), _pack(client)]
    platform.answers.extend([(400, {}), (400, {})])
    settle_sends()
    assert outbox.send_again() == 2
    settle()
    assert all(platform.types(kit)[-1] == "sequenced" for kit in kits)


def test_answers_never_hold_the_address_of_an_upload(client: Client, platform: Receiver, settings: Any) -> None:
    send_order(client, scenario="wrong_checksum")
    settle()
    order = Order.objects.get()
    assert "signature=permission" not in order.trouble
