"""Placing an order: one order, one sample, one kit. Source: the guide's "Order a Kit", contract §5.1."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kitloop_sdk.labs import Recipient

from kitloop.accounts.models import Caller
from kitloop.base import clock
from kitloop.base.jobs import defer
from kitloop.base.sealed import seal
from kitloop.kits.errors import KitOrderingOff, ProjectNotAccessible
from kitloop.kits.models import Kit, KitMove, Sample
from kitloop.kits.models import Recipient as KitRecipient
from kitloop.kits.moves import move_sample
from kitloop.kits.writing import NOTE, TASK, write_order
from kitloop.projects.models import Project


def place_order(
    caller: Caller,
    *,
    project_id: UUID,
    recipient: Recipient,
    metadata: Any = None,
    test_mode: bool = False,
    request_id: str = "",
) -> UUID:
    """The id of a new sample in `kit_requested`, with its kit, recipient and history, and the job that passes it to a lab.

    All of it commits together, or nothing does. The recipient must have been checked (kits.addresses).
    Raises ProjectNotAccessible, and KitOrderingOff where the organization's switch is off.
    """
    sample_id = write_order(
        caller,
        project_id=project_id,
        metadata=metadata,
        test_mode=test_mode,
        recipient=recipient,
        now=clock.now(),
        request_id=request_id,
    )
    if sample_id is None:
        raise _why_not(caller, project_id)
    return sample_id


def _why_not(caller: Caller, project_id: UUID) -> Exception:
    """Looked up only after the fact: nearly every order is one that may be placed."""
    if Project.objects.visible_to(caller).filter(pk=project_id, locked=False).exists():
        return ordering_off()
    return ProjectNotAccessible("Project does not exist or you do not have privileges to access it.")


def ordering_off() -> KitOrderingOff:
    return KitOrderingOff(
        "Kit ordering is not enabled for your organization. "
        f"Please contact {settings.KITLOOP_SUPPORT_CONTACT} to have it enabled."
    )


def order_kit(sample: Sample, *, recipient: Recipient) -> Kit:
    """The kit of a sample that was waiting for its order, in `kit_requested` from here on, with the job that passes it to a lab.

    Asked twice, the first kit, and its recipient stays. The recipient must have been checked (kits.addresses). Locks the sample.
    Raises CannotMove where the sample has ended, KitOrderingOff, and ProjectNotAccessible where its project is locked or gone.
    """
    with transaction.atomic():
        locked = (
            Sample.objects.select_for_update(of=("self",)).select_related("project__organization").get(pk=sample.pk)
        )
        if (before := Kit.objects.filter(sample=locked).first()) is not None:
            return before
        project, organization = locked.project, locked.project.organization
        if project.locked or project.deleted or locked.deleted:
            raise ProjectNotAccessible("The project takes no orders any more.")
        if not organization.kit_ordering_enabled or organization.account_on_hold:
            raise ordering_off()
        move_sample(locked, "kit_requested", note=NOTE)
        now = clock.now()
        kit = Kit.objects.create(sample=locked, state="requested", created=now)
        KitMove.objects.create(kit=kit, state="requested", note=NOTE, occurred=now)
        KitRecipient.objects.create(kit=kit, sealed=seal(asdict(recipient)))
        defer(TASK, kit_id=str(kit.id))
        return kit
