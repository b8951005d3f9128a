"""Doing a thing once, however often it is asked for."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from kitloop.base.errors import KeyInFlight, KeyReused
from kitloop.base.models import IdempotencyKey
from kitloop.base.statements import first_row

# Two statements that travel together, not one: the second looks only when the lock is held, and so sees the row of whoever
# had it before. Taken or not, never waited for: a waiting request would hold a server thread for as long as the first one runs.
_TAKE = """
SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0));
SELECT request_hash, answer FROM base_idempotencykey WHERE organization_id = %s AND key = %s
"""
_KEEP = """
INSERT INTO base_idempotencykey (organization_id, key, request_hash, answer, created) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""


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
            cursor.execute(_TAKE, [f"{organization_id}:{key}", organization_id, key])
            if not cursor.fetchone()[0]:
                raise KeyInFlight(
                    "A request with this Idempotency-Key is still being carried out. Try again in a second."
                )
            cursor.nextset()
            before = cursor.fetchone()
        if before is not None:
            asked, answer = before
            if asked != of:
                raise KeyReused(
                    "This Idempotency-Key was used before with another request. Use a new key for a new request."
                )
            return json.loads(answer), True
        answer = do()
        first_row(_KEEP, [organization_id, key, of, Jsonb(answer), datetime.now(UTC)])
        return answer, False


def forget_keys(*, older_than: timedelta) -> None:
    """Removes keys that nobody sends again: a client's retries end within minutes, a nightly job's within days."""
    IdempotencyKey.objects.filter(created__lt=datetime.now(UTC) - older_than).delete()
