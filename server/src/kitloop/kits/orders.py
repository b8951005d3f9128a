"""Placing an order: one order, one sample, one kit. Source: the guide's "Order a Kit", contract §5.1."""

from typing import Any
from uuid import UUID

from django.conf import settings
from kitloop_sdk.labs import Recipient

from kitloop.accounts.models import Caller
from kitloop.base import clock
from kitloop.kits.errors import KitOrderingOff, ProjectNotAccessible
from kitloop.kits.writing import write_order
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
        return KitOrderingOff(
            "Kit ordering is not enabled for your organization. "
            f"Please contact {settings.KITLOOP_SUPPORT_CONTACT} to have it enabled."
        )
    return ProjectNotAccessible("Project does not exist or you do not have privileges to access it.")
