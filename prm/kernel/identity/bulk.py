"""What can be done to many members at once: a role given or taken, access ended. Judged one by one, as singly."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.kernel.decisions import Decision
from prm.kernel.identity import actions, queries, roles, rules
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.ui.lists import BulkAction, Done, Plan

KEEPERS = frozenset({"admin", "ops", "cam", "partner_admin"})


class RoleForm(forms.Form):
    """Vendors give roles on both sides, a partner on its own."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if "confirmed" in request.POST else None)
        groups = [(_("Of partners' people"), roles.choices(partner=True))]
        if _is_partner(request):
            offered: list[Any] = groups[0][1]
        else:
            offered = [(_("Of our people"), roles.choices(partner=False)), *groups]
        self.fields["role"].choices = [("", _("Choose a role")), *offered]  # type: ignore[attr-defined]


Given = dict[str, Any] | None


def with_role(member: Membership, role: str) -> list[str]:
    return [*member.roles, role] if role not in member.roles else list(member.roles)


def without_role(member: Membership, role: str) -> list[str]:
    return [held for held in member.roles if held != role]


Change = Callable[[Membership, str], list[str]]


def plan_roles(change: Change, otherwise: Any, request: HttpRequest, rows: Sequence[Membership], given: Given) -> Plan:
    """Whom the role would be given to or taken from; before one is chosen, whose roles the reader may change."""
    will, skipped = [], []
    for row in rows:
        wanted = change(row, given["role"]) if given else list(row.roles)
        decision = _judged(rules.decide_role_change, request, row, wanted)
        if given and wanted == row.roles:
            skipped.append((row, otherwise))
        elif decision.refused:
            skipped.append((row, decision.reasons[0].text))
        else:
            will.append(row)
    return Plan(will, skipped)


def run_roles(change: Change, request: Any, rows: Sequence[Membership], given: dict[str, Any]) -> Done:
    """One stroke, taken back with one."""
    batch = uuid7()
    done = sum(
        actions.change_roles(
            membership_id=row.pk, roles=change(row, given["role"]), batch=batch, actor=request.actor, now=request.now
        ).allowed
        for row in rows
    )
    text = ngettext("Roles of %(n)d person changed.", "Roles of %(n)d people changed.", done) % {"n": done}
    side = "portal" if _is_partner(request) else "console"
    return Done(text, undo=reverse(f"identity:{side}_roles_undo", args=[batch]) if done else "")


def plan_ending(request: HttpRequest, rows: Sequence[Membership]) -> Plan:
    """Whose access the reader may end."""
    return _planned([(row, _judged(rules.decide_end, request, row, [])) for row in rows])


def run_ending(request: Any, rows: Sequence[Membership]) -> str:
    """At once: nobody whose access ends keeps it for another ten seconds."""
    who = {"actor": request.actor, "now": request.now}
    done = sum(actions.end_membership(membership_id=row.pk, **who).allowed for row in rows)
    return ngettext("Access of %(n)d person ended.", "Access of %(n)d people ended.", done) % {"n": done}


def _judged(decide: Callable[[rules.Grant], Decision], request: Any, row: Membership, wanted: list[str]) -> Decision:
    return decide(queries.grant(actor=request.actor, partner_id=row.partner_id, roles=wanted, member=row))


def _planned(judged: Iterable[tuple[Any, Decision]]) -> Plan:
    """Whatever is allowed; of the rest the first reason why not."""
    will, skipped = [], []
    for row, decision in judged:
        if decision.allowed:
            will.append(row)
        else:
            skipped.append((row, decision.reasons[0].text))
    return Plan(will, skipped)


def _is_partner(request: Any) -> bool:
    return request.actor.partner_id is not None


GIVE = BulkAction(
    "give_role",
    _("Give a role"),
    run=partial(run_roles, with_role),
    preview=partial(plan_roles, with_role, _("Has this role already")),
    form=RoleForm,
    icon="user-check",
    roles=KEEPERS,
)
TAKE = BulkAction(
    "take_role",
    _("Take a role away"),
    run=partial(run_roles, without_role),
    preview=partial(plan_roles, without_role, _("Does not have this role")),
    form=RoleForm,
    icon="minus",
    roles=KEEPERS,
    warning=_("Keys for programs end with the role that made them, and stay ended if you take this back."),
)
END = BulkAction(
    "end",
    _("End access"),
    run=run_ending,
    preview=plan_ending,
    icon="x",
    danger=True,
    roles=KEEPERS,
    warning=_("Their keys and sessions end at once, and nothing takes that back: to let them in again, invite them."),
)
PEOPLE = (GIVE, TAKE, END)


def plan_invitations(request: Any, rows: Sequence[Invitation]) -> Plan:
    """Those that the reader could have sent."""
    judged = []
    for row in rows:
        grant = queries.grant(actor=request.actor, partner_id=row.partner_id, roles=row.roles, email=row.email)
        judged.append((row, rules.decide_invitation(grant)))
    return _planned(judged)


def invite_again(request: Any, rows: Sequence[Invitation]) -> str:
    """A new link for each, as if they had been invited anew; the former one stops working."""
    done = sum(
        actions.invite_person(
            email=row.email,
            name=row.name,
            roles=row.roles,
            partner_id=row.partner_id,
            actor=request.actor,
            now=request.now,
        ).allowed
        for row in rows
    )
    return ngettext("%(n)d new link is on its way.", "%(n)d new links are on their way.", done) % {"n": done}


def plan_withdrawing(request: Any, rows: Sequence[Invitation]) -> Plan:
    """Those that the reader may withdraw, somebody's who has an account here by now too."""
    judged = []
    for row in rows:
        grant = queries.grant(actor=request.actor, partner_id=row.partner_id, roles=row.roles)
        judged.append((row, rules.decide_withdrawal(grant, is_open=row.is_open)))
    return _planned(judged)


def withdraw(request: Any, rows: Sequence[Invitation]) -> str:
    who = {"actor": request.actor, "now": request.now}
    done = sum(actions.revoke_invitation(invitation_id=row.pk, **who).allowed for row in rows)
    return ngettext("%(n)d invitation is withdrawn.", "%(n)d invitations are withdrawn.", done) % {"n": done}


INVITED = (
    BulkAction(
        "again",
        _("Invite again"),
        run=invite_again,
        preview=plan_invitations,
        icon="send",
        roles=KEEPERS,
        warning=_("Each gets a mail with a new link, which can't be called back; the link they had stops working."),
    ),
    BulkAction(
        "withdraw",
        _("Withdraw"),
        run=withdraw,
        preview=plan_withdrawing,
        icon="x",
        danger=True,
        roles=KEEPERS,
        warning=_("Their links stop working at once, for good: to let somebody in after all, invite them anew."),
    ),
)
