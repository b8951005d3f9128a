"""Projects, and the samples of one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.models import Caller, Organization
from kitloop.accounts.roles import Permission
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.samples_table import Filters, Table, samples_table
from kitloop.dashboard.shell import show
from kitloop.kits.counts import count_shown_by_status
from kitloop.kits.filters import HIDDEN_FILTERS, STATUS_FILTERS
from kitloop.kits.listing import NOTHING, Listing
from kitloop.kits.search import matching
from kitloop.projects.models import Project
from kitloop.wire.projects import last_changes

SECTION = "projects"
ROWS = 25

# What is counted on the list of projects: who acts next, rather than every single status.
COLUMNS: dict[str, tuple[str, ...]] = {
    "With kits": ("consumer_awaiting_kit_order", "kit_requested", "kit_ordered", "consumer_awaiting_data"),
    "In analysis": ("scheduled", "running"),
    "Succeeded": ("succeeded",),
    "Failed": ("failed", "failed_qc"),
    "Cancelled": ("cancelled",),
}


@dataclass(frozen=True, slots=True)
class ProjectRow:
    id: UUID
    name: str
    description: str
    is_hidden: bool
    is_locked: bool
    created: datetime
    modified: datetime
    samples: int
    counts: tuple[tuple[str, int], ...]  # by COLUMNS


@dataclass(frozen=True, slots=True)
class Projects:
    organization_id: UUID
    columns: tuple[str, ...]
    projects: tuple[ProjectRow, ...]
    hidden: int  # how many there are that the list leaves out
    shows_hidden: bool
    kit_ordering_enabled: bool
    may_edit: bool


@dataclass(frozen=True, slots=True)
class ProjectPage:
    project: ProjectRow
    table: Table
    may_order: bool
    may_edit: bool


@page("GET")
def front(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The first page after login: projects, or the account where the role sees no projects."""
    return redirect("dashboard:projects" if caller.may(Permission.PROJECT_VIEW) else "dashboard:account")


@page("GET", may=Permission.PROJECT_VIEW)
def projects(request: HttpRequest, caller: Caller) -> HttpResponse:
    visible = Project.objects.visible_to(caller)
    shows_hidden = request.GET.get("hidden_status") == "all"
    rows = list(visible.filter(HIDDEN_FILTERS["all" if shows_hidden else "visible"]).order_by("-created", "id"))
    found = Projects(
        organization_id=caller.organization_id,
        columns=tuple(COLUMNS),
        projects=_project_rows(rows),
        hidden=visible.filter(hidden=True).count(),
        shows_hidden=shows_hidden,
        kit_ordering_enabled=Organization.objects.filter(pk=caller.organization_id, kit_ordering_enabled=True).exists(),
        may_edit=caller.may(Permission.PROJECT_EDIT),
    )
    return show(request, "projects.html", found, section=SECTION)


@page("GET", may=Permission.PROJECT_VIEW)
def project(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    found = get_object_or_404(Project.objects.visible_to(caller), pk=project_id)
    filters = Filters.read(request.GET)
    rows = Listing(
        found,
        filters=STATUS_FILTERS[filters.status] & HIDDEN_FILTERS[filters.hidden_status],
        others=matching(filters.search, found.id) if filters.search else NOTHING,
        is_searched=bool(filters.search),
        by=filters.sort_by,
        descending=filters.sort_order == "desc",
    )
    (row,) = _project_rows([found])
    table = samples_table(rows, filters, ROWS)
    enter(request, "project-samples.get", caller, found.id, *(each.id for each in table.rows))
    shown = ProjectPage(
        row,
        table,
        caller.may(Permission.SAMPLE_KIT_CREATE),
        caller.may(Permission.PROJECT_EDIT),
    )
    return show(request, "project.html", shown, section=SECTION)


def _project_rows(rows: list[Project]) -> tuple[ProjectRow, ...]:
    """Rows with their counts, by two queries for all of them, however many samples there are."""
    ids = [row.id for row in rows]
    counts, modified = count_shown_by_status(ids), last_changes(ids)
    return tuple(
        ProjectRow(
            id=row.id,
            name=row.name,
            description=row.description,
            is_hidden=row.hidden,
            is_locked=row.locked,
            created=row.created,
            modified=modified[row.id],
            samples=sum(counts[row.id].values()),
            counts=tuple(
                (label, sum(counts[row.id].get(status, 0) for status in statuses))
                for label, statuses in COLUMNS.items()
            ),
        )
        for row in rows
    )
