"""Projects as the wire has them (contract §5.6). Key order is part of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef
from django.db.models.functions import Coalesce

from kitloop.kits.counts import Counted, count_in_projects, newest_sample
from kitloop.projects.models import Project, ProjectRole
from kitloop.wire.times import iso


def project_rows(projects: list[Project], *, reader: UUID) -> list[dict[str, Any]]:
    """Items of projects/ and the like, by four queries for all of them.

    `reader` is the user whose roles the rows name; the projects are of its organization, and come with that.
    """
    ids = [project.id for project in projects]
    counts, modified = count_in_projects(ids), last_changes(ids)
    explicit = {row.project_id: row for row in ProjectRole.objects.filter(user_id=reader, project_id__in=ids)}
    role = _organization_role(projects, reader)
    return [_row(each, counts[each.id], modified[each.id], role, explicit.get(each.id)) for each in projects]


def project_details(project: Project, *, reader: UUID) -> dict[str, Any]:
    """With its files, of which there are none: merged VCFs and the like are not served here."""
    return {**project_rows([project], reader=reader)[0], "files": []}


def _row(
    project: Project, counts: Counted, modified: datetime, organization: dict[str, str], explicit: ProjectRole | None
) -> dict[str, Any]:
    roles = {"organization": organization}
    if explicit is not None:
        roles["project"] = {"id": str(explicit.id), "name": explicit.role}
    return {
        "id": str(project.id),
        "name": project.name,
        "description": project.description,
        "created": iso(project.created),
        "modified": iso(modified),
        "hidden": project.hidden,
        "organization": str(project.organization_id),
        "organization_name": project.organization.name,
        "sample_count": counts.all,
        "hidden_sample_count": counts.hidden,
        "pipeline_capabilities": str(project.capability_id) if project.capability_id else None,
        "project_modifications": project.modifications,
        "roles": roles,
        "webhook_url": "",  # a dead field of the contract
        "is_shared": False,  # with another organization: not served here
        "locked": project.locked,
    }


def _organization_role(projects: list[Project], reader: UUID) -> dict[str, str]:
    if not projects:
        return {}
    found = projects[0].organization.users.get(pk=reader)
    return {"id": str(found.role_id), "name": found.role}


def last_changes(ids: list[UUID]) -> dict[UUID, datetime]:
    """The time of each project's latest sample status; of its creation, while it has no samples."""
    found = Project.objects.filter(pk__in=ids).annotate(last=Coalesce(newest_sample(OuterRef("pk")), F("created")))
    return dict(found.values_list("pk", "last"))
