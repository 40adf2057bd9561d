"""What a person looks at before deciding: the deal beside its rivals, and why the rules said what they said."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dealreg import opportunity
from dealreg.entry import FIELDS
from dealreg.models import Deal, DealStatus
from dealreg.queries.facts import as_read, assessment_of, deal_facts
from dealreg.queries.workbench import workbench_of
from partners.models import Enrolment
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.automation.outcomes import outcome_word, rule_word
from prm.kernel.decisions import Decision
from prm.kernel.matching import Line
from prm.kernel.money import Money
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.tenancy.remembering import remembered

TRACES = 6


def rivals_of(deal_id: UUID, *, deal: Deal | None = None) -> dict[str, Any]:
    """The evidence of one deal, for the vendor's people only. Whoever has loaded it with its partner may give it."""
    deal = deal or as_read(deal_id)
    found = assessment_of(deal_id)
    findings = [_shown(deal, finding) for finding in (found.findings if found else [])]
    return {
        "deal": deal,
        "assessment": found,
        "customer": found.customer if found else None,
        "findings": findings,
        "best": next(iter(findings), None),
    }


def queue_rows(ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """What the queue's list shows of many deals: deals, tiers and the currency, each in one query."""
    wanted, currency = list(ids), vendor_currency()
    many = len(wanted) > 1
    deals = list(Deal.objects.filter(pk__in=wanted).select_related("partner")) if many else _one(wanted)
    tiers = _tiers(frozenset(deal.partner_id for deal in deals))
    return {
        deal.pk: {
            "title": f"{deal.number} · {deal.customer_name}",
            "partner": deal.partner.name,
            "partner_id": deal.partner_id,
            "value": deal.amount_vendor,
            "currency": None if deal.amount_vendor is None else currency,
            "tier": tiers.get((deal.partner_id, deal.program_id), ""),
            "url": reverse("dealreg_console:deal", args=[deal.pk]),
            "status": deal.status,
        }
        for deal in deals
    }


@remembered("partners.Enrolment", "partners.Tier")
def _tiers(partner_ids: frozenset[UUID]) -> Mapping[tuple[UUID, UUID], str]:
    rows = Enrolment.objects.filter(partner_id__in=partner_ids).values_list("partner_id", "program_id", "tier__name")
    return {(partner, program): tier for partner, program, tier in rows}


def _one(ids: list[UUID]) -> list[Deal]:
    """A single deal, as a workflow asks for it again and again."""
    try:
        return [as_read(pk) for pk in ids]
    except Deal.DoesNotExist:
        return []


def queue_evidence(deal_id: UUID) -> Mapping[str, Any]:
    """One deal in the queue: the evidence, the fields that can be opened, and what it may be a duplicate of."""
    evidence = rivals_of(deal_id)
    others = [(f["deal_id"] or f["id"], f"{f['name']} · {f['number']}".strip(" ·")) for f in evidence["findings"]]
    return {
        "evidence": evidence | {"traces": traces_of(deal_id)},
        "bench": workbench_of(evidence) if evidence["findings"] or evidence["assessment"] else None,
        "fields": [(name, field_label(name)) for name in FIELDS],
        "others": list(dict(others).items()),
    }


def field_label(name: str) -> str:
    """A field as people call it."""
    if name == "product_lines":
        return _("product lines")
    field: Any = Deal._meta.get_field(name)
    return str(field.verbose_name)


def facts_of(deal_id: UUID) -> dict[str, Any]:
    """The facts of a deal, and its value as money for messages."""
    deal = as_read(deal_id)
    return deal_facts(deal) | {"deal.value": value_of(deal)}


def message_facts(deal: Deal) -> dict[str, Any]:
    """What the wording of a message may use."""
    return {
        "deal": {
            "number": deal.number,
            "name": deal.name or deal.customer_name,
            "customer_name": deal.customer_name,
            "value": value_of(deal),
            "protected_until": deal.protected_until,
            "answer_due_at": deal.answer_due_at,
            "reason": deal.answer,
        },
        "partner": {"name": deal.partner.name},
    }


def value_of(deal: Deal) -> Money | None:
    return Money(deal.amount, deal.currency) if deal.amount is not None and deal.currency else None


def reasons_for_partner(*, deal_id: UUID) -> list[dict[str, Any]]:
    """Why the checks of the present submission say no, in the words that are for the partner."""
    deal = as_read(deal_id)
    told: dict[str, dict[str, Any]] = {}
    for record in latest_decisions(deal, "deal-eligibility/", "deal-conflict/"):
        for reason in Decision.of(record.document).for_partner().reasons if record and not record.allowed else ():
            told.setdefault(reason.key, reason.told())
    return list(told.values())


def latest_decision(deal: Deal, rule: str) -> DecisionRecord | None:
    """The last decision of a rule on this submission of the deal."""
    return latest_decisions(deal, rule)[0]


def latest_decisions(deal: Deal, *rules: str) -> list[DecisionRecord | None]:
    """The last decision of each rule on this submission, asked at once."""
    named = reduce(or_, (Q(rule__startswith=rule) for rule in rules))
    records = DecisionRecord.objects.filter(named, subject_id=deal.pk, at__gte=deal.submitted_at or deal.created_at)
    found = list(records.order_by("-at", "-recorded_at", "-pk"))
    return [next((record for record in found if record.rule.startswith(rule)), None) for rule in rules]


def traces_of(deal_id: UUID) -> list[dict[str, Any]]:
    records = DecisionRecord.objects.filter(subject_id=deal_id).order_by("-at", "-recorded_at")[:TRACES]
    return [
        {**record.document, "called": rule_word(record.rule), "answer": outcome_word(record.outcome)}
        for record in records
    ]


def _shown(deal: Deal, finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with its sentences in the reader's language, beside the deal's own record."""
    lines = [Line(feature, place, float(weight), finding["words"]) for feature, place, weight in finding["lines"]]
    return {
        **finding,
        "share": float(finding["probability"]),
        "until": date.fromisoformat(finding["until"]) if finding.get("until") else None,
        "speaks": [
            {"text": line.sentence, "figure": line.figure, "weight": line.contribution, "same": line.contribution > 0}
            for line in lines
        ],
        "diff": _side_by_side(deal, finding),
        "judged": finding.get("opportunity"),
        "opportunity": opportunity.told(finding.get("opportunity")),
        "status_label": DealStatus(finding["status"]).label if finding.get("status") else "",
    }


def _side_by_side(deal: Deal, finding: Mapping[str, Any]) -> list[tuple[str, str, str, bool]]:
    rows = [
        (_("Customer"), deal.customer_name, finding["name"]),
        (_("Website"), deal.customer_domain, finding["domain"]),
        (_("Country"), deal.customer_country, finding["country"]),
        (_("City"), deal.customer_city, finding["city"]),
        (_("Partner"), deal.partner.name, finding.get("partner_name") or "–"),
    ]
    if finding["kind"] == "deal":
        close = deal.expected_close_on.isoformat() if deal.expected_close_on else ""
        rows += [
            (_("Amount"), f"{deal.amount} {deal.currency}", f"{finding['amount']} {finding['currency']}"),
            (_("Expected close"), close, finding["close_on"]),
        ]
    return [(label, left or "–", right or "–", left.casefold() != right.casefold()) for label, left, right in rows]
