"""People of the organisation, seen from the console and from the portal alike."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.kernel import clock
from prm.kernel.decisions import Decision
from prm.kernel.identity import actions, impersonation, queries, roles, rules
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.forms import AbsenceForm, InviteForm, RolesForm
from prm.kernel.identity.lists import Invitations, OwnPeopleList, PeopleList, name_here, open_invitations
from prm.kernel.identity.models import Membership
from prm.kernel.ui.answers import act_or_404, say
from prm.kernel.ui.lists import List, ListView
from prm.kernel.ui.toasts import conflict

KEEPERS = ("admin", "ops", "cam", "auditor", "partner_admin")
INVITERS = ("admin", "ops", "cam", "partner_admin")


class PeopleView(RolesRequired, ListView):
    """Who belongs to us (and, in the console, to our partners), and who is invited."""

    required_roles = frozenset(KEEPERS)
    list = PeopleList
    template_name = "identity/people.html"

    def make(self, request: HttpRequest) -> List:
        return (OwnPeopleList if is_portal(request) else PeopleList)(request)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "invite": name_here(request, "invite"),
            "may_invite": request.actor.has(*INVITERS),  # type: ignore[attr-defined]
            "tabs": [
                {"label": _("People"), "url": reverse(name_here(request, "people"))},
                {
                    "label": _("Invitations"),
                    "url": reverse(name_here(request, "invitations")),
                    "count": open_invitations().count(),
                },
            ],
        }


class InvitationsView(PeopleView):
    """Who is invited and has not come yet."""

    def make(self, request: HttpRequest) -> List:
        return Invitations(request)


@require_http_methods(["GET", "HEAD", "POST"])
@require_roles(*INVITERS)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by mail."""
    form = InviteForm(request.POST or None, **_invite_options(request))
    if request.method == "POST" and form.is_valid():
        partner_id = request.actor.partner_id if is_portal(request) else form.partner_id  # type: ignore[attr-defined]
        data = form.cleaned_data
        decision = actions.invite_person(
            email=data["email"], name=data["name"], roles=data["roles"], partner_id=partner_id, **_who(request)
        )
        if decision.allowed:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": data["email"]})
            return redirect(name_here(request, "people"))
        _add_reasons(form, decision)
    return render(
        request,
        "identity/invite.html",
        {
            "form": form,
            "people": name_here(request, "people"),
        },
    )


@require_POST
@require_roles(*INVITERS)
def revoke_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    decision = act_or_404(actions.revoke_invitation, request, invitation_id=invitation_id)
    say(request, decision, _("The invitation is withdrawn; its link works no more."))
    return redirect(name_here(request, "invitations"))


@require_safe
@require_roles(*KEEPERS)
def person(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """One member: roles, leaving, and the portal seen as they see it."""
    member = get_object_or_404(queries.members(), pk=membership_id)
    actor = request.actor  # type: ignore[attr-defined]
    return render(
        request,
        "identity/person.html",
        {
            "member": member,
            "roles": roles.labels(member.roles),
            "contact": _contact(member),
            "form": RolesForm(initial={"roles": member.roles}, partner=member.partner_id is not None),
            "may_view_as": impersonation.decide(actor, member).allowed,
            "pages": {page: name_here(request, page) for page in ("people", "roles", "end", "absence")},
            "absence": AbsenceForm(instance=member) if _may_set_absence(actor, member) else None,
            "may_change": _may_change(actor, member),
            "is_self": member.pk == actor.membership_id,
        },
    )


@require_POST
@require_roles(*INVITERS)
def change_roles(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    member = get_object_or_404(queries.members(), pk=membership_id)
    form = RolesForm(request.POST, partner=member.partner_id is not None)
    wanted = form.cleaned_data["roles"] if form.is_valid() else []
    decision = act_or_404(actions.change_roles, request, membership_id=membership_id, roles=wanted)
    say(request, decision, _("Roles changed; they hold from the next page on."))
    return redirect(name_here(request, "person"), membership_id)


@require_POST
@require_roles(*INVITERS)
def undo_roles(request: HttpRequest, batch: UUID) -> HttpResponse:
    """One undo for all whose roles were changed with one stroke."""
    if not actions.undo_roles(batch=batch, **_who(request)):
        return conflict(request, _("It is too late to take this back. Change the roles again instead."))
    messages.success(request, _("Taken back. Everybody has the roles they had."))
    return HttpResponse(status=204)


@require_POST
@require_roles(*INVITERS)
def end_membership(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    decision = act_or_404(actions.end_membership, request, membership_id=membership_id)
    say(request, decision, _("Access ended, with all keys and sessions."))
    return redirect(name_here(request, "people"))


@require_POST
@require_roles("admin", "ops", "partner_admin")
def set_absence(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Say for somebody who can't that they are away, and who stands in."""
    member = get_object_or_404(queries.members(), pk=membership_id)
    form = AbsenceForm(request.POST, instance=member)
    if not form.is_valid():
        messages.error(request, _("Choose days, and somebody of the same organisation."))
        return redirect(name_here(request, "person"), membership_id)
    data = form.cleaned_data
    decision = act_or_404(
        actions.set_absence,
        request,
        membership_id=membership_id,
        away_from=data["away_from"],
        away_until=data["away_until"],
        delegate_id=data["delegate"].pk if data["delegate"] else None,
    )
    say(request, decision, _("Saved. What they are asked goes to whoever stands in."))
    return redirect(name_here(request, "person"), membership_id)


@require_POST
@require_roles("admin", "ops")
def view_as(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """See the portal as this person does, for half an hour at most."""
    may_act = request.POST.get("may_act") == "1"
    get_object_or_404(queries.members(), pk=membership_id)
    decision = impersonation.start(request, membership_id=membership_id, may_act=may_act, **_who(request))
    say(request, decision, "")
    return redirect("/portal/" if decision.allowed else name_here(request, "people"))


def is_portal(request: HttpRequest) -> bool:
    return request.actor.partner_id is not None  # type: ignore[attr-defined]


def _contact(member: Membership) -> list[Any]:
    rows: list[Any] = [(_("E-mail"), member.email)]
    if member.title:
        rows.append((_("Job title"), member.title))
    return [*rows, (_("Joined"), clock.local_date(member.joined_at), {"kind": "date"})]


def _may_change(actor: Actor, member: Membership) -> bool:
    return rules.decide_end(queries.grant(actor=actor, partner_id=member.partner_id, roles=())).allowed


def _invite_options(request: HttpRequest) -> dict[str, Any]:
    if is_portal(request):
        return {"partner": True}
    chosen = request.POST.get("organisation") or request.GET.get("organisation", "")
    partners = apps.get_model("partners", "Partner").objects.order_by("name")
    offered = [("", _("Us")), *((str(partner.pk), str(partner)) for partner in partners)]
    return {"partner": bool(chosen), "organisations": offered, "initial": {"organisation": chosen}}


def _may_set_absence(actor: Actor, member: Membership) -> bool:
    same = actor.partner_id == member.partner_id
    return same and actor.has(*({"partner_admin"} if actor.partner_id else {"admin", "ops"}))


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.actor, "now": request.now}  # type: ignore[attr-defined]


def _add_reasons(form: InviteForm, decision: Decision) -> None:
    for reason in decision.reasons:
        form.add_error("roles" if "roles" in reason.key else None, reason.text)
