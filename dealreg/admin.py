"""How a vendor tunes deal registration, in its admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dealreg.models import CloseReason, DealPolicy, StageProbability
from prm.kernel.admin import TenantModelAdmin
from prm.kernel.tenancy.forms import TenantModelForm


class DealPolicyForm(TenantModelForm):
    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        review, conflict = found.get("review_threshold"), found.get("conflict_threshold")
        if review is not None and conflict is not None and review > conflict:
            self.add_error("review_threshold", _("It can't be higher than the one from which two records conflict."))
        return found


@admin.register(DealPolicy)
class DealPolicyAdmin(TenantModelAdmin):
    """One row: thresholds of the conflict check, the limit on submissions, extension and reminders."""

    form = DealPolicyForm
    list_display = (
        "conflict_threshold",
        "review_threshold",
        "submissions_per_hour",
        "precedence_days",
        "extension_days",
        "dispute_days",
        "reminder_days",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not DealPolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # without a row the defaults hold; with one, it is changed


@admin.register(StageProbability)
class StageProbabilityAdmin(TenantModelAdmin):
    """What the forecast weighs each stage with; a stage without a row keeps the shipped probability."""

    form = TenantModelForm
    list_display = ("stage", "probability")


@admin.register(CloseReason)
class CloseReasonAdmin(TenantModelAdmin):
    """Why deals are won and lost: what partners choose from when they close one."""

    list_display = ("name", "code", "outcome", "position", "is_active")
    list_filter = ("outcome", "is_active")
    search_fields = ("name", "code")
