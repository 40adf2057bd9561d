"""A row of the approval matrix as an admin types it; the action has the last word."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealreg.matrix import MOST_PEOPLE
from dealreg.models import ApprovalRule
from dealreg.queries.approvals import Known
from prm.kernel.identity import roles

MONEY: dict[str, Any] = {"required": False, "max_digits": 16, "decimal_places": 2, "min_value": 0}
PERCENT: dict[str, Any] = {"required": False, "max_digits": 5, "decimal_places": 2, "min_value": 0, "max_value": 100}


class ApprovalRuleForm(forms.Form):
    """Empty means "any": the row then doesn't ask."""

    amount_above = forms.DecimalField(label=_("Amount above"), **MONEY)
    amount_up_to = forms.DecimalField(label=_("Amount up to"), **MONEY)
    discount_above = forms.DecimalField(label=_("Discount above (%)"), **PERCENT)
    discount_up_to = forms.DecimalField(label=_("Discount up to (%)"), **PERCENT)
    territories = forms.MultipleChoiceField(
        label=_("Regions"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None: every region.")
    )
    product_lines = forms.MultipleChoiceField(
        label=_("Products"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None: every product.")
    )
    decider = forms.ChoiceField(
        label=_("Who approves"),
        choices=ApprovalRule.Decider.choices,
        help_text=_("The checks name the channel manager, the deal desk or an approver, by what they found."),
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    person = forms.ChoiceField(label=_("Person"), required=False)
    people = forms.IntegerField(
        label=_("How many must agree"),
        min_value=1,
        max_value=MOST_PEOPLE,
        initial=1,
        help_text=_("Several need a role that they share."),
    )

    def __init__(self, *args: Any, known: Known, **options: Any) -> None:
        super().__init__(*args, **options)
        self._offer("territories", list(known.territories.items()))
        self._offer("product_lines", list(known.lines.items()))
        self._offer("role", [("", "–"), *((role, roles.label(role)) for role in known.roles)])
        self._offer("person", [("", "–"), *known.people.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def held(rule: ApprovalRule) -> dict[str, Any]:
        """What the form shows of a row."""
        shown = {name: getattr(rule, name) for name in ApprovalRuleForm.base_fields if name != "person"}
        return {**shown, "person": str(rule.person_id or "")}

    def row(self) -> dict[str, Any]:
        """What the action takes: a person by its id."""
        found = dict(self.cleaned_data)
        person = found.pop("person")
        return {**found, "person_id": person or None}
