"""The forms people fill in. Django ties each error to its input by aria-describedby."""

import re
import uuid
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.renderers import TemplatesSetting
from kitloop_sdk.countries import COUNTRIES

from kitloop_storefront.models import Customer, Order
from kitloop_storefront.models.customer import plain_email
from kitloop_storefront.models.order import RECIPIENT_FIELDS


class Renderer(TemplatesSetting):
    field_template_name = "shop/field.html"


class SignUpForm(forms.Form):
    name = forms.CharField(max_length=255, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 8 characters. A short sentence is easy to remember and hard to guess.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email = plain_email(self.cleaned_data["email"])
        if Customer.objects.filter(email=email).exists():
            raise ValidationError("There is an account with this address already. Log in, or reset its password.")
        return email

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if password := values.get("password"):
            try:
                validate_password(password, Customer(email=values.get("email", ""), name=values.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return values


class LogInForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


def _text(field: str, label: str, autocomplete: str, *, help_text: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=_longest(field),
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


def _longest(field: str) -> int | None:
    """The wire's own limit, which the column has too."""
    column = Order._meta.get_field(field)
    return column.max_length if isinstance(column, models.Field) else None


class AddressForm(forms.Form):
    """Who gets the kit, and where. Field names are the wire's, so the platform's refusals land beside the input."""

    recipient_address_name = _text("recipient_address_name", "Full name", "section-kit shipping name")
    recipient_address_line1 = _text(
        "recipient_address_line1", "Street and number", "section-kit shipping address-line1"
    )
    recipient_address_line2 = _text(
        "recipient_address_line2", "Flat, floor, building", "section-kit shipping address-line2", required=False
    )
    recipient_address_city = _text("recipient_address_city", "Town or city", "section-kit shipping address-level2")
    recipient_address_state_region = _text(
        "recipient_address_state_region", "State or region", "section-kit shipping address-level1"
    )
    recipient_address_postal_code = _text(
        "recipient_address_postal_code", "Postal code", "section-kit shipping postal-code"
    )
    recipient_address_country_code = forms.ChoiceField(
        label="Country",
        choices=[("", "Choose a country"), *COUNTRIES],
        widget=forms.Select(attrs={"autocomplete": "section-kit shipping country"}),
    )
    recipient_email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="For news of the parcel, and of your results.",
        widget=forms.EmailInput(attrs={"autocomplete": "section-kit shipping email"}),
    )
    recipient_phone = forms.CharField(
        label="Phone",
        max_length=128,
        help_text="With the country’s code, as +1 415 555 1234. The courier may need it.",
        widget=forms.TextInput(attrs={"autocomplete": "section-kit shipping tel", "type": "tel"}),
    )
    recipient_instructions = _text(
        "recipient_instructions",
        "Note for the courier",
        "off",
        help_text="Such as “Leave at front desk”.",
        required=False,
    )

    def clean_recipient_phone(self) -> str:
        phone: str = self.cleaned_data["recipient_phone"]
        if (
            not re.fullmatch(r"[+(]?[\d\s().\-/]{6,}(?:\s*(?:x|ext\.?)\s*\d+)?", phone)
            or sum(map(str.isdigit, phone)) < 6
        ):
            raise ValidationError("Enter a phone number, such as +1 415 555 1234.")
        return phone

    def add_platform_errors(self, fields: dict[str, list[str]]) -> None:
        """Show what the platform said about the address, until it is sent again."""
        self.full_clean()
        for name, messages in fields.items():
            if name in self.fields:
                for message in messages:
                    self.add_error(name, message)

    def recipient(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in RECIPIENT_FIELDS}


class OrderForm(AddressForm):
    consent = forms.BooleanField(
        label=(
            "I have read what happens with my sample and my data, I am 18 or older, "
            "and I agree to my DNA being analysed."
        ),
        error_messages={"required": "We can only send a kit if you agree."},
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class StaffSearch(forms.Form):
    q = forms.CharField(
        required=False,
        max_length=40,
        label="Order number",
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )
    problems = forms.BooleanField(required=False, label="Only those with problems")
