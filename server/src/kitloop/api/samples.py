"""Reading samples: details, listing, history, journey."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, audited, project_of, sample_of
from kitloop.api.pagination import page
from kitloop.api.parsing import Metadata
from kitloop.api.routing import at
from kitloop.api.sample_filters import sample_listing
from kitloop.kits.changes import replace_metadata
from kitloop.kits.models import Sample
from kitloop.runs.models import File, QualityControl
from kitloop.runs.project_quality import total_size_bytes
from kitloop.wire.journey import journey
from kitloop.wire.samples import sample_details, sample_row, status_line


class SampleView(Operation):
    """Contract §5.4; the guide shows `metadata` too."""

    def get(self, request: Request, sample_id: str) -> Response:
        """Read a sample: where it stands, and the links to its files. A link works for an hour."""
        sample = sample_of(request, sample_id)
        files = File.objects.filter(run_id=sample.run_id).order_by("file_type") if sample.run_id else []
        return Response(sample_details(sample, files))


class ProjectSamplesView(Operation):
    """Contract §4, §5.5."""

    def get(self, request: Request, project_id: str) -> Response:
        """List a project's samples. `search` finds an id, a pair of the metadata, or the beginning of a word in it."""
        listing = sample_listing(request, project_of(request, project_id))

        def present(found: list[Sample]) -> list[dict[str, Any]]:
            audited(request, *(sample.id for sample in found))
            return _rows(found)

        return page(request, listing, present)


def _rows(samples: list[Sample]) -> list[dict[str, Any]]:
    failed: dict[Any, list[str]] = {}
    runs = [sample.run_id for sample in samples if sample.status == "failed_qc" and sample.run_id]
    checks = QualityControl.objects.filter(run_id__in=runs, status="failed").order_by("position")
    for run_id, key in checks.values_list("run_id", "key"):
        failed.setdefault(run_id, []).append(key)
    return [sample_row(sample, failed.get(sample.run_id)) for sample in samples]


class SampleStatusesView(Operation):
    def get(self, request: Request, sample_id: str) -> Response:
        """List the states that a sample has been in, newest first."""
        lines = sample_of(request, sample_id).statuses.order_by("-position")
        return page(request, lines, lambda found: [status_line(line) for line in found])


class MetadataSerializer(serializers.Serializer[dict[str, Any]]):
    metadata = Metadata(allow_null=True)


class SampleMetadataView(Operation):
    """What your app keeps with a sample: any JSON."""

    def get(self, request: Request, sample_id: str) -> Response:
        """Read a sample's metadata."""
        return Response({"metadata": sample_of(request, sample_id).metadata})

    def post(self, request: Request, sample_id: str) -> Response:
        """Replace a sample's metadata as a whole. Search finds the new words from then on."""
        sample = sample_of(request, sample_id, Permission.SAMPLE_ANALYZE)
        parsed = MetadataSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        replace_metadata(sample, parsed.validated_data["metadata"])
        return Response({"metadata": sample.metadata}, status=201)


class SampleStatsView(Operation):
    """Bytes of the files that the sample shows."""

    def get(self, request: Request, sample_id: str) -> Response:
        """Read how much a sample's files take."""
        sample = sample_of(request, sample_id)
        return Response({"total_size": total_size_bytes(Sample.objects.filter(pk=sample.pk))})


class JourneyView(Operation):
    def get(self, request: Request, sample_id: str) -> Response:
        """Read a sample's whole journey: its kits, their stages and tracking numbers, and what it waits for."""
        return Response(journey(sample_of(request, sample_id)))


routes = [
    at("samples/{sample_id}", SampleView, "samples"),
    at("project-samples/{project_id}", ProjectSamplesView, "project-samples"),
    at("sample-statuses/{sample_id}", SampleStatusesView, "sample-statuses"),
    at("sample-metadata/{sample_id}", SampleMetadataView, "sample-metadata"),
    at("sample-stats/{sample_id}", SampleStatsView, "sample-stats"),
]
own_routes = [at("samples/{sample_id}/journey", JourneyView, "journey")]
