"""Sign up, and log in with a brake on guessing.

The brake is per e-mail and network address together, so that nobody can lock out a customer from elsewhere. It is kept
in the database, where it outlives a restart and holds for every process, and it counts before the password is looked
at: a hundred guesses sent at once are a hundred guesses. Behind a proxy that hides its clients all addresses are one,
and the brake is then per e-mail alone.
"""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from kitloop_storefront.models import Attempts, Customer
from kitloop_storefront.models.customer import plain_email

TRIES = 10
WINDOW = timedelta(minutes=15)


class TooManyTries(Exception):
    """Too many tries for this e-mail from this network address lately."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait


def sign_up(email: str, *, name: str, password: str) -> Customer | None:
    """The new customer; None when the address was taken in the same moment."""
    try:
        with transaction.atomic():
            return Customer.objects.create_user(email, password, name=name)
    except IntegrityError:
        return None


def check_password(request: HttpRequest, *, email: str, password: str) -> Customer | None:
    """The account of a right pair. Raises TooManyTries, whatever the password."""
    who = _who(email, str(request.META.get("REMOTE_ADDR", "")))
    _count_try(who, timezone.now())
    customer = authenticate(request, username=plain_email(email), password=password)
    if not isinstance(customer, Customer):
        return None
    Attempts.objects.filter(who=who).delete()  # what went before were slips
    return customer


def _count_try(who: str, now: datetime) -> None:
    """Counts a try, durably. A try that is told to wait is not counted, so waiting always ends."""
    with transaction.atomic():
        row, is_new = Attempts.objects.select_for_update().get_or_create(who=who, defaults={"since": now})
        if now - row.since >= WINDOW:
            row.count, row.since = 0, now
        if row.count >= TRIES:
            raise TooManyTries(row.since + WINDOW - now)
        row.count += 1
        row.save(update_fields=["count", "since"])
    if is_new:
        Attempts.objects.filter(since__lt=now - WINDOW).delete()


def _who(email: str, address: str) -> str:
    said = f"{plain_email(email)}\n{address}"
    return salted_hmac("kitloop_storefront.signing_in", said, algorithm="sha256").hexdigest()
