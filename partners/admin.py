"""Tiers and partners in the vendor's admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners import actions
from partners.models import Partner, Tier, TierBenefit
from prm.kernel.admin import TenantInline, TenantModelAdmin, who


class BenefitInline(TenantInline):
    model = TierBenefit
    fields = ("text", "position")


@admin.register(Tier)
class TierAdmin(TenantModelAdmin):
    list_display = ("name", "program", "rank", "discount", "protection_days", "auto_approve_limit")
    list_select_related = ("program",)
    list_filter = ("program",)
    inlines = (BenefitInline,)


@admin.register(Partner)
class PartnerAdmin(TenantModelAdmin):
    """The profile only: status, tier and channel manager change by actions, on the partner's page."""

    list_display = ("name", "kind", "status", "country", "external_id")
    list_filter = ("status", "kind")
    search_fields = ("name", "legal_name", "domain", "external_id")
    fields = ("name", "legal_name", "kind", "status", "country", "city", "website", "domain", "external_id")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a relationship is ended, its history stays

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = {name: getattr(obj, name) for name in actions.EDITABLE}
        if change:
            actions.update_partner(partner_id=obj.pk, changes=changes, **who(request))
        else:
            actions.create_partner(id=obj.pk, **changes, **who(request))
