"""Pipelines and capabilities: what the installed reference bundles can do (contract §5.8)."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import Operation
from kitloop.api.pagination import page
from kitloop.api.parsing import one_of, path_uuid
from kitloop.api.routing import at
from kitloop.pipelines.models import Capability, Pipeline
from kitloop.wire.pipelines import capability_row, pipeline_details, pipeline_row


class PipelinesView(Operation):
    """The versions of the analysis that are installed."""

    def get(self, request: Request) -> Response:
        one_of(request, "sort_by", ("created",), "created")
        descending = one_of(request, "sort_order", ("asc", "desc"), "desc") == "desc"
        rows = Pipeline.objects.order_by("-created" if descending else "created", "id")
        return page(request, rows, lambda found: [pipeline_row(each) for each in found])


class PipelineView(Operation):
    """One version, with the reference bundles that it can be run with."""

    def get(self, request: Request, pipeline_id: str) -> Response:
        return Response(pipeline_details(get_object_or_404(Pipeline, pk=path_uuid(pipeline_id))))


class LatestPipelineView(Operation):
    """The newest version. 404 while no reference bundle is installed."""

    def get(self, request: Request) -> Response:
        latest = Pipeline.objects.order_by("-created", "id").first()
        if latest is None:
            raise Http404
        return Response(pipeline_details(latest))


class CapabilitiesView(Operation):
    """The installed reference bundles; `search` takes up to 200 ids with commas between."""

    def get(self, request: Request) -> Response:
        rows = Capability.objects.order_by("created", "id")
        if asked := request.query_params.get("search", "").strip():
            rows = rows.filter(pk__in=_ids(asked))
        return page(request, rows, lambda found: [capability_row(each) for each in found])


def _ids(asked: str) -> list[UUID]:
    try:
        return [UUID(each.strip()) for each in asked.split(",") if each.strip()][:200]
    except ValueError:
        raise ValidationError({"search": ["Must be valid UUIDs with commas between."]}) from None


class CapabilityView(Operation):
    """One reference bundle: what it stands on, and the thresholds of its quality control."""

    def get(self, request: Request, pipeline_capabilities_id: str) -> Response:
        return Response(capability_row(get_object_or_404(Capability, pk=path_uuid(pipeline_capabilities_id))))


routes = [
    at("pipeline", PipelinesView, "pipeline"),
    at("pipeline/{pipeline_id}", PipelineView, "pipeline-details"),
    at("pipeline-latest", LatestPipelineView, "pipeline-latest"),
    at("pipeline-capabilities", CapabilitiesView, "pipeline-capabilities"),
    at("pipeline-capabilities/{pipeline_capabilities_id}", CapabilityView, "pipeline-capabilities-details"),
]
