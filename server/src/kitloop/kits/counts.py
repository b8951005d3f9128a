"""Counting samples without counting them: sums over the slots that a trigger keeps (kits.models.SampleCount)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Q, Subquery, Sum

from kitloop.kits.models import Sample, SampleCount


@dataclass(frozen=True, slots=True)
class Counted:
    """Samples of a project that are not deleted: all of them, and how many of those are hidden."""

    all: int = 0
    hidden: int = 0


def count_samples(project_id: UUID, *where: Q) -> int:
    """How many samples of a project fit conditions on `status` and `hidden`."""
    found = SampleCount.objects.filter(*where, project_id=project_id).aggregate(total=Sum("count"))
    return found["total"] or 0


def summed_samples() -> Sum:
    """The aggregate that makes counts of slots."""
    return Sum("count")


def newest_sample(project_id: OuterRef) -> Subquery:
    """When a project's newest sample status was written: one step into an index for each project."""
    rows = Sample.objects.filter(project_id=project_id, deleted=None).order_by("-modified")
    return Subquery(rows.values("modified")[:1])


def count_by_status(project_id: UUID) -> dict[str, int]:
    rows = SampleCount.objects.filter(project_id=project_id).values_list("status").annotate(total=Sum("count"))
    return {status: total for status, total in rows if total}


def count_shown_by_status(project_ids: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """For each of some projects, its samples that are not hidden, by status; all are there, also those without samples."""
    found: dict[UUID, dict[str, int]] = {each: {} for each in project_ids}
    rows = SampleCount.objects.filter(project_id__in=found, hidden=False)
    for project, status, total in rows.values_list("project_id", "status").annotate(total=Sum("count")):
        found[project][status] = total
    return found


def count_in_projects(project_ids: Iterable[UUID]) -> dict[UUID, Counted]:
    """For each of some projects; all are there, also those without samples."""
    ids: Collection[UUID] = list(project_ids)
    rows = (
        SampleCount.objects.filter(project_id__in=ids).values_list("project_id", "hidden").annotate(total=Sum("count"))
    )
    sums = {(project, hidden): total for project, hidden, total in rows}
    return {
        each: Counted(all=sums.get((each, False), 0) + sums.get((each, True), 0), hidden=sums.get((each, True), 0))
        for each in ids
    }


# Slot 0 is nobody's connection. Whoever gets a number anew while its old rows are taken away waits for that, and begins again.
_PUT_TOGETHER = """
WITH gone AS (
    DELETE FROM kits_samplecount
    WHERE slot <> 0 AND slot NOT IN (SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL)
    RETURNING project_id, status, hidden, count
), sums AS (
    SELECT project_id, status, hidden, sum(count) AS count FROM gone GROUP BY project_id, status, hidden
)
INSERT INTO kits_samplecount (project_id, status, hidden, slot, count)
SELECT project_id, status, hidden, 0, count FROM sums ORDER BY project_id, status, hidden
ON CONFLICT (project_id, status, hidden, slot) DO UPDATE SET count = kits_samplecount.count + excluded.count
"""


def put_together() -> None:
    """Adds up the slots of connections that are gone. Changes no sum."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_TOGETHER)
