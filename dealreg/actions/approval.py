"""Granting protection: one deal at a time for each vendor, with the matcher run again under the lock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dealreg import queries, rules
from dealreg.actions.assessment import certain_customer
from dealreg.actions.base import drop_keys, held, must_be_seen, note, save, tell, today_of
from dealreg.actions.customers import customer_from, parent_of, set_parent
from dealreg.actions.verdicts import carry_over, remember
from dealreg.events import DealApproved, money_snapshot
from dealreg.models import Customer, Deal, DealAssessment, DealStatus, Protection, Saying
from dealreg.queries.facts import approver_facts, move_facts, protection_facts
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import deciding
from prm.kernel.tenancy.lines import stand_in_line


def approve_deal(
    *, deal_id: UUID, actor: Actor, now: datetime, remark: str = "", different_from: Sequence[UUID] = ()
) -> Decision:
    """Approve a deal and protect it, or say why not. `different_from`: customers a person says it is not.

    No constraint sees that two spellings are one customer, so approvals of one vendor stand in line: whoever
    gets the lock sees every earlier winner.
    """
    must_be_seen(deal_id)
    with deciding():
        stand_in_line("dealreg.protection")
        deal = held(deal_id)
        today, lines, others = today_of(now), queries.line_ids(deal), {str(pk) for pk in different_from}
        findings = queries.with_verdicts(deal, queries.findings_for(deal, lines, today, queries.policy()))
        findings = [finding for finding in findings if finding["kind"] != "customer" or finding["id"] not in others]
        decision = rules.decide_approval(
            move_facts(deal, DealStatus.APPROVED, "approve", **approver_facts(deal, actor), **_rivals(deal, findings))
        )
        if decision.allowed:
            _other_than(deal, different_from, actor, now)
            decision = _grant(deal, decision, findings, actor, now, today)
        late = deal.late_days if decision.allowed else 0
        told = {name: value for name, value in (("remark", remark), ("late_days", late)) if value}
        note("deal.approved", deal, actor=actor, now=now, decision=decision, after=told)
    return decision


def _other_than(deal: Deal, customers: Sequence[UUID], actor: Actor, now: datetime) -> None:
    """A person approved beside these customers: it is none of them."""
    if customers:
        remember(deal, Saying.NOT_SAME, Customer.objects.filter(pk__in=customers), actor, now)


def _rivals(deal: Deal, findings: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Who stands in the way: certain and protected, possible, and possible but not seen in the review."""
    seen = {finding["id"] for finding in _assessment(deal).findings}
    colliding = [f for f in findings if f["shares_lines"] and not f.get("other_opportunity")]
    certain = [f for f in colliding if f["verdict"] == "conflict" and f["protected"]]
    uncertain = [f for f in colliding if not f["mine"] and f not in certain and (f["protected"] or f.get("earlier"))]
    return {
        "protected_rivals": [_named(f) for f in certain if not f["mine"]],
        "own_protected": [f["number"] for f in certain if f["mine"]],
        "uncertain": [_named(f) for f in uncertain],
        "unseen": [_named(f) for f in uncertain if f["id"] not in seen],
    }


def _named(finding: dict[str, Any]) -> str:
    return f"{finding['name']} · {finding['partner_name']} · {finding['number']}"


def _assessment(deal: Deal) -> DealAssessment:
    return queries.assessment_of(deal.pk) or DealAssessment(deal=deal, findings=[])


def _grant(
    deal: Deal, decision: Decision, findings: list[dict[str, Any]], actor: Actor, now: datetime, today: date
) -> Decision:
    customer = _resolve(deal, findings, actor, now)
    protects = deal.deal_type is None or deal.deal_type.grants_protection
    granted = protection_facts(deal, now, today) if protects else {"late_days": 0}
    until = rules.decide_protection(granted) if protects else {}
    last = max(until.values(), default=None)
    _release_lapsed(customer, until, today, now)
    try:
        with transaction.atomic():
            _protect(deal, customer, until, today, _apart(deal, findings))
    except IntegrityError:
        return _last_word(decision)
    if actor.kind in ("person", "token"):
        others = [f for f in findings if f["kind"] == "customer" and f["shares_lines"] and not f["mine"]]
        _other_than(deal, [UUID(f["id"]) for f in others if UUID(f["id"]) != customer.pk], actor, now)
    carry_over(deal, customer, now)
    before = str(deal.status)
    deal.approve(at=now, protected_until=last, late_days=granted["late_days"] if until else 0)
    deal.decided_by_person = actor.kind in ("person", "token")
    save(deal, now)
    drop_keys(deal.pk)
    known = {"customer": customer, "findings": findings, "checked_at": now, "submission": deal.submission}
    if not DealAssessment.objects.filter(deal=deal).update(**known):  # the deal is locked: nobody else writes one
        DealAssessment.objects.create(deal=deal, **known)
    tell(
        DealApproved,
        deal,
        now=now,
        before={"deal.status": before},
        **money_snapshot(deal),
        protected_until=deal.protected_until,
    )
    told = {"customer": str(customer.pk), "protected_until": last, "late_days": deal.late_days}
    return replace(decision, facts={**decision.facts, **told})


def _resolve(deal: Deal, findings: list[dict[str, Any]], actor: Actor, now: datetime) -> Customer:
    """The one customer that this deal is for; a new one where it is nobody we know.

    One that another deal has made since a person named its parent gets that parent now.
    """
    certain = certain_customer(findings)
    if certain is None:
        return customer_from(deal)
    customer = Customer.objects.get(pk=certain["id"])
    if (parent := parent_of(deal)) is not None and parent.pk != customer.pk:
        set_parent(customer, parent, actor, now)
    return customer


def _release_lapsed(customer: Customer, lines: dict[str, date], today: date, now: datetime) -> None:
    Protection.objects.filter(
        customer=customer, product_line_id__in=list(lines), released_at=None, until__lt=today
    ).update(released_at=now, released_because="lapsed")


def _apart(deal: Deal, findings: list[dict[str, Any]]) -> str:
    """What keeps this protection apart from others of the customer: a person said that it is another opportunity."""
    said = any(f.get("other_opportunity") for f in findings if f["shares_lines"])
    return str(deal.pk) if said else ""


def _protect(deal: Deal, customer: Customer, until: dict[str, date], today: date, apart: str) -> None:
    Protection.objects.bulk_create(
        Protection(
            customer=customer,
            product_line_id=UUID(line),
            deal=deal,
            partner_id=deal.partner_id,
            opportunity=apart,
            granted_on=today,
            until=end,
        )
        for line, end in until.items()
    )


def _last_word(decision: Decision) -> Decision:
    """The unique index found what the matcher did not."""
    return rules.decide_approval({**decision.facts, "protected_rivals": [_("a protection of this customer")]})
