"""The home of whoever runs the platform: its vendors, and whether the parts that serve them are there."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from prm.kernel.identity import operators, sign_in
from prm.kernel.identity.views import health
from prm.kernel.tenancy.models import Tenant
from prm.kernel.ui.lists import Choice, Column, Empty, List, ListView, Search, View

PARTS = {"database": _("Database"), "migrations": _("Tables up to date"), "redis": _("Redis")}
COMMANDS = (
    (_("A new vendor"), "manage.py vendor create --name … --slug … --admin-email …"),
    (_("A new link for a vendor's admin"), "manage.py vendor invite SLUG EMAIL"),
    (_("Shut a vendor, or let it run again"), "manage.py vendor suspend|resume SLUG"),
    (_("Let another operator in"), "manage.py operator add EMAIL"),
)


class Vendors(List):
    """Every vendor of the platform; what is in it stays behind its wall."""

    key = "vendors"
    title = _("Vendors")
    noun = (_("vendor"), _("vendors"))
    default_sort = "name"
    columns = (
        Column("name", _("Vendor"), sort="name"),
        Column("slug", _("Short name"), kind="code", sort="slug"),
        Column("status", _("Status"), kind="status", states="vendor", sort="status"),
        Column("staff", _("Own people"), kind="number", sort="staff"),
        Column("partner_people", _("Partners' people"), kind="number", sort="partner_people"),
        Column("is_sandbox", _("Sandbox"), kind="bool"),
        Column("created_at", _("Since"), kind="when", sort="created_at"),
        Column("time_zone", _("Time zone"), optional=True),
        Column("currency", _("Currency"), optional=True),
        Column("mfa_required", _("Two factors required"), kind="bool", optional=True),
    )
    filters = (
        Search("name", "slug"),
        Choice("status", _("Status"), options=Tenant.Status.choices),
        Choice("sandbox", _("Sandbox"), options=[("True", _("Yes")), ("False", _("No"))], field="is_sandbox"),
    )
    views = (View("suspended", _("Suspended"), {"status": "suspended"}),)
    empty = Empty(_("No vendors yet"), _("Set the first one up at the server: manage.py vendor create."), icon="layers")

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return operators.vendors()


class OperatorView(LoginRequiredMixin, ListView):
    """Reads only: the web's login may change no vendor, so a fault of a page can't either."""

    http_method_names = ["get", "head"]
    list = Vendors
    template_name = "operator/home.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        person = sign_in.person_id(request)
        if not operators.is_operator(person):
            raise PermissionDenied
        if operators.lacks_second_factor(person):
            return redirect("identity:second_factor")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "parts": [(PARTS[part], held) for part, held in health.checks().items()],
            "commands": COMMANDS,
            "failed": operators.failed_sign_ins(),
        }
