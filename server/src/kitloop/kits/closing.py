"""Ending projects and what is in them."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from kitloop.accounts.models import Caller, Organization
from kitloop.base import clock
from kitloop.base.errors import FieldErrors
from kitloop.kits.errors import DeletingOff
from kitloop.kits.models import Sample
from kitloop.projects.changes import locked_projects
from kitloop.projects.models import Project

# Who waits for a result: somebody has a kit, or data is being analyzed. A form that was never filled in keeps nobody waiting.
UNDER_WAY = ("kit_requested", "kit_ordered", "scheduled", "running")


def delete_projects(caller: Caller, project_ids: Sequence[UUID]) -> None:
    """Deletes projects with their samples, for everybody and at once; the rows stay. All or none.

    Raises as `locked_projects`, FieldErrors too where somebody still waits for a result of one (test kits don't count), and
    DeletingOff where the organization keeps its samples.
    """
    with transaction.atomic():
        projects = locked_projects(caller, project_ids)
        if not Organization.objects.filter(pk=caller.organization_id, delete_samples_enabled=True).exists():
            raise DeletingOff("Deleting samples is switched off for your organization.")
        held = Sample.objects.filter(project__in=projects, deleted=None, test_mode=False, status__in=UNDER_WAY)
        if busy := held.order_by("project_id").values_list("project_id", flat=True).distinct():
            said = [f"Samples are under way in {id}. Cancel them or wait for their end." for id in busy]
            raise FieldErrors({"project_ids": said})
        Project.objects.filter(pk__in=[each.pk for each in projects]).update(deleted=clock.now())
