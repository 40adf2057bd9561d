"""What people say when they compare a deal with a record: noted at once, in force after ten seconds, remembered.

In force it becomes an alias or a not-same link, and waiting deals whose check comes out otherwise by it are judged
again by their workflow. It can be undone for ten seconds, and taken back later with a reason.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from dealreg import queries, rules_verdicts
from dealreg.actions.assessment import assess, judge_findings
from dealreg.actions.base import locked, note, tell
from dealreg.actions.customers import forget, learn_alias, learn_not_same, set_parent
from dealreg.events import DealQuestionSettled, VerdictGiven
from dealreg.models import Customer, Deal, DealAssessment, DealPolicy, Saying, Verdict
from dealreg.models.deals import WAITING
from dealreg.queries.verdicts import candidate_of, scored, waiting_with
from dealreg.wording import told
from prm.kernel import audit, events
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership

UNDO_LASTS = timedelta(seconds=10)
LIVE = (Verdict.Status.PENDING, Verdict.Status.IN_FORCE)


def give_verdict(
    *, deal_id: UUID, candidate: UUID, saying: str, actor: Actor, now: datetime, immediately: bool = False
) -> Decision:
    """Say what a candidate is to a deal. The Decision's facts name the `verdict`, to be undone for ten seconds.

    `immediately` lets it take effect in this transaction: programs press no Undo. Raises Deal.DoesNotExist.
    """
    deal = locked(deal_id)
    finding, standing = candidate_of(deal, candidate), _standing(deal, candidate)
    decision = rules_verdicts.decide_verdict(
        {
            "saying": saying,
            "sayings": [str(one.value) for one in Saying],
            "candidate": str(candidate),
            "waiting": deal.status in WAITING,
            "found": finding is not None,
            "said_by": standing.said_by if standing else "",
            "may": actor.is_vendor and actor.has(*rules_verdicts.SETTLERS),
        }
    )
    if decision.allowed and finding is not None:
        verdict = _note(deal, finding, saying, actor, now)
        decision = _naming(decision, verdict)
        if immediately:
            take_effect(verdict_id=verdict.pk, now=now)
        else:
            events.publish(VerdictGiven(subject_id=verdict.pk), at=now, after=UNDO_LASTS)
    note("deal.compared", deal, actor=actor, now=now, decision=decision, after={"candidate": candidate, "said": saying})
    return decision


def undo_verdict(*, verdict_id: UUID, actor: Actor, now: datetime) -> Decision:
    """As if it had never been said. Refused once it is in force. Raises Verdict.DoesNotExist."""
    verdict = _locked(verdict_id)
    decision = rules_verdicts.decide_undoing({"status": str(verdict.status), "own": verdict.actor["id"] == actor.id})
    if decision.allowed:
        verdict.undo()
        _end(verdict, actor.name, "", now)
    verb = "verdict.undone" if decision.allowed else "verdict.undo_refused"
    audit.record(verb, target=verdict, actor=actor, at=now, decision=decision)
    return decision


def take_effect(*, verdict_id: UUID, now: datetime) -> bool:
    """The ten seconds are over: learn from it, and judge again what waits. False where it was undone."""
    verdict = _locked(verdict_id)
    if verdict.status != Verdict.Status.PENDING:
        return False
    actor = _actor_of(verdict)
    if _has_left(actor):
        verdict.undo()
        _end(verdict, "", told(verdict), now)
        return False
    verdict.take_effect()
    verdict.save(update_fields=["status"])
    _learn(verdict, now)
    again = _judge_waiting(verdict, told(verdict), actor, now)
    audit.record(
        "verdict.in_force",
        target=verdict,
        actor=actor,
        at=now,
        after={"said": verdict.saying, "about": verdict.other_name, "judged_again": again},
    )
    return True


def take_back(*, verdict_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """Forget what a verdict taught, from now on; answers that were given stay. Raises Verdict.DoesNotExist."""
    verdict = _locked(verdict_id)
    decision = rules_verdicts.decide_taking_back(
        {"status": str(verdict.status), "reason": reason, "may": actor.has(*rules_verdicts.SETTLERS)}
    )
    again: list[str] = []
    if decision.allowed:
        concerned = waiting_with(verdict)
        verdict.take_back()
        _end(verdict, actor.name, reason.strip()[:1000], now)
        forget(verdict)
        again = _judge_waiting(verdict, told(verdict), actor, now, concerned)
    verb = "verdict.taken_back" if decision.allowed else "verdict.taking_back_refused"
    after = {"said": verdict.saying, "about": verdict.other_name, "reason": reason, "judged_again": again}
    audit.record(verb, target=verdict, actor=actor, at=now, decision=decision, after=after)
    return decision


def set_thresholds(*, review: Any, conflict: Any, reason: str, actor: Actor, now: datetime) -> Decision:
    """Move the likelihoods from which people look, and conflicts are certain; in force from the next check."""
    policy = DealPolicy.objects.select_for_update().first() or DealPolicy()
    facts = {
        "review": f"{review:.3f}",
        "conflict": f"{conflict:.3f}",
        "review_before": f"{policy.review_threshold:.3f}",
        "conflict_before": f"{policy.conflict_threshold:.3f}",
        "reason": reason,
        "may": actor.has(*rules_verdicts.TUNERS),
    }
    decision = rules_verdicts.decide_thresholds(facts)
    if decision.allowed:
        policy.review_threshold, policy.conflict_threshold = review, conflict
        policy.save()
    audit.record(
        "policy.thresholds_set" if decision.allowed else "policy.thresholds_refused",
        target=policy,
        actor=actor,
        at=now,
        decision=decision,
        before={"review": facts["review_before"], "conflict": facts["conflict_before"]},
        after={"review": facts["review"], "conflict": facts["conflict"], "reason": reason},
    )
    return decision


# --- noting ------------------------------------------------------------------------------------


def remember(deal: Deal, saying: Saying, customers: Iterable[Customer], actor: Actor, now: datetime) -> None:
    """What an answer in the queue says of customers by the way: a verdict like any other, in force at once."""
    for customer in customers:
        if _standing(deal, customer.pk):
            continue
        finding = candidate_of(deal, customer.pk)
        if finding is None:
            probability, rule = scored(deal, customer)
            finding = {"kind": "customer", "id": str(customer.pk), "name": customer.name, "rule": rule}
            finding["probability"] = str(probability)
        verdict = _note(deal, finding, saying, actor, now, Verdict.Status.IN_FORCE)
        _learn(verdict, now)


def _note(
    deal: Deal,
    finding: Mapping[str, Any],
    saying: str,
    actor: Actor,
    now: datetime,
    status: Verdict.Status = Verdict.Status.PENDING,
) -> Verdict:
    is_deal, other = finding["kind"] == "deal", UUID(str(finding["id"]))
    rival = Deal.objects.get(pk=other) if is_deal else None
    return Verdict.objects.create(
        deal=deal,
        customer_id=None if is_deal else other,
        other_deal=rival,
        saying=saying,
        status=status,
        spelling=queries.spelling_of(deal.normal),
        other_spelling=queries.spelling_of(rival.normal) if rival else "",
        name=deal.customer_name,
        other_name=finding["name"],
        probability=finding["probability"],
        rule=finding["rule"],
        holders=finding.get("holders", []),
        said_by=actor.name,
        actor=actor.document(),
        at=now,
    )


def _standing(deal: Deal, candidate: UUID) -> Verdict | None:
    said = Verdict.objects.filter(deal=deal, status__in=LIVE)
    return said.filter(customer=candidate).first() or said.filter(other_deal=candidate).first()


def _locked(verdict_id: UUID) -> Verdict:
    rows = Verdict.objects.select_for_update(of=("self",)).select_related("deal", "customer", "other_deal")
    verdict: Verdict = rows.get(pk=verdict_id)
    return verdict


def _end(verdict: Verdict, by: str, because: str, now: datetime) -> None:
    verdict.ended_at, verdict.ended_by, verdict.ended_because = now, by, because
    verdict.save(update_fields=["status", "ended_at", "ended_by", "ended_because"])


def _naming(decision: Decision, verdict: Verdict) -> Decision:
    from dataclasses import replace

    return replace(decision, facts={**decision.facts, "verdict": str(verdict.pk)})


# --- learning ----------------------------------------------------------------------------------


def _learn(verdict: Verdict, now: datetime) -> None:
    """A customer gets an alias, or a link that says it is not the same. Of two deals the verdict itself is the memory,
    until one of them becomes a customer (`carry_over`)."""
    customer = verdict.customer
    if customer is None:
        return
    if verdict.says_same:
        learn_alias(customer, verdict.deal, verdict)
    else:
        learn_not_same(customer, verdict, now)
    if verdict.saying == Saying.RELATED:
        found = DealAssessment.objects.select_related("customer").filter(deal=verdict.deal).first()
        if found and found.customer and found.customer_id != customer.pk:
            set_parent(found.customer, customer, _actor_of(verdict), now)


def carry_over(deal: Deal, customer: Customer, now: datetime) -> None:
    """A deal has become a customer's: what was said of the deal and others is known of the customer from now on."""
    if not queries.anything_said(deal):
        return
    for verdict in Verdict.objects.filter(Q(deal=deal) | Q(other_deal=deal), status="in_force", customer=None):
        if verdict.deal_id == deal.pk:
            _turn(verdict, verdict.other_deal, customer, verdict.other_spelling, now)
        else:
            _turn(verdict, verdict.deal, customer, verdict.spelling, now)


def _turn(verdict: Verdict, other: Deal | None, customer: Customer, spelling: str, now: datetime) -> None:
    verdict.customer = customer
    verdict.save(update_fields=["customer"])
    if other is None:
        return
    if verdict.says_same:
        learn_alias(customer, other, verdict)
    else:
        learn_not_same(customer, verdict, now, spelling)


# --- judging again -----------------------------------------------------------------------------


def _judge_waiting(
    verdict: Verdict, why: str, actor: Actor, now: datetime, concerned: list[UUID] | None = None
) -> list[str]:
    """Check the waiting deals that it concerns; those that come out otherwise go through their workflow again."""
    policy, again = queries.policy(), []
    for deal_id in waiting_with(verdict) if concerned is None else concerned:
        deal = locked(deal_id)
        if deal.status not in WAITING:
            continue
        before = DealAssessment.objects.filter(deal=deal).values_list("outcome", flat=True).first()
        found = assess(deal, now, policy)
        if found.outcome == before and not _says_more(verdict, deal):
            _tell_what_is_left(deal, found, policy, actor, now)
            continue
        again.append(deal.number)
        tell(DealQuestionSettled, deal, now=now, why=why, by=actor.name)
        note(
            "deal.judged_again",
            deal,
            actor=actor,
            now=now,
            before={"conflict": before or ""},
            after={"conflict": found.outcome, "verdict": str(verdict.pk), "why": why},
        )
    return again


def _tell_what_is_left(deal: Deal, found: DealAssessment, policy: DealPolicy, actor: Actor, now: datetime) -> None:
    """The question stays, and gives as its reasons what is still open."""
    decision = judge_findings(found.findings, policy, found.near)
    note("deal.checked", deal, actor=actor, now=now, decision=decision)
    if registry.questions:
        keys = registry.queue_views["conflicts"].reasons
        reasons = [reason.told() for reason in decision.reasons if reason.seen_by("vendor")]
        registry.questions[0].retell("deal", deal.pk, keys, reasons)


def _says_more(verdict: Verdict, deal: Deal) -> bool:
    """A duplicate is answered whatever the check had said before."""
    return verdict.saying == Saying.DUPLICATE and verdict.deal_id == deal.pk


# --- in whose name -----------------------------------------------------------------------------


def _actor_of(verdict: Verdict) -> Actor:
    return Actor.of({"name": verdict.said_by, **verdict.actor, "request_id": ""})  # acts in no request of its own


def _has_left(actor: Actor) -> bool:
    if actor.membership_id is None:
        return False
    return not Membership.objects.filter(pk=actor.membership_id, ended_at=None).exists()
