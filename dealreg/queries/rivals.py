"""Finding the records that may be the customer of a deal: by keys, through equality alone, then scored.

Everything here reads over the wall between partners; call it as the vendor or inside `deciding()`.
"""

from collections.abc import Container, Iterable
from datetime import date
from hashlib import sha256
from json import dumps, loads
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from dealreg.models import Deal, DealPolicy, MatchKey, Protection, Verdict
from dealreg.models.deals import OPEN
from dealreg.opportunity import Side, judge
from dealreg.queries.holders import Held, Known, Other, in_the_books, other_deals
from dealreg.queries.words import EVER, crowded_keys, token_weights
from prm.kernel.matching import Normal, Scored, Thresholds, TokenWeights, decide, keys, score
from prm.kernel.matching.keys import ALWAYS, BEST, FAINT, TOO_MANY
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.remembering import keep, remembered

KEPT = 8  # of each kind that a person can compare
LINES = 8  # of the explanation
NOBODY = UUID(int=0)

_SHORTLIST = """
SELECT kind, record_id, normal, parent_id, said FROM app.shortlist(%(keys)s::bigint[], %(weights)s::real[], %(tenant)s,
  %(since)s, %(spelling)s, %(but)s, %(open)s::text[], %(cap)s, %(best)s, %(always)s, %(faint)s)
"""


class Candidate(NamedTuple):
    """A record that shares telling keys: as much of it as scoring reads."""

    id: str
    normal: str
    parent_id: str | None = None


class Match(NamedTuple):
    """One record that resembles, with its score."""

    id: str
    parent_id: str | None
    scored: Scored
    outcome: str
    rule: str

    @property
    def likely(self) -> float:
        return self.scored.probability


def findings_for(deal: Deal, lines: set[UUID], on: date, policy: DealPolicy) -> list[dict[str, Any]]:
    """What may be the same customer, likeliest first, as plain JSON: kept with the assessment and the decision."""
    normal, limits, weights = Normal.from_json(deal.normal), limits_of(policy), token_weights()
    found = shortlist(normal, spelling_of(deal.normal), but=deal.pk)
    customers = _telling(_score(normal, found[MatchKey.Kind.CUSTOMER], limits, weights))
    deals = _best(_telling(_score(normal, found[MatchKey.Kind.DEAL], limits, weights)))
    certain = {match.id: match.parent_id for match in customers if match.outcome == "conflict"}
    known = in_the_books([match.id for match in customers], certain, on)
    held = {pk: customer for pk, customer in known.items() if customer.held}
    resembling = {match.id for match in customers}
    relatives = [customer for pk, customer in held.items() if pk not in resembling]
    customers += _relatives(normal, relatives, limits, weights)
    customers = _best(customers, first=held)  # a crowd of open deals never hides a protected customer
    overlapping = {match.id: _overlapping(deal, known[match.id].held, lines) for match in customers}
    holders = [row.deal_id for rows in overlapping.values() for row in rows[:1]]
    others, mine = other_deals([*holders, *(match.id for match in deals)]), Side.of(deal, map(str, lines))
    told = [_customer_finding(deal, match, known[match.id], overlapping[match.id], others, mine) for match in customers]
    told += [_deal_finding(deal, match, others[match.id], mine) for match in deals]
    return sorted(told, key=lambda finding: finding["probability"], reverse=True)


def limits_of(policy: DealPolicy) -> Thresholds:
    return Thresholds(float(policy.conflict_threshold), float(policy.review_threshold))


def shortlist(normal: Normal, spelling: str, *, but: UUID = NOBODY, since: UUID = EVER) -> dict[int, list[Candidate]]:
    """The customers and open deals that share the most telling keys, best first, by kind.

    Leaves out the deal that asks, and customers that a person said this spelling is not. Ids tell when they were
    made, so `since` leaves aside whatever was there before.
    """
    crowded = crowded_keys() if since == EVER else ()
    asked = [key for key in keys(normal) if key.value not in crowded]
    found: dict[int, list[Candidate]] = {MatchKey.Kind.CUSTOMER: [], MatchKey.Kind.DEAL: []}
    with connection.cursor() as cursor:
        cursor.execute(
            _SHORTLIST,
            {
                "keys": [key.value for key in asked],
                "weights": [key.weight for key in asked],
                "tenant": tenant_id(),
                "since": since,
                "but": but,
                "spelling": spelling,
                "open": [str(status) for status in OPEN],
                "cap": TOO_MANY,
                "best": BEST,
                "always": ALWAYS,
                "faint": FAINT,
            },
        )
        rows = cursor.fetchall()
    for kind, *record, _said in rows:
        found[kind].append(Candidate(*record))
    if rows:
        keep(verdict_in_force, rows[0][-1], but, spelling)
    return found


@remembered("dealreg.Verdict")
def verdict_in_force(deal_id: UUID, spelling: str) -> bool:
    """Whether anybody has said anything of this deal or its spelling; whoever has asked for a shortlist knows it."""
    of_this = Q(deal=deal_id) | Q(other_deal=deal_id) | Q(spelling=spelling) | Q(other_spelling=spelling)
    return Verdict.objects.filter(of_this, status=Verdict.Status.IN_FORCE).exists()


def spelling_of(normal: dict[str, Any]) -> str:
    """A hash of a normal form: what a person's "not the same" is remembered by."""
    told = dumps([normal.get("n"), normal.get("d"), normal.get("c")], sort_keys=True)
    return sha256(told.encode()).hexdigest()


def customer_matches(deal: Deal, policy: DealPolicy, weights: TokenWeights, *, since: UUID = EVER) -> list[Match]:
    """Every customer that was scored for a deal, the clear ones too; with `since`, of those alone made later."""
    normal = Normal.from_json(deal.normal)
    found = shortlist(normal, spelling_of(deal.normal), since=since)
    return _score(normal, found[MatchKey.Kind.CUSTOMER], limits_of(policy), weights)


def protection_holder(customer_id: UUID, lines: Iterable[UUID], on: date) -> list[Protection]:
    """Who is protected there on a day, line by line."""
    return list(
        Protection.objects.filter(
            customer_id=customer_id, product_line_id__in=list(lines), released_at=None, until__gte=on
        ).select_related("partner", "deal", "product_line")
    )


def _relatives(normal: Normal, relatives: Iterable[Known], limits: Thresholds, weights: TokenWeights) -> list[Match]:
    """Who belongs with the customer by the CRM's links, and is protected: for people to see."""
    matches = _score(normal, [Candidate(one.id, one.normal) for one in relatives], limits, weights)
    return [match._replace(outcome="review", rule="review.related_account") for match in matches]


def _score(normal: Normal, found: Iterable[Candidate], limits: Thresholds, weights: TokenWeights) -> list[Match]:
    matches = []
    for one in found:
        scored = score(normal, Normal.from_json(loads(one.normal)), weights)
        verdict = decide(scored, limits)
        matches.append(Match(one.id, one.parent_id, scored, verdict.outcome, verdict.rule))
    return matches


def _telling(matches: Iterable[Match]) -> list[Match]:
    return [match for match in matches if match.outcome != "clear"]


def _best(matches: list[Match], first: Container[str] = ()) -> list[Match]:
    """The likeliest; those named `first` before all others."""
    return sorted(matches, key=lambda match: (match.id not in first, -match.likely))[:KEPT]


def _overlapping(deal: Deal, held: Iterable[Held], lines: set[UUID]) -> list[Held]:
    """What is protected there of the deal's own lines; what rivals hold comes first."""
    rows = [row for row in held if row.line_id in lines and row.deal_id != str(deal.pk)]
    return sorted(rows, key=lambda row: row.partner_id == deal.partner_id)


def _customer_finding(
    deal: Deal, match: Match, customer: Known, rows: list[Held], others: dict[str, Other], mine: Side
) -> dict[str, Any]:
    row = next(iter(rows), None)
    holder = others[row.deal_id] if row else None
    theirs = [str(one.line_id) for one in customer.held if row and one.deal_id == row.deal_id]
    return _finding(match) | {
        "kind": "customer",
        "id": match.id,
        "name": customer.name,
        "domain": customer.domain,
        "country": customer.country,
        "city": customer.city,
        "house": customer.is_house,
        "blocked": customer.is_blocked,
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
