"""The form of a project."""

from typing import Any

from django import forms

from kitloop.pipelines.models import Capability


class ProjectForm(forms.Form):
    """Name and description; for a new one the reference that its samples are analyzed with, too."""

    name = forms.CharField(
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    description = forms.CharField(
        required=False,
        max_length=10_000,
        label="Description (optional)",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise forms.ValidationError("A name must not contain control or invisible characters.")
        return name


class NewProjectForm(ProjectForm):
    capability = forms.ModelChoiceField(
        queryset=Capability.objects.none(),
        empty_label=None,
        label="Analysis",
        help_text="The reference that the project’s samples are analyzed with. It is settled by the first sample.",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["capability"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Capability.objects.order_by("created", "id")
