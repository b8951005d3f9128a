"""Making and changing projects."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from kitloop.accounts.models import Caller, Organization
from kitloop.accounts.roles import Permission
from kitloop.base.errors import FieldErrors, KitloopError
from kitloop.pipelines.models import Capability
from kitloop.projects.models import Project


class OnHold(KitloopError):
    """The organization's account is on hold: it may read, and start nothing new."""

    code = "account_on_hold"


def create_project(
    caller: Caller, *, name: str, capability: Capability, description: str = "", modifications: Any = None
) -> Project:
    """A new project of the caller's organization. Raises OnHold, and FieldErrors for a modification that isn't supported."""
    organization = Organization.objects.get(pk=caller.organization_id)
    if organization.account_on_hold:
        raise OnHold("Your organization's account is on hold. Ask whoever runs this platform.")
    return Project.objects.create(
        organization=organization,
        name=name,
        description=description,
        capability=capability,
        modifications=_checked(modifications),
    )


def change_project(project: Project, *, is_empty: bool, **changes: Any) -> Project:
    """Name, description, capability, modifications. The capability is settled once there are samples: FieldErrors."""
    capability = changes.get("capability")
    if capability is not None and capability.pk != project.capability_id and not is_empty:
        raise FieldErrors(
            {"pipeline_capabilities": ["This project has samples; their analyses would not be comparable."]}
        )
    if "modifications" in changes:
        changes["modifications"] = _checked(changes["modifications"])
    for name, value in changes.items():
        setattr(project, name, value)
    if changes:
        project.save(update_fields=list(changes))
    return project


def _checked(modifications: Any) -> list[Any]:
    """No installed analysis can be modified by project so far, so that only none at all is right."""
    if modifications:
        raise FieldErrors(
            {"project_modifications": ["The pipeline capability of this project supports none of these."]}
        )
    return []


def hide_projects(caller: Caller, project_ids: Sequence[UUID], *, hidden: bool) -> None:
    """Hides or shows projects. Their samples and orders go on as before. Raises as `locked_projects`."""
    with transaction.atomic():
        projects = locked_projects(caller, project_ids)
        Project.objects.filter(pk__in=[each.pk for each in projects]).update(hidden=hidden)


def locked_projects(caller: Caller, project_ids: Sequence[UUID]) -> list[Project]:
    """These projects, locked: no order is written into one of them until the transaction ends.

    Raises FieldErrors where one is not there (or another organization's, or deleted), PermissionDenied where the caller may not edit one.
    """
    wanted = set(project_ids)
    found = list(Project.objects.of(caller).filter(pk__in=wanted).select_for_update(of=("self",)).order_by("pk"))
    if len(found) != len(wanted):
        raise FieldErrors({"project_ids": ["All project ids must be of projects of your organization."]})
    if Project.objects.allowing(caller, Permission.PROJECT_EDIT).filter(pk__in=wanted).count() != len(wanted):
        raise PermissionDenied
    return found


def locked_project(project: Project) -> Project:
    """The project's row, read again and locked until the transaction ends."""
    return Project.objects.select_for_update(of=("self",)).select_related("organization").get(pk=project.pk)


def adopt_capability(capability: Capability) -> int:
    """Gives it to the projects that have none, which were made before a bundle was installed; returns how many those are."""
    return Project.objects.filter(capability=None).update(capability=capability)
