"""A user's password: looked at, changed, forgotten and set anew."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from kitloop.accounts.letters import owe, user_of_link
from kitloop.accounts.logins import end_logins
from kitloop.accounts.models import User
from kitloop.base.errors import FieldErrors, KitloopError


class LinkOver(KitloopError):
    """The link of a letter does nothing any more: it was used, or it is too old, or it was never one."""

    code = "link_over"

    def __init__(self) -> None:
        super().__init__("This link does not work any more: it was used already, or it is too old.")


def check_password(password: str, *, of: User, field: str) -> None:
    """Raises FieldErrors for `field` where the password is too easy to guess for this user."""
    try:
        validate_password(password, of)
    except ValidationError as error:
        raise FieldErrors({field: list(error.messages)}) from None


def set_password(user: User, password: str) -> None:
    """The user's new password. Every login ends with the old one: those by token here, sessions because they hold its hash."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        user.set_password(password)
        user.save(update_fields=["password"])
        end_logins(user)
        owe(user, "password_changed")


def forget_password(email: str) -> None:
    """Owes the letter with a link to set a new one, where there is such a user. One who has not activated their account yet
    gets the link for that again."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is not None and user.is_active:
        owe(user, "password_reset")
    elif user is not None and user.activated is None:
        owe(user, "activation")


def reset_password(uid: str, token: str, *, password: str) -> User:
    """Sets the password by a letter's link. Raises LinkOver, and FieldErrors for `new_password`."""
    with transaction.atomic():
        user = user_of_link("password_reset", uid, token, locked=True)
        if user is None:
            raise LinkOver
        check_password(password, of=user, field="new_password")
        set_password(user, password)
    return user
