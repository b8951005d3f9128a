"""Plain functions that the tests build with."""

import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone
from kitloop_sdk.labs import sign_request

SECRET = "a secret shared by two"
SLUG = "sandbox"
PROGRAM = Path(sys.executable).with_name("kitloop-lab")
FAKE_GENOMICS = Path(__file__).with_name("fake_genomics.py")
PERSON = {
    "name": "Jane Q. Zebrowski",
    "line1": "123 Marigold Street",
    "line2": "Floor 4",
    "line3": "",
    "city": "San Francisco",
    "state_region": "CA",
    "postal_code": "94102",
    "country_code": "US",
    "email": "jane.zebrowski@example.com",
    "phone": "+14155551234",
    "instructions": "Leave with Mr Quimby",
}
PERSONAL = ("Zebrowski", "Marigold", "Floor 4", "zebrowski@example", "4155551234", "Quimby")


def order_body(
    kit_id: str | None = None, *, scenario: str = "", recipient: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "kit_id": kit_id or str(uuid.uuid4()),
        "ordered_at": "2026-03-01T09:30:00Z",
        "test_mode": True,
        "recipient": {**PERSON, **(recipient or {})},
        "scenario": scenario,
    }


def signed(path: str, body: bytes, **more: Any) -> dict[str, str]:
    return sign_request(SECRET, **{"lab": SLUG, "method": "POST", "path": path, "body": body, **more})


def post(client: Client, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Any:
    """A signed POST to the lab's pages in this process."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    headers = signed(path, content) if headers is None else headers
    return client.post(path, data=content, content_type="application/json", headers=headers)


def send_order(client: Client, **more: Any) -> str:
    """The kit id of an order that the lab has taken."""
    body = order_body(**more)
    answer = post(client, "/lab/v1/orders", body)
    assert answer.status_code == 201, answer.content
    return str(body["kit_id"])


def settle(seconds: float = 60.0) -> None:
    """Lets robot and outbox do what is due, in this thread, until nothing is owed or all that is owed is parked."""
    from kitloop_lab import outbox, robot
    from kitloop_lab.models import Order, OutboxEvent

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        now = timezone.now()
        steps = [robot.take_step(pk) for pk in robot.due_for_a_step(now) + robot.due_for_slow_work(now)]
        sends = [outbox.send_next(pk) for pk in outbox.orders_with_mail(timezone.now())]
        if not any(steps + sends):
            moving = Order.objects.filter(next_step_at__isnull=False, parked_at__isnull=True).exists()
            parked = OutboxEvent.objects.filter(parked_at__isnull=False).values("order")
            waiting = OutboxEvent.objects.filter(sent_at__isnull=True).exclude(order__in=parked).exists()
            if not moving and not waiting:
                return
            time.sleep(0.05)
    raise AssertionError(f"not settled within {seconds} s")
