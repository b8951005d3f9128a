"""Ending projects and what is in them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction

from kitloop.accounts.models import Caller, Organization
from kitloop.base import clock
from kitloop.base.errors import FieldErrors
from kitloop.events.models import Event
from kitloop.kits.changes import locked_samples
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
        _require_deleting(caller.organization_id)
        held = Sample.objects.filter(project__in=projects, deleted=None, test_mode=False, status__in=UNDER_WAY)
        if busy := held.order_by("project_id").values_list("project_id", flat=True).distinct():
            said = [f"Samples are under way in {id}. Cancel them or wait for their end." for id in busy]
            raise FieldErrors({"project_ids": said})
        Project.objects.filter(pk__in=[each.pk for each in projects]).update(deleted=clock.now())


def delete_samples(project: Project, sample_ids: Collection[UUID]) -> None:
    """Deletes samples with their results, for everybody and at once; the rows stay. All or none.

    Raises as `locked_samples`, FieldErrors too where somebody still waits for a result (test kits don't count), and DeletingOff
    where the organization keeps its samples.
    """
    with transaction.atomic():
        samples = locked_samples(project, sample_ids)
        _require_deleting(project.organization_id)
        if busy := [str(each.pk) for each in samples if each.status in UNDER_WAY and not each.test_mode]:
            said = f"Samples are under way: {', '.join(busy)}. Cancel them or wait for their end."
            raise FieldErrors({"sample_ids": [said]})
        now = clock.now()
        Sample.objects.filter(pk__in=[each.pk for each in samples]).update(deleted=now)
        Event.objects.bulk_create(
            Event(type="sample.deleted", organization_id=project.organization_id, project_id=project.pk,
                  sample_id=each.pk, occurred=now)
            for each in samples
        )  # fmt: skip


def _require_deleting(organization_id: UUID) -> None:
    if not Organization.objects.filter(pk=organization_id, delete_samples_enabled=True).exists():
        raise DeletingOff("Deleting samples is switched off for your organization.")
