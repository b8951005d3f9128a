"""Holds: something stands in the way, somebody has to act, until a day."""

from datetime import timedelta

from kitloop.base import clock
from kitloop.kits.models import Hold, Kit, Sample

_DAYS = {"customer": 14, "recipient": 30, "operator": 2, "lab": 5, "carrier": 10}


def open_hold(sample: Sample, *, reason_code: str, owner: str, note: str, kit: Kit | None = None) -> Hold:
    """The open hold with this reason; a second one for the same reason is the first one."""
    now = clock.now()
    hold, _ = Hold.objects.get_or_create(
        sample=sample,
        reason_code=reason_code,
        closed=None,
        defaults={
            "kit": kit,
            "owner": owner,
            "note": note,
            "opened": now,
            "deadline": now + timedelta(days=_DAYS[owner]),
        },
    )
    return hold


def close_holds(sample: Sample, *, reason_code: str) -> None:
    Hold.objects.filter(sample=sample, reason_code=reason_code, closed=None).update(closed=clock.now())
