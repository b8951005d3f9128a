"""The pages behind the links of our letters: an account activated, a new e-mail address confirmed.

Opening one changes nothing, since mail programs open links by themselves: a button does.
"""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.addresses import confirm_email
from kitloop.accounts.guesses import SIGNING_IN, count_attempt, forget_attempts
from kitloop.accounts.letters import user_of_link
from kitloop.accounts.models import User
from kitloop.accounts.passwords import LinkOver
from kitloop.accounts.registering import activate
from kitloop.base.requests import client_address
from kitloop.dashboard.entry import enter, write


@dataclass(frozen=True, slots=True)
class Letter:
    email: str


class ActivationForm(forms.Form):
    """The password as well as the letter: whoever registered with another person's address is not let in by that person."""

    password = forms.CharField(
        strip=False,
        label="The password that you chose",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, user: User, address: str, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.user, self.address = user, address

    def clean_password(self) -> str:
        if count_attempt(SIGNING_IN, email=self.user.email, address=self.address) is not None:
            raise forms.ValidationError("Too many attempts. Try again in a quarter of an hour.")
        password = str(self.cleaned_data["password"])
        if not self.user.check_password(password):
            raise forms.ValidationError("That is not the password that the account was made with.")
        forget_attempts(SIGNING_IN, email=self.user.email, address=self.address)
        return password


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activation(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """For whoever registered: the password again, and the account is theirs."""
    user = user_of_link("activation", uid, token)
    if user is None:
        return _over(request)
    form = ActivationForm(user, client_address(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                user = activate(uid, token)
                enter(request, "user-activate.post", user.caller(), user.id)
                write(request)
        except LinkOver:  # while the form was being filled in
            return _over(request)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, "Your account is active.")
        return redirect("dashboard:front")
    return render(request, "dashboard/activate.html", {"page": Letter(user.email), "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_email(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """For whoever has the letter to the new address. They need not be logged in where they read it."""
    user = user_of_link("new_email", uid, token)
    if user is None:
        return _over(request)
    if request.method == "POST":
        try:
            with transaction.atomic():
                user = confirm_email(uid, token)
                enter(request, "confirm-email.post", user.caller(), user.id)
                write(request)
        except LinkOver:
            return _over(request)
        return render(request, "dashboard/email_confirmed.html", {"page": Letter(user.email)})
    return render(request, "dashboard/confirm_email.html", {"page": Letter(user.new_email)})


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/link_over.html", {"page": None}, status=404)
