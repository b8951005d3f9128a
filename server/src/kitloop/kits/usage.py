"""How many samples of an organization came to an end in each month."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Usage:
    month: date  # its first day
    succeeded: int
    failed: int


_COUNTED = """
SELECT month, count(*) FILTER (WHERE status = 'succeeded'), count(*) FILTER (WHERE status <> 'succeeded')
FROM (
    SELECT DISTINCT ON (s.id, date_trunc('month', h.created AT TIME ZONE 'UTC'))
        date_trunc('month', h.created AT TIME ZONE 'UTC')::date AS month, h.status
    FROM kits_samplestatus h
    JOIN kits_sample s ON s.id = h.sample_id
    JOIN projects_project p ON p.id = s.project_id
    WHERE p.organization_id = %s AND h.status IN ('succeeded', 'failed', 'failed_qc') AND h.created >= %s AND h.created < %s
    ORDER BY s.id, date_trunc('month', h.created AT TIME ZONE 'UTC'), h.position DESC
) last_of_each
GROUP BY month
"""


def usage_of(organization_id: UUID, *, months: list[date]) -> list[Usage]:
    """Each of these months (their first days, in order, in UTC). A sample counts once a month, by its last final status in it.

    Samples and projects that were deleted since still count: their analysis took place.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [organization_id, _begin(months[0]), _begin(next_month(months[-1]))])
        found = {month: Usage(month, succeeded, failed) for month, succeeded, failed in cursor.fetchall()}
    return [found.get(month, Usage(month, 0, 0)) for month in months]


def months_from(first: date, last: date) -> list[date]:
    """The first days of the months from one to the other, both among them."""
    months = [first.replace(day=1)]
    while (following := next_month(months[-1])) <= last:
        months.append(following)
    return months


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
