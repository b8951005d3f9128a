"""Times as the contract spells them (§5): UTC with Z, microseconds only where they are not zero."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pythonic(moment: datetime) -> str:
    """`archive_last_status.created` alone is spelled so: `2021-10-12 19:47:15.394485+00:00`."""
    return str(moment.astimezone(UTC))
