"""The form for a new API key."""

import re
from datetime import UTC, date, datetime
from ipaddress import ip_network

from django import forms

from kitloop.accounts.keys import RANGES_AT_MOST, range_problem

_BETWEEN = re.compile(r"[\s,;]+")


class NewKeyForm(forms.Form):
    name = forms.CharField(
        max_length=50,
        help_text="What will use it, for example “shop, production”. Only you see this.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    expiry_date = forms.DateField(
        required=False,
        label="Expires after (optional)",
        help_text="The last day, in UTC, on which the key works. Empty: it works until you revoke it.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ip_range = forms.CharField(
        required=False,
        label="Allowed IP ranges (optional)",
        help_text="One a line, as CIDR: 203.0.113.0/24 or 2001:db8::/32. Empty: it works from everywhere.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_expiry_date(self) -> date | None:
        day: date | None = self.cleaned_data["expiry_date"]
        if day is not None and day < datetime.now(UTC).date():
            raise forms.ValidationError("This day is over. Choose today or a later day.")
        return day

    def clean_ip_range(self) -> list[str] | None:
        """Ranges as they are kept, or None where there are none: then the key works from everywhere."""
        given = [part for part in _BETWEEN.split(self.cleaned_data["ip_range"]) if part]
        if len(given) > RANGES_AT_MOST:
            raise forms.ValidationError(f"At most {RANGES_AT_MOST} ranges.")
        problems = [said for part in given if (said := range_problem(part))]
        if problems:
            raise forms.ValidationError(problems)
        return [str(ip_network(part)) for part in given] or None
