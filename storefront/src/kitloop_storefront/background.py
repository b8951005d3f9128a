"""Two threads beside the web server: one sends orders, one brings in news. They share its process, so that a crash and
a restart are one thing for both."""

import fcntl
import logging
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection
from kitloop_sdk import Client, Unavailable

from kitloop_storefront import orders
from kitloop_storefront.outbox import place_due
from kitloop_storefront.platform import platform
from kitloop_storefront.polling import poll_due
from kitloop_storefront.receiver import handle_due
from kitloop_storefront.tracking import refresh_due

logger = logging.getLogger(__name__)

Step = Callable[[Client], object]

TICK_SECONDS = 1.0
outbox_bell = threading.Event()  # rung when there is work, so that nobody waits for the tick
inbox_bell = threading.Event()
stopping = threading.Event()


def start() -> None:
    """Start both threads, once this process is the only one that serves this data folder."""
    threading.Thread(target=_run, name="background", daemon=True).start()


def stop() -> None:
    stopping.set()
    outbox_bell.set()
    inbox_bell.set()


def _run() -> None:
    # Held until the process ends, however it ends: a killed server's orphan can't send beside its successor.
    lock = (Path(settings.DATA) / "background.lock").open("w")
    while not stopping.is_set():
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            time.sleep(0.2)
    orders.release_claims()
    connection.close()
    threading.Thread(target=_repeat, args=(inbox_bell, [handle_due, refresh_due, poll_due]), daemon=True).start()
    _repeat(outbox_bell, [place_due])
    lock.close()


def _repeat(bell: threading.Event, steps: list[Step]) -> None:
    while not stopping.is_set():
        close_old_connections()
        for step in steps:
            _take(step)
        bell.wait(TICK_SECONDS)
        bell.clear()


def _take(step: Step) -> None:
    """One step; whatever it runs into, the next tick tries again."""
    try:
        step(platform(patient=True))
    except Unavailable:
        logger.info("%s: the platform does not answer", getattr(step, "__name__", "step"))
    except Exception as error:
        # The class and the place, not the text: an error's text may quote a row.
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = getattr(step, "__name__", "step")
        logger.error("%s failed: %s at %s:%s", name, type(error).__name__, place.name, place.lineno)
