"""Checking a deal: is it eligible, does it collide, who decides. Nothing here answers the partner."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from json import dumps
from typing import Any
from uuid import UUID

from django.db import connection

from dealreg import eligibility, queries, rules
from dealreg.actions.base import judging, judging_alone, note, today_of
from dealreg.facts import DEAL
from dealreg.models import Deal, DealAssessment, DealPolicy
from dealreg.queries.facts import eligibility_facts, routing_facts
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.automation.queries import NoRules, published_rules
from prm.kernel.conditions import evaluate_rules
from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.remembering import forget, keep
from prm.kernel.wording import said as _


def validate_deal(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Judge a deal by the vendor's published eligibility rules: allow, review, refuse or error."""
    with judging(deal_id) as deal:
        assess(deal, now, queries.policy())
        decision = _eligibility(deal, now)
        note("deal.validated", deal, actor=actor, now=now, decision=decision)
    return decision


def check_conflicts(*, deal_id: UUID, actor: Actor, now: datetime, fresh: bool = True) -> Decision:
    """Look for rivals among customers and open deals: clear, review or conflict.

    With `fresh` false, what was found for this very submission a moment ago is judged.
    """
    with (judging_alone if fresh else judging)(deal_id) as deal:
        policy = queries.policy()
        found = None if fresh else queries.assessment_of(deal.pk)
        if found is None or found.submission != deal.submission or not found.outcome:
            decision = _assessed(deal, now, policy)[1]
        else:
            decision = judge_findings(found.findings, policy, found.near)
        note("deal.checked", deal, actor=actor, now=now, decision=decision)
    return decision


def route_deal(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Who decides, from what the checks found: "automatic", "cam", "ops" or "approver"."""
    with judging(deal_id) as deal:
        eligible, conflict = queries.latest_decisions(deal, f"{eligibility.RULESET}/", "deal-conflict/")
        decision = rules.decide_routing(
            routing_facts(
                deal,
                findings=[pair for found in (conflict, eligible) if found for pair in _vendor_reasons(found)],
                conflict=conflict.outcome if conflict else "review",
                broken=eligible is None or eligible.outcome == "error",
            )
        )
        note("deal.routed", deal, actor=actor, now=now, decision=decision)
    return decision


def assess(deal: Deal, now: datetime, policy: DealPolicy) -> DealAssessment:
    """Run the matcher and keep what it found, with the customer where it is certain."""
    return _assessed(deal, now, policy)[0]


def _assessed(deal: Deal, now: datetime, policy: DealPolicy) -> tuple[DealAssessment, Decision]:
    looked = queries.look(deal, queries.line_ids(deal), today_of(now), policy)
    findings = looked.findings
    certain, decision = certain_customer(findings), judge_findings(findings, policy, looked.near)
    found = DealAssessment(
        deal=deal,
        customer_id=certain["id"] if certain else None,
        submission=deal.submission,
        outcome=decision.outcome,
        probability=Decimal(findings[0]["probability"]) if findings else None,
        findings=findings,
        near=looked.near,
        model_version=findings[0]["model"] if findings else "",
        checked_at=now,
    )
    _write(found)
    keep(queries.assessment_of, found, deal.pk)  # the next step asks for it
    return found, decision


# Every check writes one, past the model layer.
_WRITE = """
INSERT INTO dealreg_dealassessment (id, tenant_id, deal_id, customer_id, submission, outcome, probability, findings,
  near, model_version, checked_at)
VALUES (%(id)s, %(tenant)s, %(deal)s, %(customer)s, %(submission)s, %(outcome)s, %(probability)s, %(findings)s::jsonb,
  %(near)s::jsonb, %(model)s, %(at)s)
ON CONFLICT (tenant_id, deal_id) DO UPDATE SET customer_id = EXCLUDED.customer_id, submission = EXCLUDED.submission,
  outcome = EXCLUDED.outcome, probability = EXCLUDED.probability, findings = EXCLUDED.findings, near = EXCLUDED.near,
  model_version = EXCLUDED.model_version, checked_at = EXCLUDED.checked_at RETURNING id
"""


def _write(found: DealAssessment) -> None:
    """Instead of what was found of the deal before."""
    values = {
        "id": found.pk,
        "tenant": found.tenant_id,
        "deal": found.deal_id,
        "customer": found.customer_id,
        "submission": found.submission,
        "outcome": found.outcome,
        "probability": found.probability,
        "findings": dumps(found.findings),
        "near": dumps(found.near),
        "model": found.model_version,
        "at": found.checked_at,
    }
    forget(DealAssessment._meta.label_lower)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        found.pk = cursor.fetchone()[0]


def certain_customer(findings: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The customer that a deal certainly is for."""
    return next((f for f in findings if f["kind"] == "customer" and f["verdict"] == "conflict"), None)


def certain_customers(findings: list[dict[str, Any]]) -> list[UUID]:
    """Every customer that a deal certainly is for: one organisation may stand in the books twice."""
    return [UUID(f["id"]) for f in findings if f["kind"] == "customer" and f["verdict"] == "conflict"]


def _eligibility(deal: Deal, now: datetime) -> Decision:
    facts = eligibility_facts(deal, now, today_of(now))
    try:
        document, rule = published_rules(eligibility.RULESET)
    except NoRules:
        text = _("No eligibility rules are published. Publish some under Setup, Rules.")
        return Decision(f"{eligibility.RULESET}/0", "error", False, (Reason("rule.missing", text, "vendor"),))
    return evaluate_rules(document, DEAL, facts, rule)


def judge_findings(
    findings: list[dict[str, Any]], policy: DealPolicy, near: Iterable[Mapping[str, Any]] = ()
) -> Decision:
    """The findings without their explanations, which stay with the assessment; the near ones for who tunes."""
    return rules.decide_conflict(
        {
            "findings": _bare(findings),
            "near": _bare(near),
            "review": str(policy.review_threshold),
            "conflict": str(policy.conflict_threshold),
        }
    )


def _bare(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in found.items() if name not in ("lines", "words", "opportunity")}
        | {"opportunity": (found.get("opportunity") or {}).get("outcome", "")}
        for found in findings
    ]


def _vendor_reasons(record: DecisionRecord) -> list[tuple[str, str]]:
    told = Decision.of(record.document)
    return [(reason.key, reason.text) for reason in told.reasons if reason.seen_by("vendor")]
