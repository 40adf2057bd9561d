"""What the vendor's people, or the workflow for them, answer: back to the partner, declined, a duplicate."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg import entry, queries, rules
from dealreg.actions.base import deciding_on, drop_keys, judge_move, note, save, tell
from dealreg.actions.verdicts import remember
from dealreg.events import DealInReview, DealRejected, DealReturned
from dealreg.models import Customer, Deal, DealAssessment, DealStatus, Saying
from dealreg.queries.facts import move_facts
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.wording import said as _


def start_review(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """From now on a person decides. A deal that is in review already stays so."""
    with deciding_on(deal_id) as deal:
        if deal.status == DealStatus.IN_REVIEW:
            return Decision("deal-move/1", str(DealStatus.IN_REVIEW.value), True)
        decision = judge_move(deal, DealStatus.IN_REVIEW, "start_review")
        if decision.allowed:
            before = str(deal.status)
            deal.start_review()
            save(deal, now)
            tell(DealInReview, deal, now=now, before={"deal.status": before})
        note("deal.in_review", deal, actor=actor, now=now, decision=decision)
    return decision


def return_deal(*, deal_id: UUID, reason: str, fields: Iterable[str], actor: Actor, now: datetime) -> Decision:
    """Ask the partner: only the named fields can be changed in the answer."""
    with deciding_on(deal_id) as deal:
        opened = list(dict.fromkeys(fields))
        decision = rules.decide_return(
            move_facts(
                deal,
                DealStatus.ACTION_REQUIRED,
                "send_back",
                needed=["reason"],
                reason=entry.paragraphs(reason),
                fields=opened,
                can_be_opened=list(entry.FIELDS),
            )
        )
        if decision.allowed:
            before = str(deal.status)
            deal.send_back(fields=opened, reason=entry.paragraphs(reason))
            save(deal, now)
            tell(DealReturned, deal, now=now, before={"deal.status": before}, fields=opened)
        note("deal.returned", deal, actor=actor, now=now, decision=decision, after={"fields": opened})
    return decision


def reject_deal(
    *, deal_id: UUID, reason: str, actor: Actor, now: datetime, reasons: Iterable[Mapping[str, Any]] = ()
) -> Decision:
    """Decline a deal; the partner reads `reason` and `reasons` ([{key, text}])."""
    with deciding_on(deal_id) as deal:
        return _reject(deal, entry.paragraphs(reason), [dict(one) for one in reasons], actor, now)


def mark_duplicate(*, deal_id: UUID, other: UUID, actor: Actor, now: datetime, reason: str = "") -> Decision:
    """Decline a deal as the same as `other`, a deal or a customer, and remember the spelling."""
    with deciding_on(deal_id) as deal:
        rival = Deal.objects.filter(pk=other).exclude(pk=deal.pk).first()
        customer = _customer_of(rival) if rival else Customer.objects.filter(pk=other).first()
        if rival is None and customer is None:
            decision = rules.decide_note(
                {"problems": [["other.unknown", _("Say which deal or customer it is the same as.")]]}
            )
            note("deal.rejected", deal, actor=actor, now=now, decision=decision)
            return decision
        told = _duplicate_reason(deal, rival)
        decision = _reject(deal, entry.paragraphs(reason) or told["text"], [told], actor, now)
        if decision.allowed:
            DealAssessment.objects.filter(deal=deal).update(duplicate_of=rival, customer=customer)
            if customer and actor.kind in ("person", "token"):
                remember(deal, Saying.DUPLICATE, [customer], actor, now)
    return decision


def assign_cam(*, deal_id: UUID, membership_id: UUID | None, actor: Actor, now: datetime) -> Decision:
    """Give a deal to a channel manager of ours, or to nobody."""
    with deciding_on(deal_id) as deal:
        member = _ours(membership_id)
        ours = member is not None or membership_id is None
        decision = rules.decide_note(
            {
                "problems": []
                if ours
                else [["cam.not_ours", _("Only a current member of the vendor can look after a deal.")]]
            }
        )
        if decision.allowed:
            deal.owner_cam = member
            save(deal, now)
        note(
            "deal.cam_assigned",
            deal,
            actor=actor,
            now=now,
            decision=decision,
            after={"cam": member.name if member else ""},
        )
    return decision


def _ours(membership_id: UUID | None) -> Membership | None:
    if membership_id is None:
        return None
    return Membership.objects.filter(pk=membership_id, partner=None, ended_at=None).first()


def _reject(deal: Deal, reason: str, reasons: list[dict[str, Any]], actor: Actor, now: datetime) -> Decision:
    reason = reason or " ".join(one["text"] for one in reasons)
    decision = judge_move(deal, DealStatus.REJECTED, "reject", needed=["reason"], reason=reason)
    if decision.allowed:
        before = str(deal.status)
        deal.reject(at=now, reason=reason, reasons=reasons)
        deal.decided_by_person = actor.kind in ("person", "token")
        save(deal, now)
        drop_keys(deal.pk)
        tell(DealRejected, deal, now=now, before={"deal.status": before}, reasons=reasons)
    note("deal.rejected", deal, actor=actor, now=now, decision=decision, after={"reason": reason})
    return decision


def _duplicate_reason(deal: Deal, rival: Deal | None) -> dict[str, Any]:
    """A partner reads the number of its own deals only."""
    if rival and rival.partner_id == deal.partner_id:
        text = _("You have registered this customer for this product already: %(number)s.") % {"number": rival.number}
        return Reason("deal.own_duplicate", text).told()
    return Reason(rules.ALREADY, _("This customer is already registered for this product.")).told()


def _customer_of(deal: Deal) -> Customer | None:
    found = queries.assessment_of(deal.pk)
    return found.customer if found else None
