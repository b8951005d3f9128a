"""429 for whoever guesses, or has too many letters sent."""

from math import ceil

from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request

from kitloop.accounts.guesses import OWN_PASSWORD, Limit, count_attempt, forget_attempts
from kitloop.accounts.models import User
from kitloop.base.requests import client_address


def counted(request: Request, limit: Limit, *, email: str = "") -> None:
    """Counts a try at this e-mail from the request's address."""
    wait = count_attempt(limit, email=email, address=client_address(request._request))
    if wait is not None:
        raise Throttled(ceil(wait.total_seconds()))


def forgotten(request: Request, limit: Limit, *, email: str = "") -> None:
    """What was counted were slips."""
    forget_attempts(limit, email=email, address=client_address(request._request))


def own_password(request: Request, user: User, password: str) -> None:
    """Asks somebody who is signed in for their password again; tries count. Outside of a transaction that an error rolls back."""
    counted(request, OWN_PASSWORD, email=user.email)
    if not user.check_password(password):
        raise ValidationError({"current_password": ["Invalid password."]})
    forgotten(request, OWN_PASSWORD, email=user.email)
