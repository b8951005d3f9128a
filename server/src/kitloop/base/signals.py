"""Moments in which a signal to leave has to wait."""

import contextlib
import signal
from collections.abc import Iterator

LEAVE = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Holds SIGINT and SIGTERM back until it is left: between starting a program and knowing its id, and while tidying up.

    For the main thread of a program without others. A program that is started inside inherits the mask: see `disturbable`.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, LEAVE)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def disturbable() -> None:
    """Undoes it in a program that was started meanwhile."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, LEAVE)
