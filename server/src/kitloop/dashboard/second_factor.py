"""The account's two-step login: on or off, set up with a picture to scan, backup tokens shown once."""

from dataclasses import dataclass

import segno
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe

from kitloop.accounts.models import Caller, User
from kitloop.accounts.second_factor import (
    WRONG,
    NothingSetUp,
    SetUp,
    backup_tokens_left,
    being_set_up,
    confirm,
    has_second_factor,
    set_up,
    turn_off,
)
from kitloop.base.requests import client_address
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.once import keep_once, take_once
from kitloop.dashboard.password_forms import PasswordForm
from kitloop.dashboard.shell import show

SECTION = "account"


@dataclass(frozen=True, slots=True)
class TwoSteps:
    tab: str
    is_on: bool
    tokens_left: int


@dataclass(frozen=True, slots=True)
class AppSetUp:
    tab: str
    picture: SafeString
    secret: str  # in groups of four, to be typed


@dataclass(frozen=True, slots=True)
class BackupTokens:
    """The tokens on the one page that shows them; none when they were shown already."""

    tab: str
    tokens: tuple[str, ...]


class FirstCodeForm(forms.Form):
    token = forms.CharField(
        max_length=20,
        label="The code that the app shows now",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
        ),
    )


@page("GET", "POST")
def status(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Whether it is on; with the password, a POST begins to set it up."""
    user = _user(request)
    form = PasswordForm(user, client_address(request), request.POST or None)
    is_on = has_second_factor(user)
    if request.method == "POST" and not is_on and form.is_valid():
        set_up(user)
        enter(request, "mfa-setup.post", caller, user.id)
        return redirect("dashboard:second-factor-set-up")
    found = TwoSteps("second-factor", is_on, backup_tokens_left(user) if is_on else 0)
    return show(request, "second_factor.html", found, section=SECTION, form=form)


@page("GET", "POST")
def set_up_app(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The picture to scan; a POST with the app's first code turns it on."""
    user = _user(request)
    found = being_set_up(user)
    if found is None:
        return redirect("dashboard:second-factor")
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tokens = confirm(user, form.cleaned_data["token"])
        except NothingSetUp:  # in another window, meanwhile
            return redirect("dashboard:second-factor")
        if tokens is not None:
            keep_once(request, user.id, " ".join(tokens))
            enter(request, "mfa-validate.post", caller, user.id)
            return redirect("dashboard:backup-tokens")
        form.add_error("token", WRONG)
    return show(request, "second_factor_set_up.html", _app(found), section=SECTION, form=form)


@page("GET")
def backup_tokens(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The backup tokens, once; after that, the sentence that they can't be shown again."""
    kept = take_once(request, caller.user_id) or ""
    return show(request, "backup_tokens.html", BackupTokens("second-factor", tuple(kept.split())), section=SECTION)


@page("GET", "POST")
def turn_off_app(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Asks for the password; then that alone is enough to log in."""
    user = _user(request)
    form = PasswordForm(user, client_address(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            turn_off(user)
        except NothingSetUp:
            return redirect("dashboard:second-factor")
        enter(request, "mfa-disable.delete", caller, user.id)
        messages.success(request, "Two-step login is off. Your password alone is enough to log in.")
        return redirect("dashboard:second-factor")
    return show(request, "second_factor_off.html", TwoSteps("second-factor", True, 0), section=SECTION, form=form)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the page's gate has seen to it
    return request.user


def _app(found: SetUp) -> AppSetUp:
    # Black on white whatever the page's colours are: cameras want it so. `light` fills the quiet zone too.
    code = segno.make(found.config_url, error="m", micro=False)
    drawn = code.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", title="QR code for the authenticator app")
    groups = " ".join(found.secret[at : at + 4] for at in range(0, len(found.secret), 4))
    return AppSetUp("second-factor", mark_safe(drawn), groups)  # noqa: S308 drawn by us; the URL is in its squares
