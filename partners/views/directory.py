"""The directory, a partner's record, and what can be done to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from partners import actions, queries
from partners.forms import CamForm, EnrolForm, PartnerForm, ReasonForm, TierForm
from partners.lists import Directory
from partners.models import Enrolment, Partner, PartnerCertification, Watch
from partners.story import story_of
from prm.kernel.decisions import Decision
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.identity.roles import labels
from prm.kernel.ui import slots
from prm.kernel.ui.lists import ListView

KEEPERS = ("admin", "ops", "cam")
DECIDERS = ("admin", "ops")


class DirectoryView(ListView):
    list = Directory
    primary = (gettext_lazy("Add a partner"), "partners_console:new")


@require_GET
@require_roles(*VENDOR_ROLES)
def partner(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """One partner: what it is, what is next, its programs, people, deals, story."""
    found = _get(partner_id)
    roles = request.actor.roles  # type: ignore[attr-defined]
    context = {
        "partner": found,
        "watch": Watch.objects.filter(partner=found).first(),
        "enrolments": [_with_form(enrolment) for enrolment in queries.enrolments_of(found.pk)],
        "people": [(member, labels(member.roles)) for member in queries.people_of(found.pk)],
        "resellers": Partner.objects.filter(parent=found).order_by("name")[:50],
        "certificates": PartnerCertification.objects.filter(partner=found).order_by("expires_on", "name"),
        "slots": slots.filled("partner", request, found.pk),
        "story": story_of(found.pk),
        "facts": _facts(found),
        "may_keep": bool(roles.intersection(KEEPERS)),
        "may_decide": bool(roles.intersection(DECIDERS)),
        "cam_form": CamForm(initial={"cam": found.cam_id}),
        "reason_form": ReasonForm(auto_id="why_%s"),
        "watch_form": ReasonForm(auto_id="watch_%s"),
        "end_form": ReasonForm(auto_id="end_%s"),
    }
    return render(request, "partners/partner.html", context)


@require_http_methods(["GET", "POST"])
@require_roles(*KEEPERS)
def new(request: HttpRequest) -> HttpResponse:
    """Add a partner by hand."""
    form = PartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_partner(**form.changes(), **_who(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("{name} is added. Enrol it in a program next.").format(name=made.name))
            return redirect("partners_console:partner", made.pk)
    return render(request, "partners/form.html", {"form": form, "partner": None})


@require_http_methods(["GET", "POST"])
@require_roles(*KEEPERS)
def edit(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Change a partner's profile."""
    found = _get(partner_id)
    form = PartnerForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_partner(partner_id=partner_id, changes=form.changes(), **_who(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("partners_console:partner", partner_id)
    return render(request, "partners/form.html", {"form": form, "partner": _get(partner_id)})


@require_http_methods(["GET", "POST"])
@require_roles(*KEEPERS)
def enrol(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Enrol a partner, or change its territories and tier in one go."""
    found = _get(partner_id)
    form = EnrolForm(request.POST or None, initial=_held(found, request.GET.get("program", "")))
    if request.method == "POST" and form.is_valid() and _may_give(request, found, form):
        actions.enrol_partner(
            partner_id=partner_id,
            program_id=form.cleaned_data["program"].pk,
            tier_id=form.cleaned_data["tier"].pk,
            territories=[territory.pk for territory in form.cleaned_data["territories"]],
            **_who(request),
        )
        messages.success(request, _("{name} is enrolled.").format(name=found.name))
        return redirect("partners_console:partner", partner_id)
    return render(request, "partners/enrol.html", {"form": form, "partner": found})


@require_POST
@require_roles(*DECIDERS)
def tier(request: HttpRequest, partner_id: UUID, program_id: UUID) -> HttpResponse:
    """Another tier in one program."""
    enrolment = Enrolment.objects.filter(partner_id=partner_id, program_id=program_id).first()
    if enrolment is None:
        raise Http404
    form = TierForm(request.POST, enrolment=enrolment)
    if not form.is_valid():
        messages.error(request, _("Choose one of the program's tiers."))
        return redirect("partners_console:partner", partner_id)
    decision = actions.change_tier(
        partner_id=partner_id,
        program_id=program_id,
        tier_id=form.cleaned_data["tier"].pk,
        reason=form.cleaned_data["reason"],
        **_who(request),
    )
    return _answered(request, partner_id, decision, _("The tier is changed."))


@require_POST
@require_roles(*DECIDERS)
def cam(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Who looks after the partner."""
    _get(partner_id)
    form = CamForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of your channel managers."))
        return redirect("partners_console:partner", partner_id)
    decision = actions.assign_cam(partner_id=partner_id, cam_id=form.chosen(), **_who(request))
    return _answered(request, partner_id, decision, _("Saved."))


@require_POST
@require_roles(*DECIDERS)
def suspend(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Pause a partner."""
    _get(partner_id)
    decision = actions.suspend_partner(partner_id=partner_id, reason=_reason(request), **_who(request))
    return _answered(request, partner_id, decision, _("The partner is suspended: new deals of it are refused."))


@require_POST
@require_roles(*DECIDERS)
def reactivate(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Let a partner work again."""
    _get(partner_id)
    decision = actions.reactivate_partner(partner_id=partner_id, **_who(request))
    return _answered(request, partner_id, decision, _("The partner works again."))


@require_POST
@require_roles(*DECIDERS)
def terminate(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """End the relationship."""
    _get(partner_id)
    decision = actions.terminate_partner(partner_id=partner_id, reason=_reason(request), **_who(request))
    return _answered(request, partner_id, decision, _("The relationship has ended."))


@require_POST
@require_roles(*KEEPERS)
def watch(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Put the partner on watch, or take it off when no reason comes along."""
    _get(partner_id)
    reason = _reason(request)
    if reason:
        actions.watch_partner(partner_id=partner_id, reason=reason, **_who(request))
        messages.success(request, _("You are watching this partner. It is not told."))
    else:
        actions.unwatch_partner(partner_id=partner_id, **_who(request))
        messages.success(request, _("The watch is taken off."))
    return redirect("partners_console:partner", partner_id)


def _get(partner_id: UUID) -> Partner:
    """The partner within the wall; a foreign id and a missing one give the same answer."""
    found = queries.visible_partners().select_related("cam", "parent").filter(pk=partner_id).first()
    if found is None:
        raise Http404
    return found


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.actor, "now": request.now}  # type: ignore[attr-defined]


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:300]


def _answered(request: HttpRequest, partner_id: UUID, decision: Decision, done: str) -> HttpResponse:
    if decision.allowed:
        messages.success(request, done)
    else:
        messages.error(request, " ".join(str(reason.text) for reason in decision.reasons))
    return redirect("partners_console:partner", partner_id)


def _with_form(enrolment: Enrolment) -> dict[str, Any]:
    days = enrolment.tier.protection_days or enrolment.program.protection_days
    return {"row": enrolment, "days": days, "form": TierForm(enrolment=enrolment, initial={"tier": enrolment.tier_id})}


def _may_give(request: HttpRequest, found: Partner, form: EnrolForm) -> bool:
    """Another tier than the one held is for those who decide on tiers, whichever form asks for it."""
    program, tier = form.cleaned_data["program"], form.cleaned_data["tier"]
    other = Enrolment.objects.filter(partner=found, program=program).exclude(tier=tier)
    if request.actor.has(*DECIDERS) or not other.exists():  # type: ignore[attr-defined]
        return True
    form.add_error("tier", _("Your roles don't let you do this."))
    return False


def _held(found: Partner, program: str) -> dict[str, Any]:
    """What the form begins with: the present enrolment, or the first program."""
    held = next((e for e in queries.enrolments_of(found.pk) if not program or str(e.program_id) == program), None)
    if held is None:
        return {"program": queries.default_program()}
    return {
        "program": held.program_id,
        "tier": held.tier_id,
        "territories": [row.territory_id for row in held.territories.all()],
    }


def _facts(found: Partner) -> list[tuple[Any, ...]]:
    return [
        (_("Kind"), found.get_kind_display()),
        (_("Legal name"), found.legal_name),
        (_("Where"), ", ".join(part for part in (found.city, found.country) if part)),
        (_("Website"), found.website),
        (_("E-mail domain"), found.domain),
        (_("Your reference"), found.external_id),
        (_("Distributor"), found.parent.name if found.parent else ""),
        (_("Since"), found.created_at, {"kind": "date"}),
    ]
