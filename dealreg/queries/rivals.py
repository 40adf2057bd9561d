"""Finding the records that may be the customer of a deal: by keys, through equality alone, then scored.

Everything here reads over the wall between partners; call it as the vendor or inside `deciding()`.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from json import dumps, loads
from typing import Any
from uuid import UUID

from django.db import connection

from dealreg.models import Deal, DealPolicy, MatchKey, Protection
from dealreg.models.deals import OPEN
from dealreg.opportunity import Side, judge
from dealreg.queries.holders import Held, Other, held_by_customer, other_deals
from dealreg.queries.words import EVER, token_weights
from prm.kernel.matching import Normal, Scored, Thresholds, TokenWeights, decide, keys, score
from prm.kernel.matching.keys import ALWAYS, BEST, FAINT, TOO_MANY
from prm.kernel.tenancy.context import tenant_id

KEPT = 8  # of each kind that a person can compare
LINES = 8  # of the explanation
RELATIVES = 20
RECORD = ("id", "name", "domain", "country", "city", "external_id", "parent_id", "is_house", "is_blocked", "normal")

_SHORTLIST = """
WITH hit AS (
  SELECT q.weight, h.kind, h.record_id, h.hits
  FROM unnest(%(keys)s::bigint[], %(weights)s::real[]) AS q(key, weight)
  CROSS JOIN LATERAL (
    SELECT f.kind, f.record_id, count(*) OVER () AS hits FROM (
      SELECT m.kind, m.record_id FROM dealreg_matchkey AS m
      WHERE m.tenant_id = %(tenant)s AND m.key = q.key AND m.record_id > %(since)s LIMIT %(cap)s
    ) AS f
  ) AS h
), summed AS (
  SELECT kind, record_id, sum(weight) AS weight FROM hit WHERE hits < %(cap)s GROUP BY kind, record_id
), ranked AS (
  SELECT kind, record_id, weight, row_number() OVER kinds AS place, first_value(weight) OVER kinds AS best
  FROM summed WINDOW kinds AS (PARTITION BY kind ORDER BY weight DESC, record_id)
)
SELECT kind, record_id::text FROM ranked
WHERE place <= %(best)s AND (place <= %(always)s OR weight >= %(faint)s * best) ORDER BY place
"""
_CUSTOMERS = """
SELECT id::text, name, domain, country, city, external_id, parent_id::text, is_house, is_blocked, normal::text
FROM dealreg_customer AS c
WHERE id = ANY(%(ids)s::uuid[]) AND NOT EXISTS (
  SELECT 1 FROM dealreg_notsame AS n
  WHERE n.tenant_id = c.tenant_id AND n.customer_id = c.id AND n.spelling = %(spelling)s)
"""
_RELATIVES = """
SELECT id::text, name, domain, country, city, external_id, parent_id::text, is_house, is_blocked, normal::text
FROM dealreg_customer WHERE (id = ANY(%(parents)s::uuid[]) OR parent_id = ANY(%(ids)s::uuid[]))
  AND id <> ALL(%(known)s::uuid[]) LIMIT %(most)s
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

    @property
    def likely(self) -> float:
        return self.scored.probability


def findings_for(deal: Deal, lines: set[UUID], on: date, policy: DealPolicy) -> list[dict[str, Any]]:
    """What may be the same customer, likeliest first, as plain JSON: kept with the assessment and the decision."""
    normal, limits, weights = Normal.from_json(deal.normal), limits_of(policy), token_weights()
    by_kind = shortlist(normal)
    records = _customers(by_kind[MatchKey.Kind.CUSTOMER], spelling_of(deal.normal))
    customers = _telling(_score(normal, records, limits, weights))
    deals = _telling(_score(normal, _open_deals(by_kind[MatchKey.Kind.DEAL], deal.pk), limits, weights))
    relatives = _relatives(normal, customers, limits, weights)
    held = held_by_customer([match.id for match in (*customers, *relatives)], on)
    customers += [match for match in relatives if match.id in held]
    customers = _best(customers, first=held)  # a crowd of open deals never hides a protected customer
    deals = _best(deals)
    overlapping = {match.id: _overlapping(deal, held.get(match.id, ()), lines) for match in customers}
    holders = [row.deal_id for rows in overlapping.values() for row in rows[:1]]
    others, mine = other_deals([*holders, *(match.id for match in deals)]), Side.of(deal, map(str, lines))
    found = [_customer_finding(deal, match, overlapping[match.id], held, others, mine) for match in customers]
    found += [_deal_finding(deal, match, others[match.id], mine) for match in deals]
    return sorted(found, key=lambda finding: finding["probability"], reverse=True)


def limits_of(policy: DealPolicy) -> Thresholds:
    return Thresholds(float(policy.conflict_threshold), float(policy.review_threshold))


def shortlist(normal: Normal, since: UUID = EVER) -> dict[int, list[str]]:
    """The ids of the records that share the most telling keys, best first, by kind.

    Ids tell when they were made, so `since` leaves aside whatever was there before.
    """
    asked = keys(normal)
    result: dict[int, list[str]] = {MatchKey.Kind.CUSTOMER: [], MatchKey.Kind.DEAL: []}
    with connection.cursor() as cursor:
        cursor.execute(
            _SHORTLIST,
            {
                "keys": [key.value for key in asked],
                "weights": [key.weight for key in asked],
                "tenant": tenant_id(),
                "since": since,
                "cap": TOO_MANY,
                "best": BEST,
                "always": ALWAYS,
                "faint": FAINT,
            },
        )
        for kind, record in cursor.fetchall():
            result[kind].append(record)
    return result


def spelling_of(normal: dict[str, Any]) -> str:
    """A hash of a normal form: what a person's "not the same" is remembered by."""
    told = dumps([normal.get("n"), normal.get("d"), normal.get("c")], sort_keys=True)
    return sha256(told.encode()).hexdigest()


def customer_matches(deal: Deal, policy: DealPolicy, weights: TokenWeights, *, since: UUID = EVER) -> list[Match]:
    """Every customer that was scored for a deal, the clear ones too; with `since`, of those alone made later."""
    normal = Normal.from_json(deal.normal)
    records = _customers(shortlist(normal, since)[MatchKey.Kind.CUSTOMER], spelling_of(deal.normal))
    return _score(normal, records, limits_of(policy), weights)


def protection_holder(customer_id: UUID, lines: Iterable[UUID], on: date) -> list[Protection]:
    """Who is protected there on a day, line by line."""
    return list(
        Protection.objects.filter(
            customer_id=customer_id, product_line_id__in=list(lines), released_at=None, until__gte=on
        ).select_related("partner", "deal", "product_line")
    )


def _relatives(normal: Normal, matches: Iterable[Match], limits: Thresholds, weights: TokenWeights) -> list[Match]:
    """Parents, children and sisters, by the CRM's links, of whoever the customer certainly is: for people to see."""
    certain = [match for match in matches if match.outcome == "conflict"]
    parents = [match.record["parent_id"] for match in certain if match.record["parent_id"]]
    heads, known = [*(match.id for match in certain), *parents], [match.id for match in matches]
    records = _rows(_RELATIVES, RECORD, ids=heads, parents=parents, known=known, most=RELATIVES)
    return [
        replace(match, outcome="review", rule="review.related_account")
        for match in _score(normal, records, limits, weights)
    ]


def _score(normal: Normal, records: Iterable[dict[str, Any]], limits: Thresholds, weights: TokenWeights) -> list[Match]:
    matches = []
    for record in records:
        scored = score(normal, Normal.from_json(loads(record.pop("normal"))), weights)
        verdict = decide(scored, limits)
        matches.append(Match(record["id"], record, scored, verdict.outcome, verdict.rule))
    return matches


def _telling(matches: Iterable[Match]) -> list[Match]:
    return [match for match in matches if match.outcome != "clear"]


def _best(matches: list[Match], first: Container[str] = ()) -> list[Match]:
    """The likeliest; those named `first` before all others."""
    return sorted(matches, key=lambda match: (match.id not in first, -match.likely))[:KEPT]


def _customers(ids: list[str], spelling: str) -> list[dict[str, Any]]:
    """Customers to score, but for those that a person said it is not."""
    return _rows(_CUSTOMERS, RECORD, ids=ids, spelling=spelling)


def _open_deals(ids: list[str], but: UUID) -> list[dict[str, Any]]:
    return _rows(_DEALS, ("id", "normal"), ids=ids, but=but, open=[str(status.value) for status in OPEN])


def _rows(statement: str, names: tuple[str, ...], *, ids: list[str], **values: Any) -> list[dict[str, Any]]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids, **values})
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _overlapping(deal: Deal, held: Iterable[Held], lines: set[UUID]) -> list[Held]:
    """What is protected there of the deal's own lines; what rivals hold comes first."""
    rows = [row for row in held if row.line_id in lines and row.deal_id != str(deal.pk)]
    return sorted(rows, key=lambda row: row.partner_id == deal.partner_id)


def _customer_finding(
    deal: Deal, match: Match, rows: list[Held], held: dict[str, list[Held]], others: dict[str, Other], mine: Side
) -> dict[str, Any]:
    record, row = match.record, next(iter(rows), None)
    holder = others[row.deal_id] if row else None
    theirs = [str(one.line_id) for one in held.get(match.id, ()) if row and one.deal_id == row.deal_id]
    return _finding(match) | {
        "kind": "customer",
        "id": record["id"],
        "name": record["name"],
        "domain": record["domain"],
        "country": record["country"],
        "city": record["city"],
        "house": record["is_house"],
        "blocked": record["is_blocked"],
        "protected": bool(row),
        "shares_lines": bool(row),
        "mine": bool(row and row.partner_id == deal.partner_id),
        "holders": [one.deal_id for one in rows if one.partner_id != deal.partner_id] or [one.deal_id for one in rows],
        "partner_name": holder.partner_name if holder else "",
        "deal_id": holder.id if holder else "",
        "number": holder.number if holder else "",
        "until": row.until.isoformat() if row else "",
        "related": match.rule == "review.related_account",
        "opportunity": judge(mine, holder.side(theirs)) if holder else None,
    }


def _deal_finding(deal: Deal, match: Match, other: Other, mine: Side) -> dict[str, Any]:
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
        "shares_lines": not mine.lines.isdisjoint(other.lines),
        "mine": other.partner_id == deal.partner_id,
        "partner_name": other.partner_name,
        "status": other.status,
        "earlier": bool(other.submitted_at and deal.submitted_at and other.submitted_at < deal.submitted_at),
        "amount": str(other.amount or ""),
        "currency": other.currency,
        "close_on": other.close_on.isoformat() if other.close_on else "",
        "opportunity": judge(mine, other.side()),
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
