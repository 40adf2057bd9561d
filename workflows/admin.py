"""SLA policies in the vendor's admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy

from prm.kernel.admin import TenantModelAdmin
from prm.kernel.tenancy.forms import TenantModelForm
from workflows.definition.outline import duration
from workflows.models import SlaPolicy
from workflows.parameters_form import recipient_choices


class SlaPolicyForm(TenantModelForm):
    """Recipients as boxes; warning points in order, each once."""

    warn = forms.MultipleChoiceField(
        label=gettext_lazy("who is warned"),
        choices=recipient_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    escalate = forms.MultipleChoiceField(
        label=gettext_lazy("who is told when it is late"),
        choices=recipient_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_warn_at(self) -> list[int]:
        return sorted(set(self.cleaned_data["warn_at"] or []))


@admin.register(SlaPolicy)
class SlaPolicyAdmin(TenantModelAdmin):
    form = SlaPolicyForm
    list_display = ("name", "key", "promise", "calendar")
    list_select_related = ("calendar",)
    search_fields = ("name", "key")

    @admin.display(description=gettext_lazy("promise"))
    def promise(self, policy: SlaPolicy) -> Any:
        return duration(policy.minutes)
