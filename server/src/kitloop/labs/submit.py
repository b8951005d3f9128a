"""Passing an order to a lab: claim what to say, call without a transaction, record the answer."""

import json
from dataclasses import asdict
from datetime import UTC
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kitloop_sdk.labs import Order, Recipient, sign_request

from kitloop.base import clock
from kitloop.base.outbound import Answer, request_once
from kitloop.kits.holds import close_holds, open_hold
from kitloop.kits.models import Kit
from kitloop.kits.moves import advance_kit, learn
from kitloop.labs.errors import LabUnreachable, NoLab
from kitloop.labs.models import Lab

TIMEOUT_SECONDS = 20.0


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
    answer = _call(lab, kit)
    if answer.status in {200, 201}:
        with transaction.atomic():
            learn(kit, lab_order_id=_text(answer, "lab_order_id"))
            advance_kit(kit.id, "ordered", occurred=clock.now())
            close_holds(kit.sample, reason_code="no_lab")
            close_holds(kit.sample, reason_code="lab_refuses")
    elif answer.status == 422:
        advance_kit(
            kit.id, "rejected_by_lab", occurred=clock.now(), reason_code=_text(answer, "reason_code") or "not_said"
        )
    else:
        if answer.status is not None and 400 <= answer.status < 500 and answer.status not in {408, 425, 429}:
            said = f"The lab answered {answer.status} to the order; a person has to look at both sides' set-up."
            open_hold(kit.sample, kit=kit, reason_code="lab_refuses", owner="operator", note=said)
        raise LabUnreachable(f"Lab {lab.slug} did not take kit {kit.id}: {answer.status or answer.error}")


def _claim(kit: Kit) -> Lab:
    """Which lab has it: decided once, before the first call, so that a second call never goes to another lab."""
    if kit.lab_id is not None:
        return Lab.objects.get(pk=kit.lab_id)
    lab = lab_for(test_mode=kit.sample.test_mode)
    Kit.objects.filter(pk=kit.pk, lab_id=None).update(lab_id=lab.pk)
    decided = Kit.objects.values_list("lab_id", flat=True).get(pk=kit.pk)
    assert decided is not None
    return Lab.objects.get(pk=decided)


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
    body = json.dumps(asdict(order), ensure_ascii=False, separators=(",", ":")).encode()
    path = "/lab/v1/orders"
    headers = sign_request(lab.secret, lab=lab.slug, method="POST", path=path, body=body)
    return request_once(
        "POST",
        lab.url.rstrip("/") + path,
        headers={**headers, "Content-Type": "application/json"},
        body=body,
        allowed=settings.KITLOOP_LAB_ALLOWED_NETWORKS,
        timeout_seconds=TIMEOUT_SECONDS,
    )


def _text(answer: Answer, name: str) -> str:
    try:
        found = json.loads(answer.body).get(name, "")
    except (ValueError, AttributeError):
        return ""
    return str(found)[:64]
