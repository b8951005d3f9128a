"""What a lab tells us: each message kept once by its id, then acted on, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kitloop.base.jobs import defer
from kitloop.kits.cancelling import hear_of_cancelled_kit
from kitloop.kits.models import Kit
from kitloop.kits.moves import advance_kit, learn
from kitloop.labs.errors import FilesMissing, KitNotHere
from kitloop.labs.models import Lab, LabMessage, Upload

_FACTS = ("barcode", "carrier", "outbound_tracking", "return_tracking")
_STATES = {
    "kit.rejected": "rejected_by_lab",
    **{
        f"kit.{name}": name
        for name in (
            "shipped", "delivered", "returning", "received", "sequencing", "sequenced",
            "undeliverable", "lost", "expired", "sample_rejected", "cancelled",
        )
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """An event of docs/lab-protocol.md, parsed."""

    id: UUID
    type: str
    kit_id: UUID
    occurred_at: datetime
    data: dict[str, Any]
    raw: dict[str, Any]


def take_event(lab: Lab, message: Message) -> str:
    """`applied`, `late` or `duplicate`. Raises KitNotHere, and FilesMissing where `kit.sequenced` names what is not uploaded.

    Locks the kit, so that two messages about it are one after the other.
    """
    with transaction.atomic():
        kit = Kit.objects.select_for_update().filter(pk=message.kit_id, lab_id=lab.pk).first()
        if kit is None:
            raise KitNotHere("No kit of this id was ordered from this lab.")
        kept, is_new = LabMessage.objects.get_or_create(
            lab=lab,
            message_id=message.id,
            defaults={"kit": kit, "type": message.type, "body": message.raw, "result": ""},
        )
        if not is_new:
            return "duplicate"
        kept.result = _apply(kit, message)
        kept.save(update_fields=["result"])
        return kept.result


def uploads_named(kit: Kit) -> dict[str, str]:
    """The uploads, by role, of the `kit.sequenced` that this kit has had; nothing where there was none."""
    message = LabMessage.objects.filter(kit=kit, type="kit.sequenced", result="applied").first()
    return {role: str(row.id) for role, row in _files_of(kit, message.body["data"]["files"]).items()} if message else {}


def _apply(kit: Kit, message: Message) -> str:
    facts = {name: str(message.data.get(name) or "") for name in _FACTS}
    if kit.state == "cancelled":
        hear_of_cancelled_kit(kit, message.type.removeprefix("kit."))
    state = _STATES.get(message.type)
    if state is None:  # kit.packed: facts, and no stage of the journey
        learn(kit, **facts)
        return "applied"
    files = _files_of(kit, message.data.get("files")) if state == "sequenced" else {}
    moved = advance_kit(
        kit.id,
        state,
        occurred=message.occurred_at,
        reason_code=str(message.data.get("reason_code") or "")[:64],
        note=str(message.data.get("note") or "")[:500],
        **facts,
    )
    if moved and files:
        defer("runs.open", kit_id=str(kit.id), uploads={role: str(upload.id) for role, upload in files.items()})
    return "applied" if moved else "late"


def _files_of(kit: Kit, named: Any) -> dict[str, Upload]:
    """The uploads that the message names, by role; each must be here, with this very checksum."""
    found: dict[str, Upload] = {}
    for entry in named if isinstance(named, list) else []:
        upload = Upload.objects.filter(
            kit=kit, role=entry.get("role"), sha256=entry.get("sha256"), done__isnull=False
        ).first()
        if upload is not None:
            found[upload.role] = upload
    if set(found) != {"fastq-r1", "fastq-r2"}:
        raise FilesMissing("The event must name one fastq-r1 and one fastq-r2, uploaded before, with their sha256.")
    return found
