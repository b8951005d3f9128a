"""The account's name and e-mail address, changed by whose they are."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from kitloop.accounts.addresses import ask_for_new_email
from kitloop.accounts.guesses import RESET_LETTERS, count_attempt
from kitloop.accounts.models import Caller, User
from kitloop.accounts.organizations import change_user
from kitloop.base.errors import FieldErrors
from kitloop.base.requests import client_address
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.password_forms import PasswordForm
from kitloop.dashboard.people_form import printable
from kitloop.dashboard.shell import show

SECTION = "account"


@dataclass(frozen=True, slots=True)
class Change:
    tab: str
    title: str
    button: str


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=254,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
        validators=[printable],
    )


class EmailForm(PasswordForm):
    new_email = forms.EmailField(
        label="New e-mail",
        max_length=254,
        help_text="We send a link there. Your e-mail changes when you follow it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    field_order = ("new_email", "password")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        del self.fields["password"].widget.attrs["autofocus"]  # it is the second one here


@page("GET", "POST")
def name(request: HttpRequest, caller: Caller) -> HttpResponse:
    user = _user(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        change_user(user, name=form.cleaned_data["name"])
        enter(request, "user.patch", caller, user.id)
        messages.success(request, "Your name is changed.")
        return redirect("dashboard:account")
    return _shown(request, "Change your name", "Change name", form)


@page("GET", "POST")
def email(request: HttpRequest, caller: Caller) -> HttpResponse:
    """With the password. The new address has to follow the link in its letter; until then everything stays as it is."""
    user = _user(request)
    form = EmailForm(user, client_address(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        if count_attempt(RESET_LETTERS, email=user.email, address=client_address(request)) is not None:
            form.add_error(None, "Enough letters for now. Try again in an hour.")
        else:
            try:
                ask_for_new_email(user, form.cleaned_data["new_email"])
            except FieldErrors as error:
                form.add_error("new_email", error.fields["new_email"])
            else:
                enter(request, "user-change-email.post", caller, user.id)
                messages.success(request, "Look in the mail of the new address, and follow the link in our letter.")
                return redirect("dashboard:account")
    return _shown(request, "Change your e-mail", "Send the link", form)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the page's gate has seen to it
    return request.user


def _shown(request: HttpRequest, title: str, button: str, form: Any) -> HttpResponse:
    return show(request, "profile_change.html", Change("profile", title, button), section=SECTION, form=form)
