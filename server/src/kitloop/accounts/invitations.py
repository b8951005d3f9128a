"""Invitations into an organization: sent, accepted, revoked, or left until they expire.

The token in the letter's link is derived from the invitation's id and the installation's secret, so that it is stored nowhere, not
even in the job that writes the letter; the row keeps its hash, by which it is found.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from kitloop.accounts.models import Caller, Invitation, User
from kitloop.accounts.organizations import give_role, locked_organization
from kitloop.accounts.unactivated import make_way
from kitloop.base.errors import FieldErrors, KitloopError
from kitloop.base.jobs import defer

A_DAY_AT_MOST = 100  # letters to addresses that anybody may type in


class InvitationOver(KitloopError):
    """The invitation can't be accepted any more: it was accepted or revoked, or it expired."""

    code = "invitation_over"


class NotInvited(KitloopError):
    """The invitation is for another person: another e-mail address, or somebody whose account is in another organization."""

    code = "not_invited"


def find_invitation(token: str) -> Invitation | None:
    """The invitation of a letter's link, while it can be accepted."""
    found = invitation_of(token)
    return found if found is not None and status_of(found) == "pending" else None


def accept_invitation(invitation: Invitation, user: User) -> Invitation:
    """Notes that this user, of the invitation's organization, came by it; the user's role is the invitation's afterwards.

    Raises NotInvited where it is for somebody else, InvitationOver where it can't be accepted any more (a second one at the same
    time, too), and FieldErrors where it would take the role from the organization's last owner.
    """
    if user.email != invitation.email:
        raise NotInvited("This invitation is for another e-mail address.")
    if user.organization_id != invitation.organization_id:
        raise NotInvited("This e-mail address has an account in another organization, and can't join a second one.")
    with transaction.atomic():
        if not _end(invitation, "accepted", by=user.id):
            raise InvitationOver(f"This invitation is {status_of(invitation)}.")
        if user.role != invitation.role:
            give_role(user, role=invitation.role)
    return invitation


def join_organization(invitation: Invitation, *, name: str, password: str) -> User:
    """A new user of the invitation's organization, with its role. The letter came to the address, so that it is shown to be theirs.

    Raises InvitationOver as `accept_invitation`, and FieldErrors for `email` where somebody has an account with it.
    """
    user = User(
        email=invitation.email,
        name=name,
        organization_id=invitation.organization_id,
        role=invitation.role,
        activated=datetime.now(UTC),
    )
    user.set_password(password)
    try:
        with transaction.atomic():
            make_way(invitation.email)
            user.save()
            accept_invitation(invitation, user)
    except IntegrityError:
        raise FieldErrors({"email": ["This e-mail address has an account already."]}) from None
    return user


def invite(caller: Caller, *, email: str, role: str) -> Invitation:
    """A new invitation into the caller's organization, and its letter as a job.

    Raises FieldErrors for `email`: who is in the organization, or has an invitation that can still be accepted, gets no other.
    """
    email, now = email.strip().lower(), datetime.now(UTC)
    with transaction.atomic():
        organization = locked_organization(caller.organization_id)
        sent = Invitation.objects.filter(organization=organization)
        if organization.users.filter(email=email).exists():
            raise FieldErrors({"email": ["This e-mail address belongs to a user of your organization."]})
        if sent.filter(email=email, status="pending", expires__gt=now).exists():
            raise FieldErrors({"email": ["This e-mail address has an invitation already. Revoke it to send another."]})
        if sent.filter(created__gt=now - timedelta(days=1)).count() >= A_DAY_AT_MOST:
            raise FieldErrors({"email": [f"At most {A_DAY_AT_MOST} invitations can be sent a day."]})
        id = uuid4()
        invitation = Invitation.objects.create(
            id=id,
            organization=organization,
            email=email,
            role=role,
            hashed_token=_hash(_token(id)),
            created_by_id=caller.user_id,
            status_actor_id=caller.user_id,
            expires=now + timedelta(days=settings.KITLOOP_INVITATION_DAYS),
        )
        defer("accounts.send_invitation", invitation_id=str(id))
    return invitation


def revoke_invitation(invitation: Invitation, *, by: Caller) -> None:
    """The link opens nothing any more. Raises InvitationOver where it was over before."""
    if not _end(invitation, "revoked", by=by.user_id):
        raise InvitationOver(f"This invitation is {status_of(invitation)}.")


def send_invitation(invitation_id: UUID) -> None:
    """The letter; none where the invitation is over by now. A mail server that refuses is asked again until it expires."""
    invitation = Invitation.objects.select_related("organization", "created_by").get(pk=invitation_id)
    if status_of(invitation) != "pending":
        return
    body = render_to_string(
        "accounts/invitation.txt",
        {
            "organization": invitation.organization.name,
            "inviter": invitation.created_by.name or invitation.created_by.email,
            "role": invitation.role,
            "url": f"{settings.KITLOOP_URL}/join/{_token(invitation.id)}",
            "expires": invitation.expires,
        },
    )
    subject = " ".join(f"Join {invitation.organization.name} on Kitloop".split())
    EmailMessage(subject=subject, body=body, to=[invitation.email]).send()


def status_of(invitation: Invitation) -> str:
    """pending, accepted, expired or revoked (contract §6.1)."""
    is_late = invitation.status == "pending" and invitation.expires <= datetime.now(UTC)
    return "expired" if is_late else invitation.status


def invitation_of(token: str) -> Invitation | None:
    """The invitation of a letter's link, whatever became of it."""
    rows = Invitation.objects.select_related("organization", "status_actor")
    return rows.filter(hashed_token=_hash(token)).first()


def _end(invitation: Invitation, status: str, *, by: UUID) -> bool:
    """Moves a pending invitation to its end, once; `invitation` then says what is so. False where it was over before."""
    now = datetime.now(UTC)
    open_still = Invitation.objects.filter(pk=invitation.pk, status="pending", expires__gt=now)
    moved = open_still.update(status=status, status_id=uuid4(), status_created=now, status_actor_id=by)
    invitation.refresh_from_db()
    return bool(moved)


def _token(invitation_id: UUID) -> str:
    """32 characters that fit in a URL."""
    digest = salted_hmac("kitloop.accounts.invitations", str(invitation_id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
