"""What a vendor has set up, and what is missing; its tiers."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from partners.models import Tier
from prm.kernel.automation import checklist
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.reference.models import Program

GROUPS = ("program", "people", "data")


@require_GET
@require_roles("admin", "ops", "auditor")
def setup(request: HttpRequest) -> HttpResponse:
    """The checklist, from the real state."""
    standing = checklist.standing()
    needed = [one for one in standing if not one.step.optional]
    groups = [(name, [one for one in standing if one.step.group == name]) for name in GROUPS]
    return render(
        request,
        "partners/setup.html",
        {
            "groups": groups,
            "done": sum(one.done for one in needed),
            "total": len(needed),
            "next": next((one for one in needed if not one.done), None),
        },
    )


@require_GET
@require_roles(*VENDOR_ROLES)
def tiers(request: HttpRequest) -> HttpResponse:
    """Every program's tiers side by side, with how many partners hold each."""
    held = Count("enrolments", filter=Q(enrolments__status="active"))
    rows = list(Tier.objects.annotate(partners=held).select_related("program").prefetch_related("benefits"))
    programs = [
        (program, [tier for tier in rows if tier.program_id == program.pk])
        for program in Program.objects.order_by("-is_active", "name")
    ]
    return render(request, "partners/tiers.html", {"programs": programs})
