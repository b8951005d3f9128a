"""When to try again. Pure: times and settings in, times out."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

JITTER = 0.2
MAX_RETRY_AFTER = timedelta(days=1)
BREAKER_FAILURES = 10
DISABLED_AFTER = timedelta(days=5)
PROBE_SHARE = 0.1  # of the outage so far: whoever is back after an hour waits at most some minutes
MAX_PROBE_SECONDS = 600.0


def next_due(
    offsets_seconds: Sequence[float],
    failures: int,
    *,
    now: datetime,
    retry_after: str = "",
    chance: float | None = None,
) -> datetime | None:
    """When to try again after the `failures`th counted failure, or none when the schedule is used up.

    `offsets_seconds` count from the first try. We wait the step from one offset to the next, from now on: a delivery that was
    kept waiting (by an outage of ours, or a breaker) then has its pauses ahead of it, not behind it.
    """
    if failures >= len(offsets_seconds):
        return None
    step = offsets_seconds[failures] - offsets_seconds[failures - 1]
    pause = timedelta(seconds=max(0.0, step) * _jitter(chance))
    asked = min(retry_after_delay(retry_after, now=now), MAX_RETRY_AFTER)
    return now + max(pause, asked)


def next_probe(
    offsets_seconds: Sequence[float], *, failing_since: datetime, now: datetime, chance: float | None = None
) -> datetime:
    """When to knock again at a target whose breaker is open: seldom in a long outage, soon in a short one."""
    shortest = offsets_seconds[1] - offsets_seconds[0] if len(offsets_seconds) > 1 else MAX_PROBE_SECONDS
    pause = (now - failing_since).total_seconds() * PROBE_SHARE
    return now + timedelta(seconds=min(MAX_PROBE_SECONDS, max(shortest, pause)) * _jitter(chance))


def retry_after_delay(text: str, *, now: datetime) -> timedelta:
    """What a Retry-After header asks for, as seconds or as a date; nothing where it can't be read or has passed."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta())


def _jitter(chance: float | None) -> float:
    chance = random.random() if chance is None else chance  # noqa: S311 not a secret
    return 1 - JITTER + 2 * JITTER * chance
