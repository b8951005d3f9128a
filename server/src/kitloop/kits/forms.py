"""Samples that wait for their end-user: a placeholder, and the link at which its form is filled in (contract §5.2, §5.3)."""

from typing import Any
from uuid import UUID, uuid4

from kitloop.accounts.models import Caller, Organization
from kitloop.base import clock
from kitloop.events.record import record
from kitloop.kits.errors import ArrayUploadsOff, NoArrayProject, NotConsumerProvider, ProjectNotAccessible
from kitloop.kits.links import Link, Redirects, make_link
from kitloop.kits.models import Sample, SampleStatus
from kitloop.kits.orders import ordering_off
from kitloop.kits.search import search_text
from kitloop.projects.changes import OnHold
from kitloop.projects.models import Project

_WAITING = {
    "kit": ("consumer_awaiting_kit_order", "Waiting for the person to fill in the order form."),
    "array": ("consumer_awaiting_data", "Waiting for the person to upload their data."),
}


def open_kit_form(
    caller: Caller, *, project_id: UUID, metadata: Any, test_mode: bool, redirects: Redirects, expires_in_seconds: int
) -> Link:
    """A new sample in `consumer_awaiting_kit_order`, and the link to its form. Nothing is shipped before that is filled in.

    Raises NotConsumerProvider, OnHold, KitOrderingOff and ProjectNotAccessible. In the caller's transaction.
    """
    organization = _provider(caller)
    if not organization.kit_ordering_enabled:
        raise ordering_off()
    sample = _placeholder(caller, "kit", project_id, metadata, test_mode=test_mode)
    return make_link(sample.id, "kit", expires_in_seconds=expires_in_seconds, redirects=redirects)


def open_array_form(
    caller: Caller, *, project_id: UUID | None, metadata: Any, redirects: Redirects, expires_in_seconds: int
) -> Link:
    """A new sample in `consumer_awaiting_data`, and the link to its form. Without a project: the organization's default one.

    Raises NotConsumerProvider, OnHold, ArrayUploadsOff, NoArrayProject and ProjectNotAccessible. In the caller's transaction.
    """
    organization = _provider(caller)
    if not organization.uploads_enabled:
        raise ArrayUploadsOff("Uploads are switched off for your organization.")
    chosen = project_id or organization.array_project_id
    if chosen is None:
        raise NoArrayProject({"project_id": ["Your organization has no default array project. Name a project."]})
    sample = _placeholder(caller, "array", chosen, metadata, test_mode=False)
    return make_link(sample.id, "array", expires_in_seconds=expires_in_seconds, redirects=redirects)


def _provider(caller: Caller) -> Organization:
    organization = Organization.objects.get(pk=caller.organization_id)
    if organization.organization_type != "consumer_provider":
        raise NotConsumerProvider(
            "Forms are for organizations of the type consumer_provider; "
            f"yours is of the type {organization.organization_type}."
        )
    if organization.account_on_hold:
        raise OnHold("Your organization's account is on hold. Ask whoever runs this platform.")
    return organization


def _placeholder(caller: Caller, kind: str, project_id: UUID, metadata: Any, *, test_mode: bool) -> Sample:
    missing = ProjectNotAccessible("Project does not exist or you do not have privileges to access it.")
    usable = Project.objects.of(caller).filter(pk=project_id, locked=False)
    if not usable.exists():
        raise missing
    (status, note), now, status_id = _WAITING[kind], clock.now(), uuid4()
    sample = Sample.objects.create(
        project_id=project_id,
        metadata=metadata,
        test_mode=test_mode,
        created=now,
        modified=now,
        status=status,
        status_id=status_id,
        status_note=note,
        search_text=search_text(project_id, "", metadata),
    )
    # The foreign key has waited for whoever was deleting or locking the project: look again.
    if not usable.exists():
        raise missing
    SampleStatus.objects.create(id=status_id, sample=sample, status=status, note=note, created=now)
    record(
        f"sample.{status}",
        organization_id=caller.organization_id,
        project_id=project_id,
        sample_id=sample.id,
        occurred=now,
    )
    return sample
