"""Telling a lab that a kit was taken back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from kitloop.kits.cancelling import tell_too_late
from kitloop.kits.holds import close_holds, open_hold
from kitloop.kits.models import Kit, KitMove
from kitloop.labs.calling import call, needs_a_person
from kitloop.labs.errors import LabUnreachable
from kitloop.labs.models import Lab

# An order that was under way when it was cancelled may still get there; for so long "not known here" is not believed.
IN_FLIGHT = timedelta(minutes=10)


def cancel_at_lab(kit_id: UUID) -> None:
    """Tells the lab of a cancelled kit not to send it. Safe to do twice. A kit that has left already opens a hold.

    Raises LabUnreachable where it should be tried again.
    """
    kit = Kit.objects.select_related("sample").get(pk=kit_id)
    if kit.state != "cancelled" or kit.lab_id is None:
        return
    lab = Lab.objects.get(pk=kit.lab_id)
    answer = call(lab, f"/lab/v1/orders/{kit.id}/cancel")
    if answer.status == 409:
        tell_too_late(kit.id)
    elif answer.status != 200 and not (answer.status == 404 and _is_known_by_now(kit)):
        if answer.status != 404 and needs_a_person(answer):
            said = f"The lab answered {answer.status} to the cancellation; a person has to look at both sides' set-up."
            open_hold(kit.sample, kit=kit, reason_code="lab_refuses", owner="operator", note=said)
        raise LabUnreachable(f"Lab {lab.slug} did not cancel kit {kit.id}: {answer.status or answer.error}")
    close_holds(kit.sample, reason_code="lab_refuses")


def _is_known_by_now(kit: Kit) -> bool:
    """Whether the order would have reached the lab, if it ever does."""
    cancelled = KitMove.objects.values_list("recorded", flat=True).get(kit=kit, state="cancelled")
    return datetime.now(UTC) - cancelled > IN_FLIGHT
