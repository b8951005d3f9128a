"""An authenticator app, and time that goes by for it."""

import time
from base64 import b32decode

from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from kitloop.accounts.models import Authenticator, User
from kitloop.accounts.second_factor import confirm, set_up


def code(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or some steps of 30 s from now."""
    app = TOTP(b32decode(secret))
    app.time = time.time() + 30 * steps
    return f"{app.token():06d}"


def turned_on(user: User) -> tuple[str, list[str]]:
    """Turns the second factor on: the app's key, and the backup tokens. A code of the present works again afterwards."""
    secret = set_up(user).secret
    tokens = confirm(user, code(secret))
    assert tokens is not None
    later(user)
    return secret, tokens


def later(user: User) -> None:
    """The step of the last code, and the pause after wrong ones, are over."""
    over = {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
    Authenticator.objects.filter(user=user).update(last_t=-1, drift=0, **over)
    StaticDevice.objects.filter(user=user).update(**over)
