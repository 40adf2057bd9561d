"""Seeing the portal as one of a partner's people does, openly.

A vendor's admin or ops manager looks through a partner user's eyes for at most half an hour; every page
says so, every audit row carries both names, and unless it was asked for, nothing can be changed. What
was chosen stands in the session and is judged anew with every request.
"""

import time
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest

from prm.kernel import audit
from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import acting
from prm.kernel.wording import said as _

KEY = "view_as"
LASTS = 30 * 60  # seconds
MAY_IMPERSONATE = frozenset({"admin", "ops"})


@dataclass(frozen=True, slots=True)
class View:
    """Through whose eyes (`membership`), by whom, and whether they may act there or look only."""

    membership: Membership
    by: Membership
    may_act: bool


def start(request: HttpRequest, *, membership_id: UUID, may_act: bool, actor: Actor, now: Any) -> Decision:
    """Begin to see the portal as this partner user does. Runs as the vendor."""
    target = Membership.objects.get(pk=membership_id, ended_at=None)
    decision = decide(actor, target)
    audit.record(
        "impersonation.started" if decision.allowed else "impersonation.refused",
        target=target,
        actor=actor,
        at=now,
        decision=decision,
        after={"may_act": may_act},
    )
    if decision.allowed:
        request.session[KEY] = {
            "membership": str(target.pk),
            "by": str(actor.membership_id),
            "may_act": may_act,
            "until": int(time.time()) + LASTS,
        }
    return decision


def decide(actor: Actor, target: Membership) -> Decision:
    asked = (
        (
            actor.is_vendor and actor.has(*MAY_IMPERSONATE) and actor.membership_id is not None,
            Reason("impersonation.not_yours", _("Only admins and ops managers can view as somebody else.")),
        ),
        (
            target.partner_id is not None,
            Reason("impersonation.partners_only", _("Only a partner's people can be viewed as.")),
        ),
    )
    reasons = tuple(reason for held, reason in asked if not held)
    return Decision(
        rule="identity-impersonation/1",
        outcome="refused" if reasons else "started",
        allowed=not reasons,
        reasons=reasons,
        facts={"roles": sorted(actor.roles), "target_partner": target.partner_id},
        checks=tuple(Check(label=reason.key, passed=held) for held, reason in asked),
    )


def of(request: HttpRequest) -> View | None:
    """The view that is open in this session; None once it has run out or its ground has gone."""
    chosen = request.session.get(KEY)
    if not chosen:
        return None
    view = _view(request, chosen) if time.time() < chosen["until"] else None
    if view is None:
        del request.session[KEY]
    return view


def _view(request: HttpRequest, chosen: dict[str, Any]) -> View | None:
    people = Membership.objects.select_related("tenant").filter(ended_at=None, tenant__status="active")
    by = people.filter(pk=chosen["by"], person_id=cast(UUID, request.user.pk), partner=None).first()
    if by is None or not MAY_IMPERSONATE.intersection(by.roles):
        return None
    target = people.filter(pk=chosen["membership"], tenant=by.tenant, partner__isnull=False).first()
    return View(target, by, bool(chosen["may_act"])) if target else None


def stop(request: HttpRequest, *, request_id: str = "") -> None:
    """Back to one's own eyes. Called on the identity plane; audited in the vendor's."""
    view = of(request)
    if view is None:
        return
    del request.session[KEY]
    actor = Actor(
        kind="person",
        id=str(view.by.person_id),
        name=str(view.by),
        roles=frozenset(view.by.roles),
        membership_id=view.by.pk,
        request_id=request_id,
    )
    with acting(tenant=view.by.tenant_id, audience="vendor") as now:
        audit.record("impersonation.stopped", target=view.membership, actor=actor, at=now)
