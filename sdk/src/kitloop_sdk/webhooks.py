"""Webhook signatures, made and verified. Source: contract §7.1 (`Gencove-Signature`: HMAC-SHA512 over `t.body`)."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

SIGNATURE_HEADER = "Gencove-Signature"


class WebhookVerificationError(Exception):
    """Not signed by this secret, too old, or the body is not a list of events. Answer 400 and do nothing."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event of a delivery. `event_id` stays the same when it is delivered again: use it to count once."""

    event_id: str
    event_type: str
    timestamp: str
    payload: dict[str, Any]


def signature(secret: str, body: bytes, *, timestamp: int) -> str:
    """The value of the `Gencove-Signature` header for these exact bytes; `timestamp` is unix seconds."""
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def verify_webhook(
    body: bytes, header: str | None, secret: str, *, tolerance_seconds: int | None = 300, now: float | None = None
) -> list[WebhookEvent]:
    """The events of a webhook request whose signature is right.

    `body` is the request's raw bytes, before any parsing; `header` the `Gencove-Signature` header's value.
    Raises WebhookVerificationError otherwise. `tolerance_seconds=None` accepts any age, as the official verifier does.
    """
    if not secret:  # an unset variable would otherwise let in whoever signs with nothing
        raise WebhookVerificationError("There is no secret to verify with.")
    parts = dict(part.strip().split("=", 1) for part in (header or "").split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13) or "v1" not in parts:
        raise WebhookVerificationError("The request has no usable Gencove-Signature header.")
    if not hmac.compare_digest(_digest(secret, int(stamp), body).encode(), parts["v1"].encode()):
        raise WebhookVerificationError(
            "The signature does not match the body: another secret, or a body that was changed."
        )
    if tolerance_seconds is not None and abs((time.time() if now is None else now) - int(stamp)) > tolerance_seconds:
        raise WebhookVerificationError("The signature is too old, or this machine's clock is off.")
    try:
        return [
            WebhookEvent(str(e["event_id"]), str(e["event_type"]), str(e["timestamp"]), dict(e["payload"]))
            for e in json.loads(body)
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise WebhookVerificationError("The body is not a list of events.") from error


def _digest(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha512).hexdigest()
