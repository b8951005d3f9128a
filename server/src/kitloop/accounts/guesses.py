"""Slowing down whoever guesses passwords or has reset letters sent, per e-mail and address together.

Kept in the database, so that it holds for every web process and survives a restart. Counted before the password is
looked at: a hundred guesses sent at once are a hundred guesses, not one that nobody had counted yet. Behind a proxy that
hides its clients all addresses are one, and the limit is then per e-mail alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from kitloop.accounts.models import Attempts


@dataclass(frozen=True, slots=True)
class Limit:
    kind: str
    at_most: int
    window: timedelta


SIGNING_IN = Limit("sign-in", at_most=5, window=timedelta(minutes=15))  # by page or by token: one count
OWN_PASSWORD = Limit("own-password", at_most=5, window=timedelta(minutes=15))  # asked again of somebody signed in
RESET_LETTERS = Limit("reset", at_most=3, window=timedelta(hours=1))
ACTIVATION_LETTERS = Limit("activation", at_most=3, window=timedelta(hours=1))
REGISTERING = Limit("register", at_most=20, window=timedelta(hours=1))  # of one address, whatever the e-mail
_LONGEST = timedelta(hours=1)


def count_attempt(limit: Limit, *, email: str, address: str) -> timedelta | None:
    """Counts a try. None: go ahead. Otherwise how long to wait; the try that heard this was not counted."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row, is_new = Attempts.objects.select_for_update().get_or_create(
            who=_who(limit, email, address), defaults={"since": now}
        )
        if now - row.since >= limit.window:
            row.count, row.since = 0, now
        if row.count >= limit.at_most:
            return row.since + limit.window - now
        row.count += 1
        row.save(update_fields=["count", "since"])
    if is_new:
        Attempts.objects.filter(since__lt=now - _LONGEST).delete()
    return None


def forget_attempts(limit: Limit, *, email: str, address: str) -> None:
    """They got in: what went before were slips."""
    Attempts.objects.filter(who=_who(limit, email, address)).delete()


def _who(limit: Limit, email: str, address: str) -> str:
    said = f"{limit.kind}\n{email.strip().lower()}\n{address}"
    return salted_hmac("kitloop.accounts.guesses", said, algorithm="sha256").hexdigest()
