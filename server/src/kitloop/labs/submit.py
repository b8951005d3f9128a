"""Passing an order to a lab: claim what to say, call without a transaction, record the answer."""

import json
from dataclasses import asdict
from datetime import UTC
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kitloop_sdk.labs import Order, Recipient

from kitloop.base import clock
from kitloop.base.answer import Answer
from kitloop.base.jobs import defer
from kitloop.kits.holds import close_holds, open_hold
from kitloop.kits.models import Kit
from kitloop.kits.moves import advance_kit, learn
from kitloop.labs.calling import call, needs_a_person, text_of
from kitloop.labs.errors import LabUnreachable, NoLab
from kitloop.labs.models import Lab


def lab_for(*, test_mode: bool) -> Lab:
    """The lab that takes such an order. In a sandbox every order goes to the sandbox lab, elsewhere only the test ones."""
    is_sandbox = test_mode or settings.KITLOOP_SANDBOX
    lab = Lab.objects.filter(is_sandbox=is_sandbox, is_enabled=True).first()
    if lab is None:
        kind = "sandbox lab" if is_sandbox else "lab"
        raise NoLab(f"No {kind} is set up. Add one with `kitloop create-lab{' --sandbox' if is_sandbox else ''}`.")
    return lab


def submit(kit_id: UUID) -> None:
    """Orders a kit at its lab and records the answer. Safe to do twice: the kit id is the idempotency key there.

    Raises LabUnreachable or NoLab where it should be tried again.
    """
    kit = Kit.objects.select_related("sample", "recipient").get(pk=kit_id)
    if kit.state != "requested":
        return
    try:
        lab = _claim(kit)
    except NoLab as error:
        open_hold(kit.sample, kit=kit, reason_code="no_lab", owner="operator", note=str(error))
        raise
    if lab is None:
        return
    answer = _call(lab, kit)
    if answer.status in {200, 201}:
        with transaction.atomic():
            learn(kit, lab_order_id=text_of(answer, "lab_order_id"))
            if not advance_kit(kit.id, "ordered", occurred=clock.now()) and _is_cancelled(kit):
                defer("labs.cancel", kit_id=str(kit.id))  # meanwhile; the first one may have come before this order did
            close_holds(kit.sample, reason_code="no_lab")
            close_holds(kit.sample, reason_code="lab_refuses")
    elif answer.status == 422:
        advance_kit(
            kit.id, "rejected_by_lab", occurred=clock.now(), reason_code=text_of(answer, "reason_code") or "not_said"
        )
    else:
        if needs_a_person(answer):
            said = f"The lab answered {answer.status} to the order; a person has to look at both sides' set-up."
            open_hold(kit.sample, kit=kit, reason_code="lab_refuses", owner="operator", note=said)
        raise LabUnreachable(f"Lab {lab.slug} did not take kit {kit.id}: {answer.status or answer.error}")


def _claim(kit: Kit) -> Lab | None:
    """Which lab has it: decided once, before the first call, so that a second call never goes to another lab.

    None where the kit was cancelled meanwhile: whoever cancels looks at what is decided here, to tell that lab.
    """
    if kit.lab_id is not None:
        return Lab.objects.get(pk=kit.lab_id)
    lab = lab_for(test_mode=kit.sample.test_mode)
    Kit.objects.filter(pk=kit.pk, lab_id=None, state="requested").update(lab_id=lab.pk)
    decided = Kit.objects.values_list("lab_id", flat=True).get(pk=kit.pk)
    return None if decided is None else Lab.objects.get(pk=decided)


def _is_cancelled(kit: Kit) -> bool:
    return Kit.objects.filter(pk=kit.pk, state="cancelled").exists()


def _call(lab: Lab, kit: Kit) -> Answer:
    is_sandbox = lab.is_sandbox
    metadata = kit.sample.metadata if isinstance(kit.sample.metadata, dict) else {}
    order = Order(
        kit_id=str(kit.id),
        ordered_at=kit.created.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        test_mode=kit.sample.test_mode or is_sandbox,
        recipient=Recipient(**kit.recipient.fields()),
        scenario=str(metadata.get("sandbox_scenario", "")) if is_sandbox else "",
    )
    return call(lab, "/lab/v1/orders", json.dumps(asdict(order), ensure_ascii=False, separators=(",", ":")).encode())
