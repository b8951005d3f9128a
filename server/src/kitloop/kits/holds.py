"""Holds: something stands in the way, somebody has to act, until a day."""

from datetime import timedelta

from kitloop.base import clock
from kitloop.kits.models import Hold, Kit, Sample

# About whose sample it is: for the organization's people alone, never for the person who waits for a result, so the API is silent.
FOR_REVIEW = frozenset({"same_person_twice", "not_the_declared_person", "sex_discordant"})
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


def close_holds(sample: Sample, *, reason_code: str | None = None) -> None:
    """Closes the sample's open holds with this reason; all of them where none is named."""
    open_ones = Hold.objects.filter(sample=sample, closed=None)
    if reason_code is not None:
        open_ones = open_ones.filter(reason_code=reason_code)
    open_ones.update(closed=clock.now())
