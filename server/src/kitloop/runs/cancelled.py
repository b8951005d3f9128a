"""An analysis whose sample was taken back meanwhile: it is ended, and leaves no result."""

import time
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError, connection

from kitloop.base import clock
from kitloop.runs.models import Run

LOOK_SECONDS = 2.0
_REASON = {"code": "cancelled", "message": "The sample was cancelled while its data was being analyzed."}


def end_cancelled(run_id: UUID) -> bool:
    """Ends a run whose sample is cancelled, where it is not finished; returns whether the sample is."""
    rows = Run.objects.filter(pk=run_id, sample__status="cancelled")
    rows.filter(state__in=["queued", "running"]).update(state="failed", finished=clock.now(), reasons=[_REASON])
    return rows.exists()


def should_stop_or_is_cancelled(run: Run, should_stop: Callable[[], bool]) -> Callable[[], bool]:
    """`should_stop`, or the sample was cancelled, which is looked up every two seconds."""
    looked = time.monotonic()

    def ask() -> bool:
        nonlocal looked
        if should_stop():
            return True
        if time.monotonic() - looked < LOOK_SECONDS:
            return False
        looked = time.monotonic()
        try:
            return Run.objects.filter(pk=run.pk, sample__status="cancelled").exists()
        except DatabaseError:  # away for a moment; what is being analyzed is not its concern
            connection.close()
            return False

    return ask
