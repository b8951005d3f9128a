"""The form in which somebody says where their kit goes. Its checks are those of an order over the API, field by field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from kitloop_sdk import countries
from kitloop_sdk.labs import Recipient

from kitloop.base.errors import FieldErrors
from kitloop.base.text import unprintable
from kitloop.hosted.labels import ANYWHERE, labels_of
from kitloop.kits.addresses import LONGEST, checked_recipient, recipient_of


class Countries(forms.Select):
    """A menu whose entries know what an address's parts are called there, for the page's script."""

    def create_option(self, name: str, value: Any, label: int | str, *args: Any, **more: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, label, *args, **more)
        words = labels_of(str(value)) if value else ANYWHERE
        for part in ("region", "city", "postal_code"):
            if (word := getattr(words, part)) != getattr(ANYWHERE, part):
                option["attrs"][f"data-{part}"] = word
        if words.known:
            option["attrs"]["data-known"] = " ".join(words.known)
        return option


class Printed(forms.CharField):
    """Text for the parcel's label."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and (said := unprintable(text)):
            raise ValidationError(said)
        return text


def _line(name: str, label: str, autocomplete: str, *, help_text: str = "", required: bool = True) -> Printed:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return Printed(label=label, max_length=LONGEST[name], help_text=help_text, required=required, widget=widget)


class AddressForm(forms.Form):
    recipient_address_name = _line("recipient_address_name", "Full name", "shipping name")
    recipient_address_country_code = forms.ChoiceField(
        label="Country",
        choices=[("", "Choose a country"), *countries.COUNTRIES],
        widget=Countries(attrs={"autocomplete": "shipping country"}),
    )
    recipient_address_line1 = _line("recipient_address_line1", "Street and number", "shipping address-line1")
    recipient_address_line2 = _line(
        "recipient_address_line2", "Flat, floor, building (optional)", "shipping address-line2", required=False
    )
    recipient_address_line3 = _line(
        "recipient_address_line3", "More of the address (optional)", "shipping address-line3", required=False
    )
    recipient_address_city = _line("recipient_address_city", ANYWHERE.city, "shipping address-level2")
    recipient_address_state_region = _line(
        "recipient_address_state_region",
        ANYWHERE.region,
        "shipping address-level1",
        help_text="Where addresses have none: the town again.",
    )
    recipient_address_postal_code = _line(
        "recipient_address_postal_code",
        ANYWHERE.postal_code,
        "shipping postal-code",
        help_text="Where there are none: 00000.",
    )
    recipient_email = forms.CharField(
        label="E-mail",
        max_length=LONGEST["recipient_email"],
        help_text="For news of the parcel, and of your results.",
        widget=forms.EmailInput(attrs={"autocomplete": "shipping email"}),
    )
    recipient_phone = forms.CharField(
        label="Phone",
        max_length=LONGEST["recipient_phone"],
        help_text="For the courier, with the country’s code: +1 415 555 1234.",
        widget=forms.TextInput(attrs={"autocomplete": "shipping tel", "type": "tel"}),
    )
    recipient_instructions = _line(
        "recipient_instructions",
        "Note for the courier (optional)",
        "off",
        help_text="Such as “Leave at the front desk”.",
        required=False,
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        words = labels_of(str(self["recipient_address_country_code"].value() or ""))
        for part in ("city", "region", "postal_code"):
            name = "recipient_address_" + part.replace("region", "state_region")
            self.fields[name].label = getattr(words, part)
            self.fields[name].widget.attrs["data-part"] = part
            if part in words.known:
                self.fields[name].help_text = ""

    def clean(self) -> dict[str, Any]:
        """Whether a parcel gets there, once each field is one by itself; what comes out is the recipient to keep."""
        given = super().clean() or {}
        if not self.errors:
            try:
                self.recipient: Recipient = checked_recipient(recipient_of(given))
            except FieldErrors as refused:
                for name, said in refused.fields.items():
                    self.add_error(name, [ValidationError(sentence) for sentence in said])
        return given

    def first_wrong(self) -> "AddressForm":
        """The same form; its first field that is wrong has the cursor."""
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong:
            self.fields[wrong].widget.attrs["autofocus"] = True
        return self
