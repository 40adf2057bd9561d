"""Rules that people have been following by hand: looked for, dismissed, or put into a draft."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from prm.kernel import audit
from prm.kernel.conditions import sentence
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from workflows.models import RuleProposal
from workflows.proposals.drafting import CannotDraft, draft_of
from workflows.proposals.finding import Found, find_rule
from workflows.proposals.reading import Decided, Question, decided_since
from workflows.replay.rules import ProposalFacts, answer_proposal

LOOKS_BACK = timedelta(days=90)
PROPOSED = ("approve", "reject")  # answers that need nothing but a yes or a no


def find_proposals(*, now: datetime, least: int = 8) -> int:
    """Look for rules in what was decided in the last 90 days; says how many stand open after it.

    What nobody has answered and the tasks no longer say, goes; what was dismissed stays dismissed.
    """
    held: set[str] = set()
    for question, decided in decided_since(now - LOOKS_BACK).items():
        for outcome in sorted(decided.outcomes() & set(PROPOSED)):
            found = find_rule(decided.cases(outcome), question.schema, least=least)
            if found is not None:
                held.add(_propose(question, decided, outcome, found))
    RuleProposal.objects.filter(status="open").exclude(signature__in=held).delete()
    return RuleProposal.objects.filter(status="open").count()


def _propose(question: Question, decided: Decided, outcome: str, found: Found) -> str:
    """Write a proposal down, or bring the one that says the same up to date."""
    covered = set(found.covered)
    times = sorted(at for pk, _outcome, at, _facts in decided.tasks if pk in covered)
    signature = signature_of(question, outcome, found.when)
    values = {
        "block": question.block,
        "reason_text": decided.text,
        "when": dict(found.when),
        "sentence": sentence(found.when, question.schema),
        "count": len(covered),
        "others": sum(1 for case in decided.cases(outcome) if not case.alike),
        "first_at": times[0],
        "last_at": times[-1],
        "tasks": list(found.covered)[:200],
    }
    made = {
        "workflow_id": question.workflow_id,
        "queue": question.queue,
        "reason_keys": list(question.reasons),
        "outcome": outcome,
        "schema": question.schema.name,
    }
    known = RuleProposal.objects.filter(signature=signature).first()
    if known is None:
        RuleProposal.objects.create(signature=signature, **values, **made)
    elif known.status == RuleProposal.Status.OPEN:
        RuleProposal.objects.filter(pk=known.pk).update(**values, found_at=Now())
    return signature


def signature_of(question: Question, outcome: str, when: Mapping[str, Any]) -> str:
    """The same for the same thing said, however its amounts move."""
    parts = sorted(
        (rule["field"], rule["operator"], "" if rule["operator"] == "<=" else str(rule["value"]))
        for rule in when["rules"]
    )
    said = [str(question.workflow_id), question.block, question.queue, question.reasons, outcome, parts]
    return sha256(json.dumps(said).encode()).hexdigest()


def take_up_proposal(*, proposal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Put a proposal into a draft, of the rules that gave its reason or else of its workflow.

    Nothing is in force by it: the draft is replayed and a second person publishes it. The Decision's facts
    name what it `became` and the `version`.
    """
    proposal = _locked(proposal_id)
    draft = None
    decision = _judge(proposal, "taken_up", actor)
    if decision.allowed:
        try:
            draft = draft_of(proposal, actor, now)
        except CannotDraft as told:
            decision = _judge(proposal, "taken_up", actor, cannot=str(told))
    if decision.allowed and draft is not None:
        proposal.take_up()
        proposal.became, proposal.answered_by, proposal.answered_at = draft.name, actor.name, now
        proposal.save(update_fields=["status", "became", "answered_by", "answered_at"])
        named = {"became": draft.name, "kind": draft.kind, "version": str(draft.version_id)}
        decision = replace(decision, facts={**decision.facts, **named})
    return _record("proposal.taken_up", proposal, actor, now, decision, {"became": proposal.became})


def dismiss_proposal(*, proposal_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """Say no to a proposal, and why; it is not made again."""
    proposal = _locked(proposal_id)
    decision = _judge(proposal, "dismissed", actor, reason_given=bool(reason.strip()))
    if decision.allowed:
        proposal.dismiss()
        proposal.answer, proposal.answered_by, proposal.answered_at = reason.strip(), actor.name, now
        proposal.save(update_fields=["status", "answer", "answered_by", "answered_at"])
    return _record("proposal.dismissed", proposal, actor, now, decision, {"reason": reason})


def _judge(proposal: RuleProposal, done: str, actor: Actor, **more: Any) -> Decision:
    roles = tuple(sorted(actor.roles))
    return answer_proposal(ProposalFacts(done=done, status=proposal.status, roles=roles, **more))


def _record(
    verb: str, proposal: RuleProposal, actor: Actor, now: datetime, decision: Decision, after: Mapping[str, Any]
) -> Decision:
    audit.record(
        verb if decision.allowed else f"{verb}_refused",
        target=proposal,
        actor=actor,
        at=now,
        decision=decision,
        after=after,
    )
    return decision


def _locked(proposal_id: UUID) -> RuleProposal:
    return RuleProposal.objects.select_for_update(of=("self",)).select_related("workflow").get(pk=proposal_id)


def find_proposals_everywhere() -> int:
    """The same at every vendor, each in a transaction of its own."""
    with acting(audience="relay"):
        tenants = list(Tenant.objects.exclude(status=Tenant.Status.SUSPENDED).values_list("pk", flat=True))
    found = 0
    for tenant in tenants:
        with acting(tenant=tenant, audience="vendor") as now:
            found += find_proposals(now=now)
    return found
