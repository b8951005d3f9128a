"""Uploads: the lab says what it has, gets signed addresses, and puts the bytes there."""

import json
import logging
from typing import Any

from django.conf import settings
from django.utils import timezone

from kitloop_lab import calls
from kitloop_lab.models import Order, Upload
from kitloop_lab.troubles import NeedsAPerson, TryLater

log = logging.getLogger(__name__)
ROUNDS = 3
"""How often fresh addresses are asked for in one go, before pausing."""


def upload_files(order: Order) -> None:
    """Returns when the platform has every file of the order. What it has already is not sent again."""
    for _ in range(ROUNDS):
        addresses = _ask_for_addresses(order)
        expired = [each for each in addresses if not each.get("done") and not _put(order, each)]
        _note_done(order, [str(each["role"]) for each in addresses if each not in expired])
        if not expired:
            return
        log.info("upload address expired kit=%s files=%s", order.kit_id, len(expired))
    raise TryLater("The upload addresses expire before the files arrive.")


def _ask_for_addresses(order: Order) -> list[dict[str, Any]]:
    files = list(Upload.objects.filter(order=order).order_by("role"))
    body = {"files": [{"role": f.role, "name": f.name, "size": f.size, "sha256": f.sha256} for f in files]}
    answer = _or_later(lambda: calls.post_signed(f"/lab/v1/kits/{order.kit_id}/uploads", json.dumps(body).encode()))
    if answer.needs_a_person:
        raise NeedsAPerson(f"Asked for upload addresses, got {answer.summary}")
    if not answer.ok:
        raise TryLater(f"Asked for upload addresses, got {answer.summary}", answer.retry_after_seconds)
    try:
        addresses = {str(each["role"]): dict(each) for each in answer.json()["uploads"]}
        wanted = [addresses[f.role] for f in files]
        if any(not each.get("done") and not isinstance(each["url"], str) for each in wanted):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NeedsAPerson("The platform's answer about uploads is not as the protocol says.") from None
    return wanted


def _put(order: Order, address: dict[str, Any]) -> bool:
    """True when the file is stored; False when the address has expired."""
    file = Upload.objects.get(order=order, role=address["role"])
    path = settings.DATA / file.path
    if not path.is_file():
        raise NeedsAPerson(f"{file.name} is gone from the lab's data folder.")
    answer = _or_later(lambda: calls.put_file(address["url"], path, file.size))
    if answer.status == 403:
        return False
    if answer.needs_a_person:
        raise NeedsAPerson(f"{file.role} was refused: {answer.summary}")
    if not answer.ok:
        raise TryLater(f"{file.role} was not stored: {answer.summary}", answer.retry_after_seconds)
    _note_done(order, [file.role])
    log.info("uploaded kit=%s role=%s bytes=%s", order.kit_id, file.role, file.size)
    return True


def _note_done(order: Order, roles: list[str]) -> None:
    Upload.objects.filter(order=order, role__in=roles, done_at__isnull=True).update(done_at=timezone.now())


def _or_later(call: Any) -> calls.Answer:
    try:
        answer = call()
    except calls.NoAnswer as failure:
        raise TryLater(f"No answer from the platform ({failure}).") from None
    assert isinstance(answer, calls.Answer)
    return answer
