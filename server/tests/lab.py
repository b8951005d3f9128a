"""The lab's side of the protocol, as a lab's program would speak it; and a kit that was ordered there."""

import hashlib
import json
from typing import Any
from uuid import uuid4

from cast import LAB_SECRET, Cast
from django.test import Client
from django.utils import timezone
from kitloop.kits.models import Kit
from kitloop.kits.moves import advance_kit
from kitloop.kits.orders import place_order
from kitloop.labs.models import Lab
from kitloop_sdk.labs import Recipient, sign_request

RECIPIENT = Recipient(
    name="Jane Doe",
    line1="123 Main Street",
    city="San Francisco",
    state_region="CA",
    postal_code="94102",
    country_code="US",
    email="jane.doe@example.com",
    phone="+14155551234",
)


def ordered_kit(cast: Cast, lab: Lab, *, state: str = "ordered", metadata: Any = None) -> Kit:
    """A kit that the lab has taken, and that has come as far as `state`."""
    sample_id = place_order(
        cast.analyst.user.caller(), project_id=cast.project.id, recipient=RECIPIENT, metadata=metadata
    )
    kit = Kit.objects.get(sample_id=sample_id)
    Kit.objects.filter(pk=kit.pk).update(lab_id=lab.pk)
    advance_kit(kit.pk, "ordered", occurred=timezone.now())
    if state != "ordered":
        advance_kit(kit.pk, state, occurred=timezone.now())
    return Kit.objects.get(pk=kit.pk)


def tell(
    client: Client, lab: Lab, kit: Kit, type: str, *, id: str | None = None, secret: str = LAB_SECRET, **data: Any
) -> Any:
    """Sends an event, signed."""
    event = {
        "id": id or str(uuid4()),
        "type": type,
        "kit_id": str(kit.id),
        "occurred_at": timezone.now().isoformat(),
        "data": data,
    }
    return signed_post(client, lab, "/lab/v1/events", event, secret=secret)


def signed_post(client: Client, lab: Lab, path: str, body: Any, *, secret: str = LAB_SECRET) -> Any:
    raw = json.dumps(body).encode()
    headers = sign_request(secret, lab=lab.slug, method="POST", path=path, body=raw)
    return client.post(path, raw, content_type="application/json", headers=headers)


def announce(client: Client, lab: Lab, kit: Kit, files: dict[str, bytes]) -> dict[str, str]:
    """The signed path for each file, by role."""
    listed = [
        {"role": role, "name": role, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for role, data in files.items()
    ]
    answer = signed_post(client, lab, f"/lab/v1/kits/{kit.id}/uploads", {"files": listed})
    assert answer.status_code == 200, answer.content
    return {grant["role"]: grant["url"].split(":8000", 1)[1] for grant in answer.json()["uploads"]}


def deliver(client: Client, lab: Lab, kit: Kit, files: dict[str, bytes]) -> Any:
    """Announces, uploads, and says that the kit is sequenced."""
    for role, path in announce(client, lab, kit, files).items():
        answer = client.put(path, files[role], content_type="application/octet-stream")
        assert answer.status_code == 201, answer.content
    named = [
        {"role": role, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for role, data in files.items()
    ]
    return tell(client, lab, kit, "kit.sequenced", files=named)
