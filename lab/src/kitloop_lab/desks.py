"""Desks: threads of the server that do due work. What is due is in the database; a desk only looks and hands out."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

from django.conf import settings
from django.db import close_old_connections, connections
from django.utils import timezone

from kitloop_lab import outbox, robot, sequencing

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 0.25
LOOK_SELDOM_SECONDS = 1.0  # while nothing is due, nor will be sooner: an order that another process took is seen then
REST_AFTER_ERROR_SECONDS = 2.0
_closed = threading.Event()
_open: list["Desk"] = []


class Desk:
    """Looks for due orders and gives each to one of its hands; no order is in two hands of a desk at once.

    Where what it does `makes_work` for other desks, they look as soon as it is done.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[datetime], list[int]],
        next_due: Callable[[datetime], datetime | None],
        do: Callable[[int], object],
        hands: int,
        *,
        makes_work: bool = True,
    ) -> None:
        self.name, self.look, self.next_due, self.do, self.hands = name, look, next_due, do, hands
        self.makes_work = makes_work
        self.bell = threading.Event()
        self._in_hand: set[int] = set()
        self._resting: dict[int, float] = {}
        self._lock = threading.Lock()
        self._given: SimpleQueue[int] = SimpleQueue()

    def open(self) -> None:
        for number in range(self.hands):
            threading.Thread(target=self._work, name=f"{self.name}-{number}", daemon=True).start()
        threading.Thread(target=self._look_out, name=self.name, daemon=True).start()

    def _look_out(self) -> None:
        while not _closed.is_set():
            self.bell.clear()
            pause_seconds = LOOK_EVERY_SECONDS
            try:
                close_old_connections()
                now = timezone.now()
                due = self.look(now)
                self._hand_out(due)
                if not due:
                    pause_seconds = self._until_next(now)
            except Exception:
                log.exception("desk %s cannot look", self.name)
                time.sleep(REST_AFTER_ERROR_SECONDS)
            self.bell.wait(pause_seconds)
        connections.close_all()

    def _until_next(self, now: datetime) -> float:
        following = self.next_due(now)
        return min(LOOK_SELDOM_SECONDS, (following - now).total_seconds()) if following else LOOK_SELDOM_SECONDS

    def _hand_out(self, due: list[int]) -> None:
        now = time.monotonic()
        with self._lock:
            self._resting = {order: until for order, until in self._resting.items() if until > now}
            free = [o for o in due if o not in self._in_hand and o not in self._resting]
            # No more than there are hands: what waits in a queue is not looked at again, and may not be due any more.
            for order in free[: max(0, self.hands - len(self._in_hand))]:
                self._in_hand.add(order)
                self._given.put(order)

    def _work(self) -> None:
        while True:
            order = self._given.get()
            try:
                close_old_connections()
                self.do(order)
            except Exception:
                log.exception("desk %s failed order=%s", self.name, order)
                with self._lock:
                    self._resting[order] = time.monotonic() + REST_AFTER_ERROR_SECONDS
            finally:
                with self._lock:
                    self._in_hand.discard(order)
                if self.makes_work:
                    ring()
                else:
                    self.bell.set()


def ring() -> None:
    """Something may be due: all desks look now instead of when they would have."""
    for desk in _open:
        desk.bell.set()


def open_desks() -> None:
    """Starts the threads of this process, as soon as no other process of this data folder has them."""
    senders = settings.LAB_SENDERS
    desks = [Desk("outbox", outbox.orders_with_mail, outbox.next_due, outbox.send_next, senders, makes_work=False)]
    if settings.LAB_MODE == "sandbox":
        desks.append(Desk("robot", robot.due_for_a_step, robot.next_due, robot.take_step, 1))
        desks.append(
            Desk("sequencer", robot.due_for_slow_work, robot.next_due, robot.take_step, settings.LAB_SEQUENCERS)
        )

    def open_when_alone() -> None:
        _wait_to_be_alone(settings.DATA / "desks.lock")
        for desk in desks:
            desk.open()
            _open.append(desk)

    threading.Thread(target=open_when_alone, name="desks", daemon=True).start()


def close_desks() -> None:
    """Ends running simulators and stops handing out. Work in hand may be cut off: the next start does it again."""
    _closed.set()
    sequencing.stop()
    ring()


def _wait_to_be_alone(path: Path) -> None:
    # The kernel gives the lock back when its holder dies, however it dies. So two servers by mistake on one data
    # folder do not play each kit twice, and a restart waits for nothing but the old process's end.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    waited = False
    while not _closed.is_set():
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not waited:
                log.warning("another server works on this data folder; this one shows pages and waits")
            waited = True
            time.sleep(0.2)
        else:
            return
