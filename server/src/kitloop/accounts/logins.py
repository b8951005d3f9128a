"""Logins by token: a refresh token, the access tokens that are made of it, and their end (contract §2.2).

A login is one row of simplejwt's outstanding tokens, and its access tokens carry its id: logging out and a new password end
them at once, not when they would have expired. The row does not keep the token's text, which opens as much as a password.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token, UntypedToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from kitloop.accounts.models import Caller, User
from kitloop.base.errors import KitloopError

T = TypeVar("T", bound=Token)


@dataclass(frozen=True, slots=True)
class Tokens:
    refresh: str
    access: str


class LoginOver(KitloopError):
    """The token opens nothing: it is no token of ours, it expired, its login was ended, or its user may not log in any more."""

    code = "token_not_valid"


def log_in(user: User) -> Tokens:
    """A new login of a user who has shown who they are. Ends with its refresh token, `log_out`, or `end_logins`.

    Raises LoginOver where the password was changed or the user deactivated since `user` was read: a login that began with an
    old password must not outlive it.
    """
    with transaction.atomic():
        still = User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=user.password, is_active=True)
        if still.first() is None:
            raise LoginOver("The password was changed at this moment.")
        refresh = RefreshToken()
        refresh["user_id"] = str(user.id)
        OutstandingToken.objects.create(
            user=user, jti=refresh["jti"], created_at=refresh.current_time, expires_at=_expiry(refresh)
        )
        User.objects.filter(pk=user.pk).update(last_login=datetime.now(UTC))
    return Tokens(str(refresh), _access_of(refresh))


def refreshed(text: str) -> str:
    """A new access token of a login that goes on. Raises LoginOver."""
    refresh = _parsed(RefreshToken, text)
    if _caller(refresh) is None:
        raise _OVER
    return _access_of(refresh)


def verify(text: str) -> None:
    """Raises LoginOver where the token, of either kind, opens nothing."""
    if _caller(_parsed(UntypedToken, text)) is None:
        raise _OVER


def log_out(text: str) -> Caller:
    """Ends the login of a refresh token, with its access tokens; whose it was. Raises LoginOver where it was over before."""
    refresh = _parsed(RefreshToken, text)
    caller = _caller(refresh)
    if caller is None:
        raise _OVER
    _end(OutstandingToken.objects.filter(jti=refresh["jti"]))
    return caller


def end_logins(user: User) -> None:
    """Ends all of a user's logins by token."""
    _end(OutstandingToken.objects.filter(user=user))


def caller_of_token(text: str) -> Caller | None:
    """Whom an access token acts for; none where it opens nothing."""
    try:
        return _caller(_parsed(AccessToken, text))
    except LoginOver:
        return None


def forget_logins() -> None:
    """Removes the rows of logins whose tokens have all expired."""
    longest = AccessToken.lifetime
    OutstandingToken.objects.filter(expires_at__lt=datetime.now(UTC) - longest).delete()


_OVER = LoginOver("Token is invalid or expired")

# Every request with a token asks this, so it is spelt out: one row of plain values, no models.
_LOGIN = """
SELECT u.id, u.organization_id, u.role
FROM token_blacklist_outstandingtoken t
JOIN accounts_user u ON u.id = t.user_id
WHERE t.jti = %s AND u.id::text = %s AND u.is_active
  AND NOT EXISTS (SELECT FROM token_blacklist_blacklistedtoken b WHERE b.token_id = t.id)
"""


def _caller(token: Token) -> Caller | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOGIN, [str(token["jti"]), str(token.get("user_id"))])
        row: tuple[UUID, UUID, str] | None = cursor.fetchone()
    if row is None:
        return None
    user_id, organization_id, role = row
    return Caller(user_id=user_id, organization_id=organization_id, role=role)


def _parsed(kind: type[T], text: str) -> T:
    """A token of this kind whose signature and time are right."""
    try:
        return kind(text)  # type: ignore[arg-type]  # the text is what it takes, whatever its hint says
    except TokenError:
        raise _OVER from None


def _access_of(refresh: RefreshToken) -> str:
    access = refresh.access_token
    access["jti"] = refresh["jti"]
    return str(access)


def _expiry(token: Token) -> datetime:
    found: datetime = datetime_from_epoch(token["exp"])
    return found


def _end(rows: QuerySet[OutstandingToken]) -> None:
    ended = [BlacklistedToken(token=row) for row in rows.filter(blacklistedtoken=None)]
    BlacklistedToken.objects.bulk_create(ended, ignore_conflicts=True)
