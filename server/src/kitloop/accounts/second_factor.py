"""The second factor of a login: an authenticator app (TOTP), and backup tokens for when it is lost.

The app's key is sealed, and a backup token is kept as a keyed hash: whoever reads the database can't log in with what is there.
django-otp counts wrong tokens by device and makes each next try wait longer, whatever address it comes from.
"""

import secrets
from base64 import b32encode
from dataclasses import dataclass

from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from kitloop.accounts.letters import owe
from kitloop.accounts.models import Authenticator, User
from kitloop.base.errors import KitloopError
from kitloop.base.sealed import seal

BACKUP_TOKENS = 10
WRONG = "This code is not right, or not any more. Enter the one that the app shows now."
WRONG_BACKUP = "This backup token is not right, or it was used already."
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an authenticator app needs: the key in base32, and the same as an otpauth:// URL, for a QR code."""

    secret: str
    config_url: str


class SecondFactorOn(KitloopError):
    """There is a second factor already; it has to be turned off before another is set up."""

    code = "mfa_on"


class NothingSetUp(KitloopError):
    """No second factor is being set up, or none is on, depending on what was asked."""

    code = "mfa_off"


def has_second_factor(user: User) -> bool:
    found: bool = Authenticator.objects.filter(user=user, confirmed=True).exists()
    return found


def backup_tokens_left(user: User) -> int:
    left: int = StaticToken.objects.filter(device__user=user).count()
    return left


def set_up(user: User) -> SetUp:
    """A new key, which counts from `confirm` on. The one of an earlier set-up that was not confirmed is forgotten.

    Raises SecondFactorOn.
    """
    with transaction.atomic():
        if has_second_factor(_locked(user)):
            raise SecondFactorOn("Two-step login is on. Turn it off first to set up another device.")
        Authenticator.objects.filter(user=user).delete()
        device = Authenticator.objects.create(
            user=user, name="app", confirmed=False, sealed_key=seal(secrets.token_hex(20))
        )
    return _shown(device)


def being_set_up(user: User) -> SetUp | None:
    """What `set_up` gave, while it waits for `confirm`."""
    device = Authenticator.objects.filter(user=user, confirmed=False).first()
    return _shown(device) if device else None


def confirm(user: User, token: str) -> list[str] | None:
    """Turns the second factor on with a first token of the app; the backup tokens, which can't be shown again.

    None where the token is wrong, which counts: not in a transaction that is rolled back because of it. Raises NothingSetUp.
    """
    with transaction.atomic():
        device = Authenticator.objects.filter(user=_locked(user), confirmed=False).first()
        if device is None:
            raise NothingSetUp("Two-step login is not being set up.")
        if not device.verify_token(_plain(token)):
            return None
        Authenticator.objects.filter(pk=device.pk).update(confirmed=True)
        owe(user, "second_factor_on")
        return _new_backup_tokens(user)


def passes(user: User, *, otp_token: str = "", backup_token: str = "") -> bool:
    """Whether one of these is right. It is used up by that: a second login with it fails, also one at the same moment.

    A wrong one counts: not in a transaction that is rolled back because of it.
    """
    with transaction.atomic():
        _locked(user)
        if otp_token:
            device = Authenticator.objects.filter(user=user, confirmed=True).first()
            return bool(device and device.verify_token(_plain(otp_token)))
        spare = StaticDevice.objects.filter(user=user).first()
        return bool(backup_token and spare and spare.verify_token(_hash(user, backup_token)))


def turn_off(user: User) -> None:
    """The password alone is enough again. Raises NothingSetUp where it was so already."""
    with transaction.atomic():
        if not has_second_factor(_locked(user)):
            raise NothingSetUp("Two-step login is off already.")
        _forget(user)
        owe(user, "second_factor_off")


def _forget(user: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _new_backup_tokens(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="backup")
    tokens = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(BACKUP_TOKENS)]  # 49 bits each
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_hash(user, token)) for token in tokens])
    return [f"{token[:5]}-{token[5:]}" for token in tokens]


def _shown(device: Authenticator) -> SetUp:
    return SetUp(secret=b32encode(device.bin_key).decode(), config_url=device.config_url)


def _plain(token: str) -> str:
    """As people type and apps show it: `123 456`."""
    return "".join(token.split()).replace("-", "").lower()


def _hash(user: User, token: str) -> str:
    """80 bits of it: what the library's column holds."""
    digest = salted_hmac("kitloop.accounts.backup_tokens", f"{user.pk}:{_plain(token)}", algorithm="sha256").digest()
    return b32encode(digest[:10]).decode()


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)
