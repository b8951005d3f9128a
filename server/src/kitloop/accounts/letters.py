"""E-mails to users about their own account, each sent by a job whose arguments are ids.

A link's token is made of the user's row and the installation's secret when the letter is written, and stored nowhere. It works
once, for what it changes is part of it, and for as long as PASSWORD_RESET_TIMEOUT says.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from kitloop.accounts.models import User
from kitloop.base.jobs import defer
from kitloop.base.mail import REFUSALS, is_final

log = logging.getLogger(__name__)
WORTH_SENDING = timedelta(days=1)  # a mail server that is away for longer need not bring what nobody waits for any more


class _ActivationTokens(PasswordResetTokenGenerator):
    key_salt = "kitloop.accounts.activation"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.activated}"


class _EmailTokens(PasswordResetTokenGenerator):
    key_salt = "kitloop.accounts.new_email"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.new_email}"


@dataclass(frozen=True, slots=True)
class Kind:
    subject: str
    path: str = ""  # of its link, where it has one
    tokens: PasswordResetTokenGenerator | None = None


KINDS = {
    "activation": Kind("Activate your Kitloop account", "activate", _ActivationTokens()),
    "account_exists": Kind("You have a Kitloop account already"),
    "password_reset": Kind("Set a new password for Kitloop", "password-reset", default_token_generator),
    "password_changed": Kind("Your Kitloop password was changed"),
    "new_email": Kind("Confirm your new e-mail address for Kitloop", "confirm-email", _EmailTokens()),
    "email_change": Kind("Your Kitloop e-mail address is to be changed"),
    "second_factor_on": Kind("Two-step login is on for your Kitloop account"),
    "second_factor_off": Kind("Two-step login is off for your Kitloop account"),
}


def owe(user: User, kind: str) -> None:
    """A letter, as a job of this transaction."""
    until = datetime.now(UTC) + WORTH_SENDING
    defer("accounts.send_letter", user_id=str(user.id), kind=kind, until=until.isoformat())


def send_letter(user_id: UUID, kind: str, *, until: datetime) -> None:
    """Writes and sends it; nothing where the user is gone or what it is for took place. A final refusal ends it."""
    user = User.objects.filter(pk=user_id).first()
    if user is None or datetime.now(UTC) > until:
        return
    if (kind == "activation" and user.activated) or (kind == "new_email" and not user.new_email):
        return
    to = user.new_email if kind == "new_email" else user.email
    about = KINDS[kind]
    context = {
        "name": user.name,
        "email": to,
        "link": link(user, kind) if about.tokens else "",
        "url": settings.KITLOOP_URL,
        "support": settings.KITLOOP_SUPPORT_CONTACT,
    }
    body = render_to_string(f"accounts/{kind}.txt", context)
    try:
        EmailMessage(subject=about.subject, body=body, to=[to]).send()
    except REFUSALS as error:
        if not is_final(error):
            raise
        log.warning("letter %s to user %s is refused for good (%s)", kind, user_id, type(error).__name__)


def link(user: User, kind: str) -> str:
    tokens = KINDS[kind].tokens
    assert tokens is not None
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.KITLOOP_URL}/{KINDS[kind].path}/{uid}/{tokens.make_token(user)}"


def user_of_link(kind: str, uid: str, token: str, *, locked: bool = False) -> User | None:
    """Whose link of this kind it is, by its two parts; none where it does not work (any more).

    `locked`: until the transaction ends, so that of two who follow it at once one comes too late.
    """
    tokens = KINDS[kind].tokens
    try:
        pk = UUID(urlsafe_base64_decode(uid).decode())
    except ValueError:
        return None
    rows = User.objects.select_for_update(no_key=True) if locked else User.objects.all()
    user = rows.filter(pk=pk).first()
    if user is None or tokens is None or not tokens.check_token(user, token):
        return None
    if kind == "activation":
        return user if user.activated is None else None
    return user if user.is_active and (kind != "new_email" or user.new_email) else None
