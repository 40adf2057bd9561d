"""A partner contests an answer; the deal desk looks at the evidence and decides, once."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django_fsm import can_proceed

from dealreg import entry, queries, rules_of_moves
from dealreg.actions.approval import approve_deal
from dealreg.actions.assessment import assess, certain_customers
from dealreg.actions.base import deciding_on, locked, locked_sale, note, save, today_of
from dealreg.actions.moving import MOVED, end_protection
from dealreg.actions.splitting import beside, share
from dealreg.events import DisputeDecided, DisputeEvent, DisputeRaised, DisputeWithdrawn
from dealreg.models import Deal, DealStatus, Dispute, Protection
from dealreg.queries.disputes import dispute_facts
from dealreg.queries.facts import approver_facts
from dealreg.rules import ALREADY
from prm.kernel import audit, events
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.reference import queries as reference
from prm.kernel.tenancy.context import deciding
from prm.kernel.tenancy.lines import stand_in_line
from prm.kernel.tenancy.remembering import forget_all

OPEN = (Dispute.Status.OPEN, Dispute.Status.IN_REVIEW)
SHARED = "shared"
LONGEST = 4_000


def raise_dispute(*, deal_id: UUID, statement: str, actor: Actor, now: datetime) -> Decision:
    """Contest a refusal, or the end of a protection by a decision. Evidence comes with attach_file().

    Raises Deal.DoesNotExist for a deal that the caller may not see.
    """
    with deciding_on(deal_id) as deal:
        said = entry.paragraphs(statement)[:LONGEST]
        decision = rules_of_moves.decide_raising(_raising_facts(deal, said, now))
        if decision.allowed:
            keys = {reason.get("key") for reason in deal.answer_reasons}
            made = Dispute.objects.create(
                deal=deal,
                partner_id=deal.partner_id,
                about=Dispute.About.PROTECTION if keys & {ALREADY, MOVED} else Dispute.About.REFUSAL,
                statement=said,
                raised_by_id=actor.membership_id if actor.partner_id == deal.partner_id else None,
                raised_at=now,
                answer_due_at=queries.answer_due(reference.program(deal.program_id), now),
            )
            _tell(DisputeRaised, made, now)
        note("deal.disputed", deal, actor=actor, now=now, decision=decision)
    return decision


def withdraw_dispute(*, dispute_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take a dispute back; the answer stands. Raises Dispute.DoesNotExist."""
    Dispute.objects.values_list("pk").get(pk=dispute_id)
    with deciding():
        return _move(_locked(dispute_id), "withdraw", DisputeWithdrawn, actor, now)


def review_dispute(*, dispute_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Somebody of ours has taken it up."""
    return _move(_locked(dispute_id), "review", None, actor, now)


def look_into_dispute(*, dispute_id: UUID, now: datetime) -> Dispute:
    """Look for rivals anew, so that whoever decides sees how things stand."""
    dispute = _locked(dispute_id)
    assess(locked(dispute.deal_id), now, queries.policy())
    return dispute


def ask_again(*, dispute_id: UUID, actor: Actor, now: datetime) -> None:
    """A workflow ended without deciding it, and a person wants it asked about anew, with a new promise."""
    dispute = _locked(dispute_id)
    if not dispute.is_open:
        return
    before = dispute.answer_due_at
    dispute.answer_due_at = queries.answer_due(reference.program(dispute.deal.program_id), now)
    dispute.save(update_fields=["answer_due_at"])
    audit.record(
        "dispute.asked_again",
        target=dispute,
        actor=actor,
        at=now,
        before={"answer_due_at": before},
        after={"answer_due_at": dispute.answer_due_at},
    )
    _tell(DisputeRaised, dispute, now)


def decide_dispute(
    *, dispute_id: UUID, outcome: str, reason: str, actor: Actor, now: datetime, percent: object = None
) -> Decision:
    """End a dispute: "upheld", "overturned" (the deal is protected instead of its rival) or "shared".

    `percent` is the share of whoever disputes, for "shared". Protection is granted by approve_deal() itself; where
    it refuses, nothing happens and the dispute stays open.
    """
    stand_in_line("dealreg.protection")
    dispute = _locked(dispute_id)
    deal = locked_sale(dispute.deal_id)
    holders = _holders(deal, now)
    facts = _deciding_facts(dispute, outcome, entry.paragraphs(reason), _percent(percent), actor, holders)
    decision = rules_of_moves.decide_dispute(facts)
    if decision.allowed and outcome in rules_of_moves.TURNING:
        hindered = _turn(dispute, deal, holders, facts, actor, now)
        decision = rules_of_moves.decide_dispute(facts | {"hindered": hindered})
    if decision.allowed:
        dispute.decide(outcome=outcome, reason=facts["reason"], at=now)
        dispute.save()
        _tell(DisputeDecided, dispute, now, outcome=outcome)
    after = {"outcome": outcome, "reason": facts["reason"], "holders": facts["holders"]}
    _note("dispute.decided", dispute, actor, now, decision, after)
    return decision


def _turn(
    dispute: Dispute, deal: Deal, holders: list[Deal], facts: dict[str, Any], actor: Actor, now: datetime
) -> list[list[str]]:
    """Protect the deal after all, instead of its rivals or beside one; else leave all as it was and say why not."""
    outcome, due = facts["outcome"], dispute.answer_due_at
    try:
        with transaction.atomic():
            deal.reopen(due=due)
            save(deal, now)
            for rival in holders:
                _make_way(rival, outcome, actor, now)
            granted = approve_deal(deal_id=deal.pk, actor=actor, now=now)
            if granted.refused:
                raise _Hindered(granted)
            if outcome == SHARED:
                _share(holders[0], locked(deal.pk), Decimal(facts["percent"]), actor, now)
    except _Hindered as why:
        forget_all()
        return [[reason.key, reason.text, reason.audience] for reason in why.reasons]
    return []


class _Hindered(Exception):
    """The deal can't be protected: what was begun is taken back."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.rule)
        self.reasons: tuple[Reason, ...] = decision.reasons


def _make_way(rival: Deal, outcome: str, actor: Actor, now: datetime) -> None:
    """The rival's protection ends; where it will share, only its hold on the customer does, for a moment."""
    if outcome == SHARED:
        Protection.objects.filter(deal=rival, released_at=None).update(released_at=now, released_because=SHARED)
        return
    other = beside(rival)
    for deal in (rival, other) if other else (rival,):
        end_protection(deal, because="overturned", actor=actor, now=now)


def _share(lead: Deal, deal: Deal, percent: Decimal, actor: Actor, now: datetime) -> None:
    """The rival holds again what it held, and leads; what the two have in common is protected once, by it."""
    held = Protection.objects.filter(deal=lead, released_at=now, released_because=SHARED)
    for row in held:
        Protection.objects.filter(
            deal=deal, customer=row.customer_id, product_line=row.product_line_id, released_at=None
        ).update(released_at=now, released_because=SHARED)
    held.update(released_at=None, released_because="")
    deal.protected_until = lead.protected_until
    share(lead, deal, percent, names_told=False, actor=actor, now=now, cause="dispute")


def _holders(deal: Deal, now: datetime) -> list[Deal]:
    """The deals of others that are protected where this one wants to be, locked."""
    today, lines = today_of(now), queries.line_ids(deal)
    customers = certain_customers(queries.findings_for(deal, lines, today, queries.policy()))
    held = Protection.objects.filter(
        customer__in=customers, product_line__in=lines, released_at=None, until__gte=today
    ).exclude(partner_id=deal.partner_id)
    return [locked_sale(pk) for pk in sorted(set(held.values_list("deal_id", flat=True)))]


def _raising_facts(deal: Deal, statement: str, now: datetime) -> dict[str, Any]:
    turned = deal.status == DealStatus.EXPIRED and any(r.get("key") == MOVED for r in deal.answer_reasons)
    before = Dispute.objects.filter(deal=deal, partner_id=deal.partner_id)
    decided = before.filter(status=Dispute.Status.DECIDED, decided_at__gte=deal.decided_at or now)
    return {
        "status": str(deal.status),
        "contestable": deal.status == DealStatus.REJECTED or turned,
        "open": before.filter(status__in=OPEN).exists(),
        "decided": decided.exists(),
        "statement": statement,
        "days_since": (today_of(now) - today_of(deal.decided_at or now)).days,
        "days_allowed": queries.policy().dispute_days,
    }


def _deciding_facts(
    dispute: Dispute, outcome: str, reason: str, percent: str, actor: Actor, holders: list[Deal]
) -> dict[str, Any]:
    return {
        "status": str(dispute.status),
        "legal": can_proceed(dispute.decide),
        "outcome": outcome,
        "reason": reason,
        "percent": percent,
        "may_decide": approver_facts(dispute.deal, actor)["may_approve"] or actor.kind not in ("person", "token"),
        "held_by": len(holders),
        "holder_shares": any(deal.share_percent is not None for deal in holders),
        "holders": [f"{deal.number} · {deal.partner.name}" for deal in holders],
        "hindered": [],
    }


def _percent(typed: object) -> str:
    """A share as it was typed, as exact text; none for what is no number."""
    try:
        share = Decimal(str(typed).replace(",", ".").strip() or "0")
    except InvalidOperation:
        return ""
    return str(share) if share.is_finite() and abs(share) < 1000 else ""


def _move(dispute: Dispute, method: str, event: type[DisputeEvent] | None, actor: Actor, now: datetime) -> Decision:
    moving = getattr(dispute, method)
    to = {"withdraw": "withdrawn", "review": "in_review"}[method]
    decision = rules_of_moves.decide_dispute_move(
        {"status": str(dispute.status), "to": to, "legal": can_proceed(moving)}
    )
    if decision.allowed:
        moving()
        dispute.save()
        if event is not None:
            _tell(event, dispute, now)
    _note(f"dispute.{to}", dispute, actor, now, decision, {})
    return decision


def _locked(dispute_id: UUID) -> Dispute:
    rows = Dispute.objects.select_for_update(of=("self",)).select_related("deal__partner")
    found: Dispute = rows.get(pk=dispute_id)
    return found


def _tell(event: type[DisputeEvent], dispute: Dispute, now: datetime, **detail: Any) -> None:
    events.publish(event.of(dispute, dispute_facts(dispute), **detail), at=now)


def _note(
    action: str, dispute: Dispute, actor: Actor, now: datetime, decision: Decision, after: dict[str, Any]
) -> None:
    done = action if decision.allowed else f"{action}_refused"
    audit.record(done, target=dispute, actor=actor, at=now, decision=decision, after=after)
