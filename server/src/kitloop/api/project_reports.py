"""A project as a whole: its counts, its quality controls, and the report of them (contract §5.7, §5.8, §7.4)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import Operation, project_of
from kitloop.api.pagination import page
from kitloop.api.routing import at
from kitloop.api.sample_filters import filtered_samples
from kitloop.runs.project_quality import (
    checks_of,
    failed_check_counts,
    measured_values,
    status_counts,
    total_size_bytes,
)
from kitloop.runs.project_quality import histogram as histogram_of
from kitloop.runs.quality_report import report_lines
from kitloop.wire.project_reports import histogram, project_stats
from kitloop.wire.results import quality_control_type

COLUMNS = (
    "id", "client_id", "project_id", "year", "month", "day", "status", "sex_string", "call_rate_min", "raw_coverage",
    "bases_min", "bases_max", "bases_dedup_min", "bases_dedup_mapped_min", "fraction_contamination_max", "snps_min",
    "effective_coverage_min", "hzy_max", "cc_min", "nhref_min", "nhet_max", "nhalt_min", "pct_target_bases_30x_min",
    "pathogenic_min", "ancestries",
)  # fmt: skip
DEFAULT_COLUMNS = (
    "id", "client_id", "project_id", "year", "month", "day", "status", "sex_string", "snps_min", "bases_dedup_mapped_min",
    "call_rate_min", "effective_coverage_min", "raw_coverage", "ancestries",
)  # fmt: skip


class ProjectStatsView(Operation):
    """Of the samples that the filters choose, hidden ones only where they are asked for."""

    def get(self, request: Request, project_id: str) -> Response:
        """Count a project's samples by state, and the size of their files. The filters choose which; hidden ones are left out."""
        samples = filtered_samples(request, project_of(request, project_id))
        statuses = status_counts(samples)
        size, failed = total_size_bytes(samples), failed_check_counts(samples)
        return Response(project_stats(statuses, total_size=size, failed_checks=failed))


class ProjectQcTypesView(Operation):
    def get(self, request: Request, project_id: str) -> Response:
        """List the quality controls that a project's samples are judged by. There are none before its first result."""
        checks = checks_of(project_of(request, project_id))
        return page(request, checks, lambda found: [quality_control_type(check) for check in found])


class ProjectQcReportView(Operation):
    """Sent while it is read."""

    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Read the quality of a project's samples as CSV: one line for each, newest first."""
        project = project_of(request, project_id)
        columns = _columns(request)
        answer = StreamingHttpResponse(_csv(columns, report_lines(project, columns)), content_type="text/csv")
        answer["Content-Disposition"] = 'attachment; filename="project-qc-report.csv"'
        return answer


def _columns(request: Request) -> Sequence[str]:
    """The columns asked for, in that order: with commas between, or named several times."""
    texts = request.query_params.getlist("columns")
    asked = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if bad := [name for name in asked if name not in COLUMNS]:
        raise ValidationError([f"Invalid columns: {bad}. Allowed columns: {list(COLUMNS)}."])
    return tuple(dict.fromkeys(asked)) or DEFAULT_COLUMNS


def _csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    held = StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow(line)
        if held.tell() > 1 << 16:
            yield held.getvalue()
            held.seek(0)
            held.truncate()
    yield held.getvalue()


class HistogramSerializer(serializers.Serializer[dict[str, Any]]):
    qc_type = serializers.CharField(max_length=64)
    number_of_results = serializers.IntegerField(default=200, min_value=1, max_value=10_000)


class ProjectQualityControlHistogramView(Operation):
    def get(self, request: Request, project_id: str) -> Response:
        """Read how the values of one quality control spread over the latest results that the filters choose."""
        project = project_of(request, project_id)
        parsed = HistogramSerializer(data=request.query_params)
        parsed.is_valid(raise_exception=True)
        asked = parsed.validated_data
        values = measured_values(filtered_samples(request, project), asked["qc_type"], limit=asked["number_of_results"])
        return Response(histogram(histogram_of(values)))


routes = [
    at("project-stats/{project_id}", ProjectStatsView, "project-stats"),
    at("project-qc-types/{project_id}", ProjectQcTypesView, "project-qc-types"),
    at("project-qc-report/{project_id}", ProjectQcReportView, "project-qc-report"),
    at(
        "project-quality-control-histogram/{project_id}",
        ProjectQualityControlHistogramView,
        "project-quality-control-histogram",
    ),
]
