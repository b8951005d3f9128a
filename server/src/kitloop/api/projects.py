"""Projects: listing, making, changing, hiding, deleting (contract §5.6)."""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, audited, caller_of, project_of, require
from kitloop.api.pagination import page
from kitloop.api.parsing import Printable, one_of, path_id_or_none, yes_or_no
from kitloop.api.routing import at
from kitloop.kits.closing import delete_projects
from kitloop.kits.counts import count_in_projects, newest_sample, summed_samples
from kitloop.kits.filters import HIDDEN_FILTERS, STATUS_FILTERS
from kitloop.kits.models import SampleCount
from kitloop.pipelines.models import Capability
from kitloop.projects.changes import change_project, create_project, hide_projects, locked_project
from kitloop.projects.models import Project
from kitloop.wire.projects import project_details, project_rows

SORTABLE = ("created", "modified", "name", "pipeline_capabilities", "sample_count")


class ProjectSerializer(serializers.Serializer[dict[str, Any]]):
    name = Printable(max_length=254)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    pipeline_capabilities = serializers.PrimaryKeyRelatedField(
        queryset=Capability.objects.all(), source="capability", pk_field=serializers.UUIDField()
    )
    project_modifications = serializers.JSONField(required=False, allow_null=True, source="modifications")


class ProjectIdsSerializer(serializers.Serializer[dict[str, Any]]):
    project_ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=1000)


def filtered(request: Request, rows: QuerySet[Project]) -> QuerySet[Project]:
    """The filters and the order of a project listing (contract §4), newest first unless asked otherwise."""
    rows = rows.filter(HIDDEN_FILTERS[one_of(request, "hidden_status", tuple(HIDDEN_FILTERS), "visible")])
    if search := request.query_params.get("search", "").strip():
        by_id = path_id_or_none(search)
        rows = rows.filter(pk=by_id) if by_id else rows.filter(name__icontains=search.replace("\x00", ""))
    if (locked := yes_or_no(request, "locked")) is not None:
        rows = rows.filter(locked=locked)
    if yes_or_no(request, "shared"):
        rows = rows.none()  # nothing is shared between organizations here
    status = one_of(request, "status", ("all", "completed", "running"), "all")
    if status != "all":
        under_way = Exists(
            SampleCount.objects.filter(STATUS_FILTERS["running"], project_id=OuterRef("pk"))
            .values("project_id").annotate(total=summed_samples()).filter(total__gt=0)
        )  # fmt: skip
        rows = rows.filter(under_way if status == "running" else ~under_way)
    by = one_of(request, "sort_by", SORTABLE, "created")
    descending = one_of(request, "sort_order", ("asc", "desc"), "desc") == "desc"
    if by == "sample_count":
        counted = SampleCount.objects.filter(project_id=OuterRef("pk")).values("project_id")
        rows = rows.annotate(by=Coalesce(counted.annotate(total=summed_samples()).values("total"), 0))
    elif by == "modified":
        rows = rows.annotate(by=Coalesce(newest_sample(OuterRef("pk")), F("created")))
    else:
        rows = rows.annotate(by=F("capability_id" if by == "pipeline_capabilities" else by))
    return rows.order_by(F("by").desc() if descending else F("by").asc(), "id")


def permitted(request: Request, caller: Caller) -> QuerySet[Project]:
    """The projects that a caller may see or, where `additional_permission` asks, also use so."""
    asked = one_of(request, "additional_permission", ("", "project_samples_add", "basespace_biosamples_import"), "")
    rows = Project.objects.visible_to(caller)
    if asked == "project_samples_add":
        rows = rows & Project.objects.allowing(caller, Permission.SAMPLE_ANALYZE)
    return rows.none() if asked == "basespace_biosamples_import" else rows


class ProjectsView(Operation):
    """The projects that you may see, newest first; a new one."""

    def get(self, request: Request) -> Response:
        """List the projects that you may see."""
        caller = caller_of(request)
        rows = filtered(request, permitted(request, caller)).select_related("organization")
        return page(request, rows, lambda found: project_rows(found, reader=caller.user_id))

    def post(self, request: Request) -> Response:
        """Make a project. Its pipeline capability says which reference its samples are analyzed with."""
        caller = require(request, Permission.PROJECT_EDIT)
        parsed = ProjectSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        project = create_project(caller, **parsed.validated_data)
        audited(request, project.id)
        return Response(project_rows([project], reader=caller.user_id)[0], status=201)


class ProjectView(Operation):
    """One project."""

    def get(self, request: Request, project_id: str) -> Response:
        """Read a project."""
        return Response(project_details(project_of(request, project_id), reader=caller_of(request).user_id))

    def patch(self, request: Request, project_id: str) -> Response:
        """Change a project's name or description. Its pipeline capability can be changed while it has no samples."""
        project = project_of(request, project_id, Permission.PROJECT_EDIT)
        parsed = ProjectSerializer(data=request.data, partial=True)
        parsed.is_valid(raise_exception=True)
        project = locked_project(project)  # no order comes in between the count and the change
        is_empty = count_in_projects([project.id])[project.id].all == 0
        change_project(project, is_empty=is_empty, **parsed.validated_data)
        return Response(project_rows([project], reader=caller_of(request).user_id)[0])


class _OfProjects(Operation):
    http_method_names = ["post", "delete"]  # `Allow` names the one that is there, and no OPTIONS (contract §1)

    def given(self, request: Request) -> list[Any]:
        parsed = ProjectIdsSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        ids: list[Any] = parsed.validated_data["project_ids"]
        audited(request, *ids)
        return ids


class HideProjectsView(_OfProjects):
    def post(self, request: Request) -> Response:
        """Hide projects from listings. Their samples and orders go on as before."""
        hide_projects(caller_of(request), self.given(request), hidden=True)
        return Response(status=204)


class UnhideProjectsView(_OfProjects):
    def post(self, request: Request) -> Response:
        """Show hidden projects again."""
        hide_projects(caller_of(request), self.given(request), hidden=False)
        return Response(status=204)


class DeleteProjectsView(_OfProjects):
    def delete(self, request: Request) -> Response:
        """Delete projects with their samples. Refused while samples of one are under way."""
        delete_projects(caller_of(request), self.given(request))
        return Response(status=204)


routes = [
    at("projects", ProjectsView, "projects"),
    at("projects/{project_id}", ProjectView, "project-details"),
    at("projects-hide", HideProjectsView, "projects-hide"),
    at("projects-unhide", UnhideProjectsView, "projects-unhide"),
    at("projects-delete", DeleteProjectsView, "projects-delete"),
]
