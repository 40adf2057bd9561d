"""What people have said, applied to what the matcher finds: the same question is never asked twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from dealreg.models import Customer, Deal, DealAssessment, DealPolicy, Saying, Verdict
from dealreg.models.deals import WAITING
from dealreg.models.verdicts import SAME
from dealreg.queries.rivals import findings_for, spelling_of, verdict_in_force
from dealreg.rules_verdicts import LOWEST
from prm.kernel.matching import Normal, Thresholds, decide, score

Finding = dict[str, Any]
SAID_SAME = "verdict.same"
MOST = 500  # waiting deals that one verdict can touch


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check found: the records that count, and those that stayed below the vendor's threshold."""

    findings: list[Finding]
    near: list[Finding]


def look(deal: Deal, lines: set[UUID], on: date, policy: DealPolicy) -> Looked:
    """The matcher's findings under people's verdicts. The near ones are kept for those who tune thresholds."""
    wider = DealPolicy(
        conflict_threshold=policy.conflict_threshold, review_threshold=min(policy.review_threshold, LOWEST)
    )
    found = with_verdicts(deal, findings_for(deal, lines, on, wider))
    counts = [f for f in found if _is_sure(f) or Decimal(f["probability"]) >= policy.review_threshold]
    near = [{**f, "verdict": "clear", "lines": [], "words": {}} for f in found if f not in counts]
    return Looked(counts, near[:3])


def _is_sure(finding: Finding) -> bool:
    """It counts however likely it is: a person said so, or the CRM does."""
    return finding["rule"] == SAID_SAME or bool(finding.get("related"))


def with_verdicts(deal: Deal, findings: list[Finding]) -> list[Finding]:
    """The findings, but for those that people said it is not; certain where they said that it is."""
    said = list(_said_of(deal)) if findings and anything_said(deal) else []
    if not said:
        return findings
    spellings = _spellings([f["id"] for f in findings if f["kind"] == "deal"])
    told = [(finding, [v for v in said if _is_of(v, finding, deal, spellings)]) for finding in findings]
    ruled = [_ruled(finding, deal, verdicts) for finding, verdicts in told]
    return [finding for finding in ruled if finding is not None]


def verdicts_on(deal_id: UUID) -> list[Verdict]:
    """What was said while this deal waited, and stands."""
    live = Verdict.objects.filter(deal_id=deal_id, status__in=["pending", "in_force"])
    return list(live.select_related("customer", "other_deal__partner").order_by("at"))


def candidate_of(deal: Deal, candidate: UUID) -> Finding | None:
    """What the last check found of a record; scored anew where it found nothing of it."""
    assessment = DealAssessment.objects.filter(deal=deal).first()
    for finding in assessment.findings if assessment else ():
        if finding["id"] == str(candidate):
            return dict(finding)
    return None


def scored(deal: Deal, other: Deal | Customer) -> tuple[Decimal, str]:
    """How likely the matcher holds two records for the same, and the rule that it went by."""
    found = score(Normal.from_json(deal.normal), Normal.from_json(other.normal))
    return Decimal(f"{found.probability:.4f}"), decide(found, Thresholds()).rule


def waiting_with(verdict: Verdict) -> list[UUID]:
    """The waiting deals whose check may come out otherwise by this verdict, in the order in which they are locked."""
    ids = [str(pk) for pk in (verdict.customer_id, verdict.deal_id, verdict.other_deal_id) if pk]
    named = Q(deal=verdict.deal_id) | Q(deal=verdict.other_deal_id)
    for pk in ids:
        named |= Q(findings__contains=[{"id": pk}])
    waiting = DealAssessment.objects.filter(named, deal__status__in=WAITING)
    return list(waiting.order_by("deal_id").values_list("deal_id", flat=True)[:MOST])


def learned() -> QuerySet[Verdict]:
    """Everything that people's verdicts have taught, for a list."""
    return Verdict.objects.exclude(status=Verdict.Status.UNDONE).select_related(
        "customer", "deal__partner", "other_deal__partner"
    )


def anything_said(deal: Deal) -> bool:
    return verdict_in_force(deal.pk, spelling_of(deal.normal))


def _said_of(deal: Deal) -> QuerySet[Verdict]:
    spelling = spelling_of(deal.normal)
    of_this = Q(deal=deal) | Q(other_deal=deal) | Q(spelling=spelling) | Q(other_spelling=spelling)
    return Verdict.objects.filter(of_this, status=Verdict.Status.IN_FORCE)


def _spellings(deals: Sequence[str]) -> Mapping[str, str]:
    rows = Deal.objects.filter(pk__in=deals).values_list("pk", "normal") if deals else ()
    return {str(pk): spelling_of(normal) for pk, normal in rows}


def _is_of(verdict: Verdict, finding: Finding, deal: Deal, spellings: Mapping[str, str]) -> bool:
    """Whether it speaks of these two: by who they are, or by how they are spelt."""
    mine, pair = spelling_of(deal.normal), {verdict.spelling, verdict.other_spelling}
    if finding["kind"] == "customer":
        return str(verdict.customer_id) == finding["id"] and (verdict.deal_id == deal.pk or mine in pair)
    if {str(verdict.deal_id), str(verdict.other_deal_id)} == {str(deal.pk), finding["id"]}:
        return True
    return bool(verdict.other_spelling) and pair == {mine, spellings.get(finding["id"], "")}


def _ruled(finding: Finding, deal: Deal, verdicts: Sequence[Verdict]) -> Finding | None:
    if not verdicts:
        return finding
    last = max(verdicts, key=lambda verdict: verdict.at)
    if last.saying not in SAME:
        return None
    own = [verdict for verdict in verdicts if deal.pk in (verdict.deal_id, verdict.other_deal_id)]
    other = [verdict for verdict in own if verdict.saying == Saying.OTHER_OPPORTUNITY]
    judged = {str(pk) for v in other for pk in (*v.holders, v.deal_id, v.other_deal_id)}
    project = finding.get("opportunity")
    if project and any(v.saying == Saying.SAME_CUSTOMER for v in own):  # who said so had both questions before them
        project = {**project, "outcome": "same"}
    return {
        **finding,
        "opportunity": project,
        "verdict": "conflict",
        "rule": SAID_SAME,
        "said_by": last.said_by,
        "other_opportunity": bool(other) and set(finding.get("holders", ())) <= judged,
        "duplicate": any(v.saying == Saying.DUPLICATE and v.deal_id == deal.pk for v in own),
    }
