"""The vendor's admin site: Django's own, within one tenant, for members with the right role."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class VendorAdminConfig(AdminConfig):
    """Django's admin, with our site as the default one."""

    default_site = "prm.admin.VendorAdminSite"


class VendorAdminSite(AdminSite):
    """Configuration of one vendor. Who may enter follows from the membership, never from `is_staff`."""

    site_header = site_title = _("Setup")
    index_title = _("Configuration")
    site_url = "/console/"

    def has_permission(self, request: HttpRequest) -> bool:
        membership: Any = getattr(request, "membership", None)
        return membership is not None and bool({"admin", "auditor"} & set(membership.roles))
