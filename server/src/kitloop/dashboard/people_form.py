"""The forms about people: a role, an invitation, and joining by one."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from kitloop.accounts.models import Invitation, User
from kitloop.accounts.roles import ROLES

ROLE_WORDS = {
    "member": "edits their own profile",
    "uploader": "uploads data",
    "viewer": "sees projects and downloads results",
    "analyst": "orders kits and runs analyses",
    "explorer": "as an analyst",
    "manager": "makes projects and webhooks, too",
    "owner": "manages people, too",
}


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=[(role, f"{role} – {ROLE_WORDS[role]}") for role in ROLES],
        help_text="It holds in the whole organization, from the next click on, and for the person’s API keys as well.",
    )


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    field_order = ("email", "role")


def printable(name: str) -> None:
    if not name.isprintable():
        raise forms.ValidationError("A name must not contain control or invisible characters.")


class JoinForm(forms.Form):
    name = forms.CharField(
        max_length=254,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
        validators=[printable],
    )
    password = forms.CharField(
        strip=False,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, invitation: Invitation, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.email = invitation.email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password
