"""Accounts that somebody made with an address and nobody activated: they must not stand in the way of whose address it is."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from django.db.models import ProtectedError, QuerySet

from kitloop.accounts.models import Organization, User


def unactivated() -> QuerySet[User]:
    return User.objects.filter(activated=None, is_active=False)


def forget_unactivated(*, older_than: timedelta) -> None:
    """Removes what nobody activated in that time, with their empty organizations."""
    _remove(unactivated().filter(created__lt=datetime.now(UTC) - older_than))


def make_way(email: str) -> None:
    """Removes such an account with this address. For whoever has shown the address to be theirs, in their transaction."""
    _remove(unactivated().filter(email=email))


def _remove(rows: QuerySet[User]) -> None:
    organizations = list(rows.values_list("organization_id", flat=True))
    rows.delete()
    for organization in Organization.objects.filter(pk__in=organizations, users=None):
        with suppress(ProtectedError):  # the operator has made a project in it
            organization.delete()
