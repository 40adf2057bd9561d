"""A workflow's parameters as a form: a control for each type, and the values as the tree keeps them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.automation import registry
from prm.kernel.identity import roles
from prm.kernel.identity.actors import ANSWERING_ROLES, VENDOR_ROLES
from prm.kernel.identity.models import Membership
from workflows.definition import Parameter
from workflows.definition.outline import duration, people
from workflows.definition.parameters import LONGEST_WAIT


class Percentages(forms.CharField):
    """Percentages with commas between."""

    def to_python(self, value: Any) -> list[int]:  # type: ignore[override]
        parts = [part.strip(" %") for part in str(value or "").split(",") if part.strip(" %")]
        if not all(part.isdecimal() and len(part) < 3 and int(part) > 0 for part in parts):
            raise forms.ValidationError(_("Write percentages from 1 to 99 with commas between, such as 50, 80."))
        return sorted({int(part) for part in parts})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class ParametersForm(forms.Form):
    """One field for each parameter, named after its key."""

    note = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=300)

    def __init__(self, parameters: Sequence[Parameter], data: Any = None, *, subject: str = "") -> None:
        super().__init__(data)
        self.parameters = parameters
        last = self.fields.pop("note")
        for one in parameters:
            self.fields[f"p_{one.key}"] = field = _field(one)
            if one.type == "recipients" and subject:
                field.choices = recipient_choices(subject, one.value)  # type: ignore[attr-defined]
        self.fields["note"] = last

    def values(self) -> dict[str, Any]:
        """What was typed, as the tree keeps it."""
        return {one.key: _kept(one.type, self.cleaned_data.get(f"p_{one.key}")) for one in self.parameters}


def _field(one: Parameter) -> forms.Field:
    make = _MAKE.get(one.type, _text)
    field = make(one)
    field.label, field.initial = _(one.label), one.value
    field.help_text = " ".join(part for part in (_(one.help), str(field.help_text)) if part)
    return field


def _text(one: Parameter) -> forms.Field:
    return forms.CharField(max_length=2000, required=False)


def _minutes(one: Parameter) -> forms.Field:
    now = duration(one.value) if isinstance(one.value, int) else "–"
    told = _("In minutes; now %(time)s.") % {"time": now}
    return forms.IntegerField(min_value=1, max_value=LONGEST_WAIT, help_text=told)


def _percentages(one: Parameter) -> forms.Field:
    return Percentages(required=False, help_text=_("Percentages with commas between."))


def _role(one: Parameter) -> forms.Field:
    return forms.ChoiceField(choices=[(role, roles.label(role)) for role in ANSWERING_ROLES])


def _recipients(one: Parameter) -> forms.Field:
    return forms.MultipleChoiceField(choices=recipient_choices, required=False, widget=forms.CheckboxSelectMultiple)


def recipient_choices(subject: str = "", kept: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Everybody whom a message about such a subject can go to: by what they are to it, by role, by name.

    Those who are `kept` already stay to be seen, whatever they are to it.
    """
    found = sorted(registry.recipients.items())
    fits = ("", subject)
    named = [(key, str(one.label)) for key, one in found if not subject or one.subject in fits or key in kept]
    by_role = [(f"role:{role}", _("Everybody: %(role)s") % {"role": roles.label(role)}) for role in VENDOR_ROLES]
    people = Membership.objects.filter(partner=None, ended_at=None).order_by("name")
    return [("queue.owner", _("The task's owner")), *named, *by_role, *((f"person:{p.email}", str(p)) for p in people)]


_MAKE: dict[str, Callable[[Parameter], forms.Field]] = {
    "number": lambda one: forms.DecimalField(max_digits=20),
    "money": lambda one: forms.DecimalField(
        min_value=0, max_digits=18, decimal_places=2, help_text=_("In your own currency.")
    ),
    "bool": lambda one: forms.BooleanField(required=False),
    "minutes": _minutes,
    "count": lambda one: forms.IntegerField(min_value=1, max_value=999),
    "percentages": _percentages,
    "role": _role,
    "recipients": _recipients,
}


def _kept(kind: str, value: Any) -> Any:
    """A cleaned value as JSON."""
    if isinstance(value, Decimal):
        return f"{value:.2f}" if kind == "money" else f"{value.normalize():f}"
    return value if value is not None else ""


def told(one: Parameter) -> tuple[str, str]:
    """A parameter's label and its value in words."""
    value = one.value
    if one.type == "minutes" and isinstance(value, int):
        return _(one.label), duration(value)
    if one.type == "bool":
        return _(one.label), _("yes") if value else _("no")
    if one.type == "role":
        return _(one.label), str(roles.label(str(value)))
    if one.type == "recipients" and isinstance(value, list):
        return _(one.label), people(value)
    if isinstance(value, list):
        return _(one.label), ", ".join(f"{part} %" if one.type == "percentages" else str(part) for part in value)
    return _(one.label), str(value)
