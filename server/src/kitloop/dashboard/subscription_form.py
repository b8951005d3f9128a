"""The form for a new webhook subscription."""

from django import forms

from kitloop.base.errors import FieldErrors
from kitloop.webhooks.event_types import ANALYSIS_COMPLETE, EVENT_TYPES
from kitloop.webhooks.targets import MAX_LENGTH, protocol_of


class NewSubscriptionForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=255,
        label="Name (optional)",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    target = forms.CharField(
        max_length=MAX_LENGTH,
        help_text="The address of your receiver, for example https://shop.example/webhooks. "
        "An e-mail address works too: then events come as letters.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        help_text="Only analysis_complete_v2 happens on this platform: a sample succeeded or failed QC. "
        "The others are taken so that a subscription written for the Gencove API fits.",
        choices=[(key, key if key == ANALYSIS_COMPLETE else f"{key} (never sent here)") for key in EVENT_TYPES],
        initial=[ANALYSIS_COMPLETE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )

    def clean_target(self) -> str:
        target = str(self.cleaned_data["target"])
        try:
            protocol_of(target)
        except FieldErrors as error:
            raise forms.ValidationError(error.fields["target"]) from None
        return target
