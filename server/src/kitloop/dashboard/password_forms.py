"""The forms about passwords: Django's, with our verbs behind them."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, PasswordResetForm, SetPasswordForm

from kitloop.accounts.guesses import OWN_PASSWORD, count_attempt, forget_attempts
from kitloop.accounts.models import User
from kitloop.accounts.passwords import forget_password, set_password


class ForgottenForm(PasswordResetForm):
    def save(self, *args: Any, **more: Any) -> None:
        forget_password(self.cleaned_data["email"])


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    user: User

    def save(self, commit: bool = True) -> User:
        set_password(self.user, self.cleaned_data["new_password1"])
        return self.user


class OwnPasswordForm(NewPasswordForm, PasswordChangeForm):
    """With the old one. Tries at it count: a browser that somebody left open must not be where it is guessed."""

    def __init__(self, *args: Any, address: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.address = address

    def clean_old_password(self) -> str:
        wait = count_attempt(OWN_PASSWORD, email=self.user.email, address=self.address)
        if wait is not None:
            raise forms.ValidationError("Too many attempts. Try again in a quarter of an hour.")
        password = super().clean_old_password()
        forget_attempts(OWN_PASSWORD, email=self.user.email, address=self.address)
        return password


class PasswordForm(forms.Form):
    """Asks for the password again before something that a browser left open must not do. Tries count."""

    password = forms.CharField(
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, user: User, address: str, *args: Any) -> None:
        super().__init__(*args)
        self.user, self.address = user, address

    def clean_password(self) -> str:
        if count_attempt(OWN_PASSWORD, email=self.user.email, address=self.address) is not None:
            raise forms.ValidationError("Too many attempts. Try again in a quarter of an hour.")
        password = str(self.cleaned_data["password"])
        if not self.user.check_password(password):
            raise forms.ValidationError("That is not your password.")
        forget_attempts(OWN_PASSWORD, email=self.user.email, address=self.address)
        return password
