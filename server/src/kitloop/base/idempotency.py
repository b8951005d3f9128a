"""Doing a thing once, however often it is asked for."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kitloop.base.errors import KeyInFlight, KeyReused
from kitloop.base.models import IdempotencyKey


def request_hash(*parts: Any) -> str:
    """SHA-256 of the parts' canonical JSON: the same request spelled with other key order is the same request."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def once(organization_id: UUID, key: str, *, of: str, do: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The answer of `do`, and whether it was given before. `of` is the request's hash.

    Runs `do` in the transaction that also writes the key, so that neither is kept without the other.
    Raises KeyInFlight while another request holds the key, KeyReused where it came with another request.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Taken or not, never waited for: a waiting request would hold a server thread for as long as the first one runs.
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{organization_id}:{key}"])
            if not cursor.fetchone()[0]:
                raise KeyInFlight(
                    "A request with this Idempotency-Key is still being carried out. Try again in a second."
                )
        before = IdempotencyKey.objects.filter(organization_id=organization_id, key=key).first()
        if before is not None:
            if before.request_hash != of:
                raise KeyReused(
                    "This Idempotency-Key was used before with another request. Use a new key for a new request."
                )
            return before.answer, True
        answer = do()
        IdempotencyKey.objects.create(organization_id=organization_id, key=key, request_hash=of, answer=answer)
        return answer, False


def forget_keys(*, older_than: timedelta) -> None:
    """Removes keys that nobody sends again: a client's retries end within minutes, a nightly job's within days."""
    IdempotencyKey.objects.filter(created__lt=datetime.now(UTC) - older_than).delete()
