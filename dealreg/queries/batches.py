"""Which of many deals something can be done to, and why not to the others: as the actions judge, nothing written."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dealreg import rules
from dealreg.models import Deal, DealBatch, DealStatus
from dealreg.queries.facts import APPROVING_ROLES, extension_facts, move_facts, policy
from dealreg.rules_of_moves import decide_reassignment, decide_split
from partners.queries import partner_facts
from prm.kernel import clock
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.tenancy.context import deciding

Given = Mapping[str, Any]
Verb = DealBatch.Verb
OUTCOMES = {Verb.APPROVE: "approve", Verb.DECLINE: "reject", Verb.RETURN: "return"}


def hindrances(
    verb: str, deals: Sequence[Deal], given: Given | None, actor: Actor, now: datetime
) -> Mapping[UUID, str]:
    """Why not, for each deal that it can't be done to. `given` is None before anything was typed.

    The deals were loaded in the caller's audience; a partner is told what partners may read.
    """
    with deciding():
        if verb in OUTCOMES:
            return _asked(deals, OUTCOMES[Verb(verb)], actor)
        if verb == Verb.CAM:
            return {d.pk: _("Is with this channel manager already.") for d in deals if given and _has(d, given["cam"])}
        judge = _judge(Verb(verb), given or {}, actor, now)
        judged = [(deal.pk, judge(deal)) for deal in deals]
    return {pk: _why(decision, actor) for pk, decision in judged if decision.refused}


def _why(decision: Decision, actor: Actor) -> str:
    reasons = decision.reasons if actor.partner_id is None else decision.for_partner().reasons
    return reasons[0].text if reasons else _("This can't be done now.")


def batches_of(actor: Actor) -> QuerySet[DealBatch]:
    """The batches that somebody may look up: the vendor each one, a partner's person and a partner's key their own."""
    found = DealBatch.objects.select_related("owner")
    if actor.partner_id is None:
        return found
    if actor.kind == "token":  # who issued a key may be anybody
        return found.filter(actor__kind="token", actor__id=actor.id)
    return found.filter(owner_id=actor.membership_id)


def batch_for(actor: Actor, batch_id: UUID) -> DealBatch | None:
    """One of those, read over the wall for a partner; None where there is none."""
    with deciding():
        return batches_of(actor).filter(pk=batch_id).first()


def _asked(deals: Sequence[Deal], outcome: str, actor: Actor) -> Mapping[UUID, str]:
    """Deals that wait are answered as the questions of the queue that they are."""
    ids = [deal.pk for deal in deals]
    if not registry.questions:
        return dict.fromkeys(ids, _("Nobody is asked about it at the moment."))
    return registry.questions[0].hindrances("deal", ids, outcome, actor)


def _has(deal: Deal, cam: str) -> bool:
    return str(deal.owner_cam_id or "") == cam


def _judge(verb: DealBatch.Verb, given: Given, actor: Actor, now: datetime) -> Any:
    today = clock.local_date(now).isoformat()
    if verb == Verb.WITHDRAW:
        return lambda deal: rules.decide_move(move_facts(deal, DealStatus.WITHDRAWN, "withdraw"))
    if verb == Verb.EXTEND:
        days = policy().extension_days
        return lambda deal: rules.decide_extension(extension_facts(deal, days))
    if verb in (Verb.REASSIGN, Verb.SPLIT):
        return _to_another(decide_split if verb == Verb.SPLIT else decide_reassignment, given, actor)
    to, method = (DealStatus.WON, "win") if verb == Verb.WON else (DealStatus.LOST, "lose")
    return lambda deal: rules.decide_closing(
        move_facts(deal, to, method, amount=str(deal.amount or 0), closed_on=today, today=today)
    )


def _to_another(decide: Callable[[Given], Decision], given: Given, actor: Actor) -> Any:
    """The same facts as the action's, with what is known of actor and partner asked once for all deals."""
    member = Membership.objects.filter(pk=actor.membership_id).first() if actor.membership_id else None
    limit = member.approval_limit if member else None
    known = {
        "by": "person" if actor.kind in ("person", "token") else actor.kind,
        "may_approve": actor.has(*APPROVING_ROLES) and actor.is_vendor,
        "approver_limit": None if limit is None else str(limit),
        "currency": vendor_currency(),
        "reason": given.get("reason", "-"),
        "percent": str(given.get("percent", "50")),
    }

    def judge(deal: Deal) -> Decision:
        about: dict[str, Any] = {
            "status": deal.shown_status,
            "shared": deal.share_percent is not None,
            "amount": str(deal.amount_vendor),
            "country": deal.customer_country,
        }
        return decide(known | about | _to(deal, given))

    return judge


def _to(deal: Deal, given: Given) -> dict[str, Any]:
    if not given:
        return {"to_name": "", "same": False, "active": True, "enrolled": True, "covers_country": True}
    to = partner_facts(UUID(given["partner"]), deal.program_id)
    return {
        "to_name": to.name,
        "same": to.partner_id == deal.partner_id,
        "active": to.status == "active",
        "enrolled": to.enrolled,
        "covers_country": not to.countries or deal.customer_country in to.countries,
    }
