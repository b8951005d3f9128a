"""Journey time, which dates moves and notes. Tokens, leases and schedules use real time."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
