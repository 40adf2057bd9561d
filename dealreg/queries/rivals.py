"""Finding the records that may be the customer of a deal: by keys, through equality alone, then scored.

Everything here reads over the wall between partners; call it as the vendor or inside `deciding()`.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from json import dumps, loads
from typing import Any
from uuid import UUID

from django.db import connection

from dealreg.models import Deal, DealPolicy, MatchKey, Protection
from dealreg.models.deals import OPEN
from prm.kernel.matching import Normal, Scored, Thresholds, decide, keys, score
from prm.kernel.matching.keys import TOO_MANY
from prm.kernel.tenancy.context import tenant_id

BEST = 50  # of each kind that are scored
KEPT = 8  # of each kind that a person can compare
LINES = 8  # of the explanation
TOO_COMMON = min(TOO_MANY, 800)  # a key that finds more says too little

_SHORTLIST = """
WITH hit AS (
  SELECT q.weight, h.kind, h.record_id, count(*) OVER (PARTITION BY q.key) AS hits
  FROM unnest(%(keys)s::bigint[], %(weights)s::real[]) AS q(key, weight)
  CROSS JOIN LATERAL (
    SELECT m.kind, m.record_id FROM dealreg_matchkey AS m
    WHERE m.tenant_id = %(tenant)s AND m.key = q.key LIMIT %(cap)s
  ) AS h
), ranked AS (
  SELECT kind, record_id, row_number() OVER (PARTITION BY kind ORDER BY sum(weight) DESC, record_id) AS place
  FROM hit WHERE hits < %(cap)s GROUP BY kind, record_id
)
SELECT kind, record_id::text FROM ranked WHERE place <= %(best)s ORDER BY place
"""
_CUSTOMERS = """
SELECT id::text, name, domain, country, city, is_house, is_blocked, normal::text FROM dealreg_customer AS c
WHERE id = ANY(%(ids)s::uuid[]) AND NOT EXISTS (
  SELECT 1 FROM dealreg_notsame AS n
  WHERE n.tenant_id = c.tenant_id AND n.customer_id = c.id AND n.spelling = %(spelling)s)
"""
_DEALS = """
SELECT id::text, normal::text FROM dealreg_deal WHERE id = ANY(%(ids)s::uuid[]) AND id <> %(but)s
  AND status = ANY(%(open)s)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One record that resembles, with its score."""

    id: str
    record: dict[str, Any]
    scored: Scored
    outcome: str
    rule: str


def findings_for(deal: Deal, lines: set[UUID], on: date, policy: DealPolicy) -> list[dict[str, Any]]:
    """What may be the same customer, likeliest first, as plain JSON: kept with the assessment and the decision."""
    normal = Normal.from_json(deal.normal)
    limits = Thresholds(float(policy.conflict_threshold), float(policy.review_threshold))
    by_kind = shortlist(normal)
    customers = _score(normal, _customers(by_kind[MatchKey.Kind.CUSTOMER], spelling_of(deal.normal)), limits)
    deals = _score(normal, _open_deals(by_kind[MatchKey.Kind.DEAL], deal.pk), limits)
    held = _held([match.id for match in customers], on)
    customers = _best(customers, first=held)  # a crowd of open deals never hides a protected customer
    deals = _best(deals)
    others = _others([match.id for match in deals])
    found = [_customer_finding(deal, match, held.get(match.id, ()), lines) for match in customers]
    found += [_deal_finding(deal, match, others[match.id], lines) for match in deals]
    return sorted(found, key=lambda finding: finding["probability"], reverse=True)


def shortlist(normal: Normal) -> dict[int, list[str]]:
    """The ids of the records that share the most telling keys, best first, by kind."""
    asked = keys(normal)
    result: dict[int, list[str]] = {MatchKey.Kind.CUSTOMER: [], MatchKey.Kind.DEAL: []}
    with connection.cursor() as cursor:
        cursor.execute(
            _SHORTLIST,
            {
                "keys": [key.value for key in asked],
                "weights": [key.weight for key in asked],
                "tenant": tenant_id(),
                "cap": TOO_COMMON,
                "best": BEST,
            },
        )
        for kind, record in cursor.fetchall():
            result[kind].append(record)
    return result


def spelling_of(normal: dict[str, Any]) -> str:
    """A hash of a normal form: what a person's "not the same" is remembered by."""
    told = dumps([normal.get("n"), normal.get("d"), normal.get("c")], sort_keys=True)
    return sha256(told.encode()).hexdigest()


def customer_matches(normal: Normal, policy: DealPolicy) -> list[Match]:
    """Customers that may be this one, likeliest first."""
    limits = Thresholds(float(policy.conflict_threshold), float(policy.review_threshold))
    ids = shortlist(normal)[MatchKey.Kind.CUSTOMER]
    return sorted(_score(normal, _customers(ids, ""), limits), key=lambda match: -match.scored.probability)


def protection_holder(customer_id: UUID, lines: Iterable[UUID], on: date) -> list[Protection]:
    """Who is protected there on a day, line by line."""
    return list(
        Protection.objects.filter(
            customer_id=customer_id, product_line_id__in=list(lines), released_at=None, until__gte=on
        ).select_related("partner", "deal", "product_line")
    )


def _score(normal: Normal, records: Iterable[dict[str, Any]], limits: Thresholds) -> list[Match]:
    matches = []
    for record in records:
        scored = score(normal, Normal.from_json(loads(record.pop("normal"))))
        verdict = decide(scored, limits)
        if verdict.outcome != "clear":
            matches.append(Match(record["id"], record, scored, verdict.outcome, verdict.rule))
    return matches


def _best(matches: list[Match], first: Container[str] = ()) -> list[Match]:
    """The likeliest; those named `first` before all others."""
    return sorted(matches, key=lambda match: (match.id not in first, -match.scored.probability))[:KEPT]


def _customers(ids: list[str], spelling: str) -> list[dict[str, Any]]:
    """Customers to score, but for those that a person said it is not."""
    names = ("id", "name", "domain", "country", "city", "is_house", "is_blocked", "normal")
    return _rows(_CUSTOMERS, names, ids=ids, spelling=spelling)


def _open_deals(ids: list[str], but: UUID) -> list[dict[str, Any]]:
    return _rows(_DEALS, ("id", "normal"), ids=ids, but=but, open=[str(status.value) for status in OPEN])


def _rows(statement: str, names: tuple[str, ...], *, ids: list[str], **values: Any) -> list[dict[str, Any]]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids, **values})
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _others(ids: list[str]) -> dict[str, Deal]:
    """The open deals that were found, with what a person compares."""
    if not ids:
        return {}
    found = Deal.objects.filter(pk__in=ids).select_related("partner").prefetch_related("lines")
    return {str(deal.pk): deal for deal in found}


def _held(customers: list[str], on: date) -> dict[str, list[Protection]]:
    held: dict[str, list[Protection]] = {}
    if customers:
        rows = Protection.objects.filter(customer_id__in=customers, released_at=None, until__gte=on)
        for row in rows.select_related("partner", "deal"):
            held.setdefault(str(row.customer_id), []).append(row)
    return held


def _customer_finding(deal: Deal, match: Match, held: Iterable[Protection], lines: set[UUID]) -> dict[str, Any]:
    record = match.record
    overlapping = [row for row in held if row.product_line_id in lines and row.deal_id != deal.pk]
    rivals = [row for row in overlapping if row.partner_id != deal.partner_id]
    holder = next(iter(rivals or overlapping), None)
    return _finding(match) | {
        "kind": "customer",
        "id": record["id"],
        "name": record["name"],
        "domain": record["domain"],
        "country": record["country"],
        "city": record["city"],
        "house": record["is_house"],
        "blocked": record["is_blocked"],
        "protected": bool(overlapping),
        "shares_lines": bool(overlapping),
        "mine": bool(overlapping) and not rivals,
        "partner_name": holder.partner.name if holder else "",
        "deal_id": str(holder.deal_id) if holder else "",
        "number": holder.deal.number if holder else "",
        "until": holder.until.isoformat() if holder else "",
    }


def _deal_finding(deal: Deal, match: Match, other: Deal, lines: set[UUID]) -> dict[str, Any]:
    return _finding(match) | {
        "kind": "deal",
        "id": match.id,
        "deal_id": match.id,
        "number": other.number,
        "name": other.customer_name,
        "domain": other.customer_domain,
        "country": other.customer_country,
        "city": other.customer_city,
        "protected": False,
        "shares_lines": any(line.product_line_id in lines for line in other.lines.all()),
        "mine": other.partner_id == deal.partner_id,
        "partner_name": other.partner.name,
        "status": str(other.status),
        "earlier": bool(other.submitted_at and deal.submitted_at and other.submitted_at < deal.submitted_at),
        "amount": str(other.amount or ""),
        "currency": other.currency,
        "close_on": other.expected_close_on.isoformat() if other.expected_close_on else "",
    }


def _finding(match: Match) -> dict[str, Any]:
    """The score and, once for all lines, the words that their sentences are made of."""
    lines = match.scored.explain(LINES)
    return {
        "verdict": match.outcome,
        "rule": match.rule,
        "probability": f"{match.scored.probability:.4f}",
        "model": match.scored.model,
        "lines": [[line.feature, line.bin, f"{line.contribution:.2f}"] for line in lines],
        "words": lines[0].facts if lines else {},
    }
