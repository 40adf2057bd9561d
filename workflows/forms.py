"""What people type or upload about workflows."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from prm.kernel.automation import registry
from workflows.definition.blocks import FORMAT, MAX_BYTES
from workflows.models import Workflow


class DraftForm(forms.Form):
    """A tree as a file or as text."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("A workflow as JSON, as downloaded from a version.")
    )
    tree = forms.CharField(label=_("Or paste it here"), required=False, widget=forms.Textarea(attrs={"rows": 8}))
    note = forms.CharField(label=_("What has changed"), required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload, text = cleaned.get("file"), cleaned.get("tree") or ""
        if upload is not None:
            if upload.size > MAX_BYTES:
                raise forms.ValidationError(_("The file is larger than 256 kB."))
            try:
                text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError(_("The file is not text in UTF-8. Upload the JSON itself.")) from None
        if not text.strip():
            raise forms.ValidationError(_("Choose a file or paste the workflow."))
        cleaned["tree"] = _read(text)
        return cleaned


class StartForm(forms.Form):
    """What a workflow is started about."""

    subject = forms.TypedChoiceField(label=_("About"), coerce=UUID)

    def __init__(self, *args: Any, subjects: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["subject"].choices = [("", _("Choose")), *subjects]  # type: ignore[attr-defined]


def _read(text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise forms.ValidationError(_("This is not JSON: %(error)s"), params={"error": error}) from None
    except RecursionError:
        raise forms.ValidationError(_("This is nested too deeply.")) from None
    if not isinstance(tree, dict):
        raise forms.ValidationError(_("A workflow is a JSON object with a trigger and blocks."))
    return tree


def _events() -> list[tuple[str, Any]]:
    known = sorted(((t.event, t.label) for t in registry.triggers.values()), key=lambda one: str(one[1]))
    return [("", _("Something else: I choose it there")), *known]


class NewWorkflowForm(forms.Form):
    """What a new workflow begins with."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What people call it, such as “Large deals”."))
    event = forms.ChoiceField(
        label=_("Starts when"),
        choices=_events,
        required=False,
        help_text=_("You can narrow it by a condition, or take a schedule or a date instead, in the designer."),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        key = _key(name)
        if Workflow.objects.filter(key=key).exists():
            raise forms.ValidationError(_("There is a workflow of that name. Open it, or choose another name."))
        return name

    def tree(self) -> dict[str, Any]:
        """An empty tree."""
        name = self.cleaned_data["name"]
        trigger = {"event": self.cleaned_data["event"], "when": {}}
        return {"format": FORMAT, "key": _key(name), "name": name, "trigger": trigger, "blocks": []}


def _key(name: str) -> str:
    key = slugify(name)[:38].strip("-")
    return key if key[:1].isalpha() else f"w-{key}".strip("-")
