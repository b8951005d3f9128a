"""How long to wait before saying it again."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SHORTEST_SECONDS = 0.2
LONGEST_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 3600.0


def pause_seconds(attempts: int, asked_seconds: float | None = None) -> float:
    """0.2 s after the first try, doubling to 60 s, ± a quarter; never less than a Retry-After asked for.

    The jitter keeps a hundred kits from knocking at a platform that just came back in the same instant.
    """
    grown = SHORTEST_SECONDS * 2.0 ** min(max(attempts - 1, 0), 20)
    pause = min(LONGEST_SECONDS, max(SHORTEST_SECONDS, min(LONGEST_SECONDS, grown) * random.uniform(0.75, 1.25)))  # noqa: S311
    return max(pause, min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS))


def read_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds from now that a Retry-After header asks for (a number or an HTTP date); None where it says nothing."""
    if not header:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header.strip())
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())
