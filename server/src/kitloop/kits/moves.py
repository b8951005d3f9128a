"""Moving kits and samples: the one writer of each. Compare-and-swap, a line of history and an event, in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from kitloop.base import clock
from kitloop.base.jobs import defer
from kitloop.events.record import record
from kitloop.kits import notes
from kitloop.kits.holds import open_hold
from kitloop.kits.journey import KIT_OUTCOMES, KIT_STAGES, kit_may_move, sample_may_move
from kitloop.kits.models import Kit, KitMove, Letter, Sample, SampleStatus

_LETTERS = {"shipped": "shipped", "received": "received"}


class CannotMove(Exception):
    """The sample is not in a state from which it may move so. A caller that raced another one hears this too."""


def advance_kit(
    kit_id: UUID, to: str, *, occurred: datetime, reason_code: str = "", note: str = "", **facts: str
) -> bool:
    """Moves a kit if it may; returns whether it moved. `facts`: barcode, carrier and tracking numbers, kept where they are new.

    Locks the kit's row. A late or repeated state changes nothing but facts that were missing.
    """
    with transaction.atomic():
        kit = Kit.objects.select_for_update().select_related("sample__project").get(pk=kit_id)
        learn(kit, **facts)
        if not kit_may_move(kit.state, to):
            return False
        kit.state, kit.reason_code = to, reason_code
        kit.save(update_fields=["state", "reason_code"])
        sentence = notes.kit_note(kit, occurred=occurred, note=note)
        KitMove.objects.create(kit=kit, state=to, note=note, occurred=occurred)
        _record_kit(kit, occurred=occurred)
        _carry_sample(kit, sentence)
        if to in KIT_OUTCOMES and to != "cancelled":
            open_hold(kit.sample, kit=kit, reason_code=reason_code or to, owner=_OWNERS[to], note=sentence)
        if to in _LETTERS:
            owe_letter(kit, _LETTERS[to])
        return True


_OWNERS = {
    "rejected_by_lab": "operator",
    "undeliverable": "customer",
    "lost": "carrier",
    "expired": "recipient",
    "sample_rejected": "customer",
}


def learn(kit: Kit, **facts: str) -> None:
    """Keeps facts about a kit that were not known yet. The first word stands: a barcode does not change."""
    new = {name: value[:100] for name, value in facts.items() if value and not getattr(kit, name)}
    if new:
        for name, value in new.items():
            setattr(kit, name, value)
        kit.save(update_fields=list(new))


def _carry_sample(kit: Kit, sentence: str) -> None:
    """The sample says what its kit does: `kit_ordered` from the lab's acceptance on, each stage in its note."""
    sample = Sample.objects.select_for_update(of=("self",)).select_related("project").get(pk=kit.sample_id)
    if kit.state == "cancelled":
        move_sample(sample, "cancelled", note=sentence)
    elif kit.state in KIT_STAGES and sample.status in {"kit_requested", "kit_ordered"}:
        _write_status(sample, "kit_ordered", note=sentence)
    elif kit.state in KIT_OUTCOMES and not sample.is_final:
        _write_status(sample, sample.status, note=sentence)


def move_sample(sample: Sample, to: str, *, note: str) -> None:
    """Moves a sample, with a line of history and an event. Raises CannotMove. The row is locked, and read again under the lock."""
    with transaction.atomic():
        locked = Sample.objects.select_for_update(of=("self",)).select_related("project").get(pk=sample.pk)
        if not sample_may_move(locked.status, to):
            raise CannotMove(f"Sample {sample.pk} is {locked.status} and can't become {to}.")
        _write_status(locked, to, note=note)
        record(
            f"sample.{to}",
            organization_id=locked.project.organization_id,
            project_id=locked.project_id,
            sample_id=locked.id,
            occurred=clock.now(),
        )
        sample.status, sample.status_note = to, note


def say(sample_id: UUID, *, note: str) -> None:
    """Another line in a sample's history; its status stays what it is."""
    with transaction.atomic():
        locked = Sample.objects.select_for_update(of=("self",)).get(pk=sample_id)
        _write_status(locked, locked.status, note=note)


def _write_status(sample: Sample, status: str, *, note: str) -> None:
    # Dated when we say it, not when the courier scanned, so that `modified` grows. It is stamped before the commit: a poller
    # that asks for what is new should overlap a little.
    now = clock.now()
    line = SampleStatus.objects.create(id=uuid4(), sample=sample, status=status, note=note, created=now)
    sample.status, sample.status_id, sample.status_note, sample.modified = status, line.id, note, now
    sample.save(update_fields=["status", "status_id", "status_note", "modified"])


def _record_kit(kit: Kit, *, occurred: datetime) -> None:
    data: dict[str, Any] = {"kit_id": str(kit.id), "state": kit.state}
    if kit.reason_code:
        data["reason_code"] = kit.reason_code
    record(
        f"kit.{kit.state}",
        organization_id=kit.sample.project.organization_id,
        project_id=kit.sample.project_id,
        sample_id=kit.sample_id,
        occurred=occurred,
        **data,
    )


def owe_letter(kit: Kit, kind: str) -> None:
    """From here on the recipient is owed this e-mail; the job that writes it commits with the reason for it."""
    _, is_new = Letter.objects.get_or_create(kit=kit, kind=kind)
    if is_new:
        defer("kits.send_letter", kit_id=str(kit.id), kind=kind)
