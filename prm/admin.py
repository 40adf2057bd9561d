"""The vendor's admin site: Django's own, within one tenant, for members with the right role."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _


class VendorAdminConfig(AdminConfig):
    """Django's admin, with our site as the default one."""

    default_site = "prm.admin.VendorAdminSite"


class VendorAdminSite(AdminSite):
    """Configuration of one vendor. Who may enter follows from the membership, never from `is_staff`."""

    site_header = site_title = _("Configuration")
    index_title = _("Configuration")
    site_url = "/console/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        roles = getattr(getattr(request, "actor", None), "roles", frozenset())
        return not roles.isdisjoint({"admin", "auditor"})

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one way in, and it is not here: who is signed in without the role is told so."""
        from prm.kernel.identity.access import Denied

        if getattr(request, "actor", None) is not None:
            raise Denied(frozenset({"admin", "auditor"}))
        return redirect("account_login")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_change_password")
