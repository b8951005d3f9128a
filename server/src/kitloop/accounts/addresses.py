"""A user's e-mail address, changed only to one that is shown to be theirs."""

from django.db import IntegrityError, transaction

from kitloop.accounts.letters import owe, user_of_link
from kitloop.accounts.models import User
from kitloop.accounts.passwords import LinkOver
from kitloop.accounts.unactivated import make_way, unactivated
from kitloop.base.errors import FieldErrors


def ask_for_new_email(user: User, email: str) -> None:
    """Owes a letter with a link to the new address, and word of it to the old one. Nothing changes until the link is followed.

    An address that somebody has an account with gets no link, and nobody is told so: it would say who has an account.
    """
    email = email.strip().lower()
    if email == user.email:
        raise FieldErrors({"new_email": ["This is your e-mail address already."]})
    with transaction.atomic():
        is_free = not User.objects.filter(email=email).exclude(pk__in=unactivated()).exists()
        User.objects.filter(pk=user.pk).update(new_email=email if is_free else "")
        if is_free:
            owe(user, "new_email")
        owe(user, "email_change")


def confirm_email(uid: str, token: str) -> User:
    """The user under the new address, by its letter's link. Raises LinkOver."""
    try:
        with transaction.atomic():
            user = user_of_link("new_email", uid, token, locked=True)
            if user is None:
                raise LinkOver
            make_way(user.new_email)
            user.email, user.new_email = user.new_email, ""
            user.save(update_fields=["email", "new_email"])
    except IntegrityError:  # somebody made an account with it meanwhile
        raise LinkOver from None
    return user
