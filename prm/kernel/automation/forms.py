"""The editor of rules: one form for each rule, its condition in the builder, no JSON anywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.conditions import ALWAYS, FactSchema, Problem, validate_rules
from prm.kernel.conditions.forms import ConditionField

OUTCOMES = [
    ("refuse", gettext_lazy("Refuse")),
    ("review", gettext_lazy("Ask a person")),
    ("allow", gettext_lazy("Let it through")),
]
PREFIX = "rules"


class RuleForm(forms.Form):
    """One rule: when it applies, what follows, and what each side is told."""

    key = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    reason_key = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    outcome = forms.ChoiceField(label=gettext_lazy("Then"), choices=OUTCOMES, initial="review")
    partner = forms.CharField(
        label=gettext_lazy("What the partner reads"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Say what to do, and nothing about other partners. Empty: it is told nothing."),
    )
    vendor = forms.CharField(
        label=gettext_lazy("What your people read"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: the condition in words."),
    )
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def __init__(self, *args: Any, schema: FactSchema, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["when"] = ConditionField(schema, label=_("When"), initial=ALWAYS)
        given = self.initial.get("outcome")
        if given and given not in dict(OUTCOMES):
            self.fields["outcome"].choices = [*OUTCOMES, (given, given)]  # type: ignore[attr-defined]

    def rule(self, schema: FactSchema, taken: set[str]) -> dict[str, Any]:
        """The rule as the document holds it; a new one gets its key from its name."""
        typed = self.cleaned_data
        key = typed["key"] or _free(slugify(typed["name"])[:60] or "rule", taken)
        taken.add(key)
        reason = {
            "key": typed["reason_key"] or f"{schema.name}.{key.replace('-', '_')}",
            "partner": typed["partner"],
            "vendor": typed["vendor"],
        }
        return {
            "key": key,
            "name": typed["name"],
            "when": typed["when"],
            "outcome": typed["outcome"],
            "reason": reason,
            "active": typed["active"],
        }


class DraftForm(forms.Form):
    """What holds for all rules of a draft."""

    otherwise = forms.ChoiceField(label=gettext_lazy("When no rule applies"), choices=OUTCOMES, initial="allow")
    note = forms.CharField(
        label=gettext_lazy("What changes, and why"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Whoever publishes it reads this."),
    )


RuleFormSet = forms.formset_factory(RuleForm, extra=0, can_delete=True, max_num=200, absolute_max=200)


class DraftEditor:
    """A draft as forms, filled from a document or from what was sent."""

    def __init__(self, schema: FactSchema, document: Mapping[str, Any], note: str = "", data: Any = None) -> None:
        self.schema = schema
        self.draft = DraftForm(data, initial={"otherwise": document.get("otherwise", "allow"), "note": note})
        self.rules = RuleFormSet(
            data, initial=[_initial(rule) for rule in _rules(document)], prefix=PREFIX, form_kwargs={"schema": schema}
        )

    def is_valid(self) -> bool:
        return self.draft.is_valid() and self.rules.is_valid()

    def document(self) -> dict[str, Any]:
        """The rules in order, without those that were ticked away."""
        kept = [form for form in self.rules if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        taken = {form.cleaned_data["key"] for form in kept if form.cleaned_data["key"]}
        return {
            "rules": [form.rule(self.schema, taken) for form in kept],
            "otherwise": self.draft.cleaned_data["otherwise"],
        }

    def problems(self) -> Sequence[Problem]:
        return validate_rules(self.document(), self.schema)


def with_one_more(data: Any) -> Any:
    """What was sent, with room for one more rule."""
    more = data.copy()
    total = f"{PREFIX}-TOTAL_FORMS"
    more[total] = str(min(int(data.get(total, "0") or 0) + 1, 200))
    return more


def _rules(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("rules")
    return [rule for rule in found if isinstance(rule, Mapping)] if isinstance(found, list) else []


def _initial(rule: Mapping[str, Any]) -> dict[str, Any]:
    reason = rule.get("reason") or {}
    return {
        "key": rule.get("key", ""),
        "reason_key": reason.get("key", ""),
        "name": rule.get("name", ""),
        "outcome": rule.get("outcome", "review"),
        "partner": reason.get("partner") or "",
        "vendor": reason.get("vendor") or "",
        "active": rule.get("active", True),
        "when": rule.get("when", ALWAYS),
    }


def _free(wanted: str, taken: set[str]) -> str:
    """The wanted key, or the first numbered one that no other rule has."""
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    return key
