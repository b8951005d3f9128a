"""Changing samples of a project: hide, show, cancel, delete (contract §5.7, §6)."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, audited, project_of
from kitloop.api.routing import at
from kitloop.kits.cancelling import cancel_samples
from kitloop.kits.changes import hide_samples
from kitloop.kits.closing import delete_samples


class SampleIdsSerializer(serializers.Serializer[dict[str, Any]]):
    sample_ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=10_000)


class CancelledIdsSerializer(serializers.Serializer[dict[str, Any]]):
    sample_ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=20)


def _given(request: Request, serializer: type[serializers.Serializer[dict[str, Any]]]) -> list[UUID]:
    parsed = serializer(data=request.data)
    parsed.is_valid(raise_exception=True)
    ids: list[UUID] = parsed.validated_data["sample_ids"]
    audited(request, *ids)
    return ids


class _OfSamples(Operation):
    http_method_names = ["post", "delete"]  # `Allow` names the one that is there, and no OPTIONS (contract §1)


class HideSamplesView(_OfSamples):
    def post(self, request: Request, project_id: str) -> Response:
        """Hide samples from listings. Their kits and analyses go on as before."""
        project = project_of(request, project_id, Permission.SAMPLE_ANALYZE)
        hide_samples(project, _given(request, SampleIdsSerializer), hidden=True)
        return Response(status=204)


class UnhideSamplesView(_OfSamples):
    def post(self, request: Request, project_id: str) -> Response:
        """Show hidden samples again."""
        project = project_of(request, project_id, Permission.SAMPLE_ANALYZE)
        hide_samples(project, _given(request, SampleIdsSerializer), hidden=False)
        return Response(status=204)


class CancelSamplesView(Operation):
    def post(self, request: Request, project_id: str) -> Response:
        """Take samples back: an order until its kit is shipped, a form that was not filled in, an analysis that runs."""
        project = project_of(request, project_id, Permission.SAMPLE_ANALYZE)
        number = cancel_samples(project, _given(request, CancelledIdsSerializer))
        return Response({"message": f"{number} sample(s) analysis canceled successfully"})


class DeleteSamplesView(_OfSamples):
    def delete(self, request: Request, project_id: str) -> Response:
        """Delete samples with their results. Refused while one is under way."""
        project = project_of(request, project_id, Permission.PROJECT_EDIT)
        delete_samples(project, _given(request, SampleIdsSerializer))
        return Response(status=204)


routes = [
    at("project-hide-samples/{project_id}", HideSamplesView, "project-hide-samples"),
    at("project-unhide-samples/{project_id}", UnhideSamplesView, "project-unhide-samples"),
    at("project-cancel-samples/{project_id}", CancelSamplesView, "project-cancel-samples"),
    at("project-delete-samples/{project_id}", DeleteSamplesView, "project-delete-samples"),
]
