"""Desks: threads that look for due work, often while there is some, and else in time for what comes."""

import threading
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from kitloop_lab import desks
from kitloop_lab.desks import Desk


def test_a_desk_with_nothing_to_do_looks_again_when_something_will_be_due(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, done = threading.Event(), threading.Event()
    monkeypatch.setattr(desks, "_closed", closed)
    monkeypatch.setattr(desks, "LOOK_SELDOM_SECONDS", 60.0)
    due_at = timezone.now() + timedelta(seconds=0.6)
    looks: list[datetime] = []

    def look(now: datetime) -> list[int]:
        looks.append(now)
        return [7] if now >= due_at and not done.is_set() else []

    def next_due(now: datetime) -> datetime | None:
        return due_at if now < due_at else None

    did: list[int] = []

    def do(order: int) -> None:
        did.append(order)
        done.set()

    desk = Desk("tested", look, next_due, do, 1)
    desk.open()
    assert done.wait(30)
    closed.set()
    desk.bell.set()
    assert did == [7]
    assert [now >= due_at for now in looks[:2]] == [False, True]


def test_a_bell_is_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, first, second = threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(desks, "_closed", closed)
    monkeypatch.setattr(desks, "LOOK_SELDOM_SECONDS", 60.0)

    def look(_: datetime) -> list[int]:
        (second if first.is_set() else first).set()
        return []

    desk = Desk("tested", look, lambda _: None, lambda _: None, 1)
    desk.open()
    assert first.wait(30)
    desk.bell.set()
    assert second.wait(30)
    closed.set()
    desk.bell.set()
