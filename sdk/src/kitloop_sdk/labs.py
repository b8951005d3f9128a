"""The lab protocol's signature and messages, for both sides of it. Source: docs/lab-protocol.md."""

import hashlib
import hmac
import time
from dataclasses import asdict, dataclass, field
from typing import Any

LAB_HEADER = "Kitloop-Lab"
SIGNATURE_HEADER = "Kitloop-Lab-Signature"
REPLAY_WINDOW_SECONDS = 300

STAGE_EVENTS = ("packed", "shipped", "delivered", "returning", "received", "sequencing", "sequenced")
ENDING_EVENTS = ("rejected", "undeliverable", "lost", "expired", "sample_rejected", "cancelled")
EVENT_TYPES = tuple(f"kit.{name}" for name in STAGE_EVENTS + ENDING_EVENTS)
FILE_ROLES = ("fastq-r1", "fastq-r2")


class BadSignature(Exception):
    """The request is not signed as docs/lab-protocol.md says, by this secret, within the replay window."""


def sign_request(
    secret: str, *, lab: str, method: str, path: str, body: bytes = b"", now: float | None = None
) -> dict[str, str]:
    """Headers to add to a request. `path` includes the query string; `now` is unix seconds, the real clock by default."""
    stamp = int(time.time() if now is None else now)
    return {LAB_HEADER: lab, SIGNATURE_HEADER: f"t={stamp},v1={_digest(secret, stamp, method, path, body)}"}


def verify_request(
    secret: str, *, signature: str, method: str, path: str, body: bytes = b"", now: float | None = None
) -> None:
    """Returns if the signature header is right; raises BadSignature otherwise. Compares in constant time."""
    parts = dict(part.strip().split("=", 1) for part in signature.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13) or "v1" not in parts:
        raise BadSignature("The signature header has no t=<unix seconds> and v1=<hex>.")
    if abs((time.time() if now is None else now) - int(stamp)) > REPLAY_WINDOW_SECONDS:
        raise BadSignature(f"The signature is more than {REPLAY_WINDOW_SECONDS} s away from this clock.")
    if not hmac.compare_digest(_digest(secret, int(stamp), method, path, body).encode(), parts["v1"].encode()):
        raise BadSignature("The signature does not match the request.")


def _digest(secret: str, stamp: int, method: str, path: str, body: bytes) -> str:
    message = f"{stamp}.{method.upper()}.{path}.{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the kit. Personal data: never in a log, an event or an error message."""

    name: str
    line1: str
    city: str
    state_region: str
    postal_code: str
    country_code: str
    email: str
    phone: str
    line2: str = ""
    line3: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Body of POST /lab/v1/orders. `kit_id` is the idempotency key; `scenario` is for sandbox labs."""

    kit_id: str
    ordered_at: str
    test_mode: bool
    recipient: Recipient
    scenario: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Event:
    """Body of POST /lab/v1/events. `id` is unique per lab; the same id again counts once."""

    id: str
    type: str
    kit_id: str
    occurred_at: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
