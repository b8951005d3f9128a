"""An analysis whose sample was taken back meanwhile: it is ended, and leaves no result."""

from uuid import UUID

from kitloop.base import clock
from kitloop.runs.models import Run

_REASON = {"code": "cancelled", "message": "The sample was cancelled while its data was being analyzed."}


def end_cancelled(run_id: UUID) -> bool:
    """Ends a run whose sample is cancelled, where it is not finished; returns whether the sample is."""
    rows = Run.objects.filter(pk=run_id, sample__status="cancelled")
    rows.filter(state__in=["queued", "running"]).update(state="failed", finished=clock.now(), reasons=[_REASON])
    return rows.exists()
