"""Making an account by oneself: registered, activated by a letter's link, or forgotten again (ADR 9)."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from kitloop.accounts.invitations import NotInvited, find_invitation, join_organization
from kitloop.accounts.letters import owe, user_of_link
from kitloop.accounts.models import Organization, User
from kitloop.accounts.passwords import LinkOver, check_password
from kitloop.accounts.unactivated import unactivated
from kitloop.base.errors import FieldErrors


def register(*, email: str, password: str, name: str, organization_name: str) -> UUID:
    """A new user, owner of a new organization, who may log in when the link of the letter is followed; its id.

    Whoever has an account with the address gets a letter that says so, and the answer is the same: an id, of nobody. It must
    not tell who has an account. Raises FieldErrors for `password`.
    """
    email = email.strip().lower()
    user = User(email=email, name=name, role="owner", is_active=False)
    check_password(password, of=user, field="password")
    user.set_password(password)  # in any case: it takes as long as everything else together
    try:
        with transaction.atomic():
            user.organization = Organization.objects.create(name=organization_name or name or email)
            user.save()
            owe(user, "activation")
    except IntegrityError:
        there = User.objects.get(email=email)
        owe(there, "account_exists" if there.activated else "activation")
        return uuid4()
    return user.id


def register_invited(token: str, *, email: str, password: str, name: str) -> User:
    """A new user by an invitation: active at once, in its organization, with its role.

    Raises FieldErrors for what does not fit: the token, the address that it was sent to, or the password.
    """
    invitation = find_invitation(token)
    if invitation is None:
        raise FieldErrors({"invitation_token": ["This invitation was used or revoked, or it is too old."]})
    if invitation.email != email.strip().lower():
        raise FieldErrors({"email": [str(NotInvited("This invitation is for another e-mail address."))]})
    check_password(password, of=User(email=invitation.email, name=name), field="password")
    return join_organization(invitation, name=name, password=password)


def activate(uid: str, token: str) -> User:
    """The user, who may log in from now on. Raises LinkOver."""
    with transaction.atomic():
        user = user_of_link("activation", uid, token, locked=True)
        if user is None:
            raise LinkOver
        user.activated, user.is_active = datetime.now(UTC), True
        user.save(update_fields=["activated", "is_active"])
    return user


def resend_activation(email: str) -> None:
    """Owes the letter again, where somebody with this address has registered and not activated."""
    user = unactivated().filter(email=email.strip().lower()).first()
    if user is not None:
        owe(user, "activation")
