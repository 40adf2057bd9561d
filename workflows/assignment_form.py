"""An assignment rule as an admin types it; the action has the last word."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.conditions import ALWAYS
from prm.kernel.conditions.forms import ConditionField
from prm.kernel.identity import roles
from workflows.assignment import schema_for
from workflows.models import AssignmentRule
from workflows.queries.assignment import Available, queues


class AssignmentRuleForm(forms.Form):
    """Which tasks, and who gets them. What it is about is chosen before: the condition asks its facts."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Shown on every task that it gives out.")
    )
    queue = forms.ChoiceField(label=gettext_lazy("Queue"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Who gets it"), choices=AssignmentRule.Kind.choices)
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False)

    def __init__(self, *args: Any, about: str, known: Available, **options: Any) -> None:
        super().__init__(*args, **options)
        self.about = about
        self.fields["when"] = ConditionField(schema_for(about), label=_("When"), initial=ALWAYS)
        self._offer("queue", [("", _("Every queue")), *queues().items()])
        self._offer("role", [("", "–"), *((role, roles.label(role)) for role in known.holders)])
        self._offer("person", [("", "–"), *known.people.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def held(rule: AssignmentRule) -> dict[str, Any]:
        """What the form shows of a rule."""
        shown = {name: getattr(rule, name) for name in ("name", "queue", "kind", "role", "when")}
        return {**shown, "person": str(rule.person_id or "")}

    def rule(self) -> dict[str, Any]:
        """What the action takes: a person by its id."""
        found = dict(self.cleaned_data)
        person = found.pop("person")
        return {**found, "about": self.about, "person_id": person or None}
