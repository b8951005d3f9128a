"""How many requests somebody may make in a minute, over all web processes together, at next to no cost.

Requests are given out by a row of the database, in leases of a fiftieth of the limit; a process serves each lease from memory.
So 49 requests in 50 ask nobody, and what is given out in a minute never exceeds the limit. What a process has not used when
the minute ends is lost: under load, a fiftieth per thread that asked at once.
"""

import threading
import time

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

LEASES_PER_MINUTE = 50

# One row for each asker, turned to a new minute by whoever first comes in it. A machine whose clock is behind draws on the
# minute that the others are in.
_LEASE = """
INSERT INTO base_requestwindow AS held (who, minute, leases) VALUES (%(who)s, %(minute)s, 1)
ON CONFLICT (who) DO UPDATE SET
    leases = CASE WHEN excluded.minute > held.minute THEN 1 ELSE held.leases + 1 END,
    minute = greatest(held.minute, excluded.minute)
WHERE excluded.minute > held.minute OR held.leases * %(lease)s < %(limit)s
RETURNING leases
"""
_SPENT = -1


class _Held:
    """What this process may still give out in the minute that it is in, by asker."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.minute = 0
        self.left: dict[str, int] = {}


_held = _Held()


def take(who: str, *, limit: int, now: float | None = None) -> float | None:
    """Takes one request of this minute's. None: go ahead. Otherwise the seconds until the next minute. Limit 0: none.

    Outside of a transaction: a lease that were rolled back would be given out twice, and its row locked till the end.
    """
    if limit == 0:
        return None
    moment = time.time() if now is None else now
    minute, wait = int(moment // 60), 60 - moment % 60
    with _held.lock:
        if minute != _held.minute:
            _held.minute, _held.left = minute, {}
        left = _held.left.get(who, 0)
        if left > 0:
            _held.left[who] = left - 1
            return None
        if left == _SPENT:
            return wait
    granted = _leased(who, minute, limit)  # without the lock: others go on meanwhile
    with _held.lock:
        if minute == _held.minute:
            left = max(_held.left.get(who, 0), 0)
            _held.left[who] = left + granted - 1 if granted else left or _SPENT
    return None if granted else wait


def _leased(who: str, minute: int, limit: int) -> int:
    lease = max(1, limit // LEASES_PER_MINUTE)
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"who": who, "minute": minute, "lease": lease, "limit": limit})
        row = cursor.fetchone()
    return max(0, min(lease, limit - (row[0] - 1) * lease)) if row else 0


def of_address(address: str) -> str:
    """The name under which an address is counted. Not the address itself, which is personal data."""
    return "from:" + salted_hmac("kitloop.limits", address, settings.SECRET_KEY).hexdigest()


def forget_windows(*, older_than_minutes: int) -> None:
    """Removes who has not asked for a while."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM base_requestwindow WHERE minute < %s", [int(time.time() // 60) - older_than_minutes]
        )
