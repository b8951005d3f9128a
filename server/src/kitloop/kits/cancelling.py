"""Taking samples back: an order until its kit has left the lab, a form that nobody filled in, an analysis that runs."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from kitloop.base import clock
from kitloop.base.errors import FieldErrors
from kitloop.base.jobs import defer
from kitloop.kits.changes import lock_samples
from kitloop.kits.holds import close_holds, open_hold
from kitloop.kits.journey import KIT_ENDS, KIT_STAGES, kit_may_move, sample_may_move
from kitloop.kits.models import Hold, Kit, Sample
from kitloop.kits.moves import advance_kit, move_sample, say
from kitloop.projects.models import Project

REASON = "cancelled_by_customer"
TOO_LATE = "cancelled_too_late"
_GONE = "The lab had sent the kit before it heard of the cancellation. What comes back is not analyzed."
_NOTES = {"running": "The analysis was cancelled.", "scheduled": "The analysis was cancelled."}


def cancel_samples(project: Project, sample_ids: Collection[UUID]) -> int:
    """Ends these samples as `cancelled` and returns how many they are; all or none. One that is cancelled already counts.

    A kit's lab hears of it by a job, an analysis that runs is ended by its worker. Raises FieldErrors where a sample is not the
    project's, and where one can't be taken back any more.
    """
    wanted = set(sample_ids)
    with transaction.atomic():
        # Kits before samples, as in everything that moves both: see moves.advance_kit.
        rows = Kit.objects.filter(sample__in=wanted, sample__project=project).exclude(state__in=KIT_ENDS).order_by("pk")
        kits = {kit.sample_id: kit for kit in rows.select_for_update(no_key=True, of=("self",))}
        samples = lock_samples(project, wanted)
        if unknown := wanted - {sample.pk for sample in samples}:
            raise FieldErrors({"sample_ids": [f"Invalid sample IDs: {', '.join(sorted(map(str, unknown)))}"]})
        # A form may have been filled in between the two: its sample then has a kit now that was not there to be locked.
        unseen = Kit.objects.filter(sample__in=[each.pk for each in samples if each.pk not in kits])
        kits |= {kit.sample_id: kit for kit in unseen.exclude(state__in=KIT_ENDS)}
        if late := [f"{each.pk} ({why})" for each in samples if (why := _why_not(each, kits.get(each.pk)))]:
            raise FieldErrors({"sample_ids": [f"Samples can't be cancelled any more: {', '.join(late)}."]})
        for sample in samples:
            if sample.status != "cancelled":
                _cancel(sample, kits.get(sample.pk))
    return len(samples)


def _why_not(sample: Sample, kit: Kit | None) -> str:
    if sample.status == "cancelled":
        return ""
    if kit is not None and not kit_may_move(kit.state, "cancelled"):
        return f"kit {kit.state}"
    return "" if sample_may_move(sample.status, "cancelled") else sample.status


def _cancel(sample: Sample, kit: Kit | None) -> None:
    if kit is None:
        move_sample(sample, "cancelled", note=_NOTES.get(sample.status, "Cancelled."))
    else:
        advance_kit(kit.pk, "cancelled", occurred=clock.now(), reason_code=REASON)
        if kit.lab_id is not None:
            defer("labs.cancel", kit_id=str(kit.pk))
    close_holds(sample)


def hear_of_cancelled_kit(kit: Kit, stage: str) -> None:
    """The lab goes on with a kit that is cancelled here: it is told again, or it is too late, and a hold says so."""
    if stage == "packed":
        defer("labs.cancel", kit_id=str(kit.pk))
    elif stage in KIT_STAGES:
        tell_too_late(kit.pk)


def tell_too_late(kit_id: UUID) -> None:
    """A cancelled kit is on its way all the same; the customer has to tell whoever gets it. Said once."""
    with transaction.atomic():
        kit = Kit.objects.select_for_update(of=("self",)).select_related("sample").get(pk=kit_id)
        if not Hold.objects.filter(kit=kit, reason_code=TOO_LATE).exists():
            open_hold(kit.sample, kit=kit, reason_code=TOO_LATE, owner="customer", note=_GONE)
            say(kit.sample_id, note=_GONE)
