"""The monthly usage report, to the byte."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cast import Cast, make_lab
from django.test import Client
from django.utils import timezone
from kitloop.kits.models import Sample, SampleStatus
from kitloop.projects.models import Project

from lab import ordered_kit

HEADER = "year,month,succeeded_samples,failed_samples\n"


def report(client: Client, cast: Cast, query: str = "", who: str = "viewer") -> Any:
    return client.get(f"/api/v2/organization-monthly-usage-report/{query}", headers=getattr(cast, who).headers)


def ended(sample: Sample, status: str, when: datetime) -> None:
    SampleStatus.objects.create(sample=sample, status=status, created=when)


def test_months_are_counted_by_each_samples_last_final_status(client: Client, cast: Cast) -> None:
    lab = make_lab()
    first, second, third = (ordered_kit(cast, lab).sample for _ in range(3))
    ended(first, "running", datetime(2025, 11, 1, tzinfo=UTC))
    ended(first, "failed_qc", datetime(2025, 11, 2, tzinfo=UTC))
    ended(first, "succeeded", datetime(2025, 11, 30, 23, 59, 59, 999999, tzinfo=UTC))  # once in November, as this
    ended(first, "failed", datetime(2025, 12, 1, tzinfo=UTC))  # and once in December
    ended(second, "failed_qc", datetime(2025, 11, 5, tzinfo=UTC))
    ended(third, "cancelled", datetime(2025, 11, 5, tzinfo=UTC))
    ended(third, "succeeded", datetime(2026, 2, 28, tzinfo=UTC))
    Sample.objects.filter(pk=third.pk).update(deleted=timezone.now())  # it was analyzed all the same
    answer = report(client, cast, "?from=2025-10&to=2026-02")
    assert answer.status_code == 200
    assert answer.content.decode() == HEADER + "2025,10,0,0\n2025,11,1,1\n2025,12,0,1\n2026,1,0,0\n2026,2,1,0\n"
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="report.csv"'
    assert report(client, cast, "?from=2025-12&to=2025-12").content.decode() == HEADER + "2025,12,0,1\n"
    assert report(client, cast, "?from=2025-11&to=2025-11", who="stranger").content.decode() == HEADER + "2025,11,0,0\n"


def test_of_no_asked_months_the_last_twelve_are_told(client: Client, cast: Cast) -> None:
    sample = ordered_kit(cast, make_lab()).sample
    ended(sample, "succeeded", timezone.now())
    today = datetime.now(UTC)
    lines = report(client, cast).content.decode().splitlines()
    assert len(lines) == 13
    assert lines[-1] == f"{today.year},{today.month},1,0"
    before = today.year * 12 + today.month - 1 - 11
    assert lines[1] == f"{before // 12},{before % 12 + 1},0,0"


def test_a_deleted_project_still_counts(client: Client, cast: Cast) -> None:
    ended(ordered_kit(cast, make_lab()).sample, "succeeded", datetime(2025, 11, 5, tzinfo=UTC))
    Project.objects.filter(pk=cast.project.id).update(deleted=timezone.now())
    assert report(client, cast, "?from=2025-11&to=2025-11").content.decode() == HEADER + "2025,11,1,0\n"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?from=2025-11", {"error": "Must provide both 'from' and 'to' query parameters, or neither."}),
        ("?to=2025-11", {"error": "Must provide both 'from' and 'to' query parameters, or neither."}),
        ("?from=2025-13&to=2026-01", {"from": ["Enter a month as YYYY-MM."]}),
        ("?from=2025-1&to=2026-01", {"from": ["Enter a month as YYYY-MM."]}),
        ("?from=2025-01&to=2026-01-01", {"to": ["Enter a month as YYYY-MM."]}),
        ("?from=2025-01&to=0000-01", {"to": ["Enter a month as YYYY-MM."]}),
        ("?from=9999-12&to=9999-12", {"from": ["Enter a month as YYYY-MM."]}),
        ("?from=2025-01&to=२०२५-०१", {"to": ["Enter a month as YYYY-MM."]}),
        ("?from=2025-11&to=2025-10", {"to": ["This month is before the month of 'from'."]}),
        ("?from=2015-11&to=2025-11", {"to": ["A report has at most 120 months."]}),
    ],
)
def test_months_that_can_not_be_read_are_refused(client: Client, cast: Cast, query: str, said: Any) -> None:
    answer = report(client, cast, query)
    assert (answer.status_code, answer.json()) == (400, said)


def test_the_longest_report_and_the_last_month_there_can_be(client: Client, cast: Cast) -> None:
    assert len(report(client, cast, "?from=2015-12&to=2025-11").content.splitlines()) == 121
    assert report(client, cast, "?from=9999-11&to=9999-11").content.decode() == HEADER + "9999,11,0,0\n"
