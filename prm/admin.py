"""The vendor's admin site: Django's own, within one tenant, for members with the right role."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

ENTER = frozenset({"admin", "auditor"})


class VendorAdminConfig(AdminConfig):
    """Django's admin, with our site as the default one."""

    default_site = "prm.admin.VendorAdminSite"


class VendorAdminSite(AdminSite):
    """Configuration of one vendor. Who may enter follows from the membership, never from `is_staff`."""

    site_header = site_title = _("Configuration")
    index_title = _("Configuration")
    site_url = "/console/"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own pages only: what other packages register knows nothing of tenants."""
        from prm.kernel.admin import TenantModelAdmin

        if admin_class is not None and issubclass(admin_class, TenantModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        roles: frozenset[str] = getattr(getattr(request, "actor", None), "roles", frozenset())
        return not roles.isdisjoint(ENTER)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Whoever is signed in without the role is told so; there is no second sign-in to send them to."""
        from prm.kernel.identity.access import check

        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            check(request, ENTER)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        guarded.required_roles = ENTER  # type: ignore[attr-defined]
        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_login")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")
