"""The headers of a webhook request: the contract's signature (§7.1), and Standard Webhooks' over the same bytes."""

import base64
import hashlib
import hmac
from uuid import UUID

from kitloop_sdk.webhooks import SIGNATURE_HEADER, signature


def headers_for(body: bytes, *, event_id: UUID, secret: str | None, timestamp: int) -> dict[str, str]:
    """`timestamp`: unix seconds. Without a secret nothing is signed; the id is there all the same, to count events once."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Kitloop",
        "webhook-id": str(event_id),
        "webhook-timestamp": str(timestamp),
    }
    if secret is not None:
        headers[SIGNATURE_HEADER] = signature(secret, body, timestamp=timestamp)
        headers["webhook-signature"] = standard_signature(secret, body, event_id=event_id, timestamp=timestamp)
    return headers


def standard_signature(secret: str, body: bytes, *, event_id: UUID, timestamp: int) -> str:
    """`v1,` and HMAC-SHA256 over `id.timestamp.body`. The key is what the secret spells in base64, as their libraries read it."""
    said = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(base64.b64decode(secret), said, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
