"""Finding the records that may be the customer of a deal: by keys, through equality alone, then scored.

Everything here reads over the wall between partners; call it as the vendor or inside `deciding()`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from json import dumps, loads
from typing import Any
from uuid import UUID

from django.db import connection

from dealreg.models import Deal, DealLine, DealPolicy, MatchKey, NotSame, Protection
from dealreg.models.deals import OPEN
from prm.kernel.matching import Normal, Scored, Thresholds, decide, keys, score
from prm.kernel.matching.keys import TOO_MANY
from prm.kernel.tenancy.context import tenant_id

BEST = 60  # of each kind that are scored
KEPT = 12  # findings that a person can compare
LINES = 8  # of the explanation

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


@dataclass(frozen=True, slots=True)
class Match:
    """One record that resembles, with its score."""

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
    held = _held([UUID(match.record["id"]) for match in customers], on)
    found = [_customer_finding(deal, match, held.get(match.record["id"], ()), lines) for match in customers]
    theirs = _lines_of([match.record["id"] for match in deals])
    found += [_deal_finding(deal, match, lines & theirs.get(match.record["id"], set())) for match in deals]
    return sorted(found, key=lambda finding: -float(finding["probability"]))[:KEPT]


def shortlist(normal: Normal) -> dict[int, list[str]]:
    """The ids of the records that share the most telling keys, best first, by kind."""
    asked = keys(normal)
    result: dict[int, list[str]] = {MatchKey.Kind.CUSTOMER: [], MatchKey.Kind.DEAL: []}
    with connection.cursor() as cursor:
        cursor.execute(_SHORTLIST, {
            "keys": [key.value for key in asked], "weights": [key.weight for key in asked],
            "tenant": tenant_id(), "cap": min(TOO_MANY, 800), "best": BEST,
        })
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
        Protection.objects.filter(customer_id=customer_id, product_line_id__in=list(lines), released_at=None,
                                  until__gte=on).select_related("partner", "deal", "product_line")
    )


def _score(normal: Normal, records: Iterable[dict[str, Any]], limits: Thresholds) -> list[Match]:
    matches = []
    for record in records:
        scored = score(normal, Normal.from_json(record.pop("normal")))
        verdict = decide(scored, limits)
        if verdict.outcome != "clear":
            matches.append(Match(record, scored, verdict.outcome, verdict.rule))
    return matches


def _customers(ids: list[str], spelling: str) -> list[dict[str, Any]]:
    if not ids:
        return []
    said_no = NotSame.objects.filter(spelling=spelling, customer_id__in=ids) if spelling else NotSame.objects.none()
    refused = {str(pk) for pk in said_no.values_list("customer_id", flat=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, name, domain, country, city, is_house, is_blocked, normal::text FROM dealreg_customer"
            " WHERE id = ANY(%s::uuid[])", [ids])
        names = ("id", "name", "domain", "country", "city", "is_house", "is_blocked", "normal")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall() if row[0] not in refused]
    return [row | {"normal": loads(row["normal"])} for row in rows]


def _open_deals(ids: list[str], but: UUID) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = (
        Deal.objects.filter(pk__in=ids, status__in=OPEN).exclude(pk=but)
        .values("pk", "number", "customer_name", "customer_domain", "customer_country", "customer_city", "normal",
                "partner_id", "partner__name", "status", "submitted_at", "amount", "currency", "expected_close_on")
    )
    return [{**row, "id": str(row.pop("pk"))} for row in rows]


def _held(customers: list[UUID], on: date) -> dict[str, list[Protection]]:
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
    holder = (rivals or overlapping or [None])[0]
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


def _lines_of(deals: list[str]) -> dict[str, set[UUID]]:
    lines: dict[str, set[UUID]] = {}
    if deals:
        for deal_id, line in DealLine.objects.filter(deal_id__in=deals).values_list("deal_id", "product_line_id"):
            lines.setdefault(str(deal_id), set()).add(line)
    return lines


def _deal_finding(deal: Deal, match: Match, shared: set[UUID]) -> dict[str, Any]:
    record = match.record
    return _finding(match) | {
        "kind": "deal",
        "id": record["id"],
        "deal_id": record["id"],
        "number": record["number"],
        "name": record["customer_name"],
        "domain": record["customer_domain"],
        "country": record["customer_country"],
        "city": record["customer_city"],
        "protected": False,
        "shares_lines": bool(shared),
        "mine": record["partner_id"] == deal.partner_id,
        "partner_name": record["partner__name"],
        "status": record["status"],
        "submitted_at": record["submitted_at"].isoformat() if record["submitted_at"] else "",
        "earlier": bool(record["submitted_at"] and deal.submitted_at and record["submitted_at"] < deal.submitted_at),
        "amount": str(record["amount"] or ""),
        "currency": record["currency"],
        "close_on": record["expected_close_on"].isoformat() if record["expected_close_on"] else "",
    }


def _finding(match: Match) -> dict[str, Any]:
    return {
        "verdict": match.outcome,
        "rule": match.rule,
        "probability": f"{match.scored.probability:.4f}",
        "model": match.scored.model,
        "lines": [[line.feature, line.bin, f"{line.contribution:.2f}", line.facts, line.sentence]
                  for line in match.scored.explain(LINES)],
    }
