"""The conflict check tried on a customer's own files: every answer comes from the code that a submission runs.

Pairs need no vendor. A register of accounts is imported as customers are, in a transaction that the caller
rolls back, and each account counts as if it were protected for somebody else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from dealreg import entry, queries, rules
from dealreg.actions.imports import import_customers
from dealreg.imports import CustomerRow
from dealreg.models import Customer, Deal, DealPolicy
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, Thresholds, TokenWeights, decide, normalise, score
from prm.kernel.tenancy.ids import uuid7

PARTS = ("name", "domain", "country", "city")
PAIR_COLUMNS = ("pair_id", *(f"{side}_{part}" for side in "ab" for part in PARTS))
ACCOUNT_COLUMNS = ("record_id", *PARTS)
DEAL_COLUMNS = ("query_id", *PARTS)
LONGEST = {"name": 300, "domain": 255, "country": 60, "city": 160}
AT_ONCE = 2_000

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """The answer for one deal: the best hit's record ("" where nothing resembled) and its probability."""

    query: str
    decision: str
    record: str
    score: float


def judge_pair(row: Row, limits: Thresholds, weights: TokenWeights) -> tuple[float, str]:
    """How probable it is that both sides are one organisation, and what is decided on it."""
    one, other = (normalise(Record(*(row[f"{side}_{part}"] for part in PARTS))) for side in "ab")
    scored = score(one, other, weights)
    return scored.probability, decide(scored, limits).outcome


class Register:
    """Accounts brought in for the time of one transaction, and deals judged against them and nothing else."""

    def __init__(self, policy: DealPolicy) -> None:
        self.policy = policy
        self.records: list[str] = []
        self.mark = uuid7()
        self.since = UUID(int=self.mark.int >> 80 << 80)  # whatever is made from this millisecond on
        self.weights = TokenWeights.shipped()

    def bring_in(self, accounts: Iterable[Row], actor: Actor, now: datetime) -> int:
        """Import the accounts as `customers import` does; one that has no name is found by its domain alone."""
        left = iter(accounts)
        while batch := list(islice(left, AT_ONCE)):
            rows = []
            for account in batch:
                self.records.append(account["record_id"])
                rows.append(
                    CustomerRow(
                        account["name"] or account["domain"] or "-",
                        account["domain"],
                        account["country"],
                        account["city"],
                        f"{self.mark}:{len(self.records) - 1}",
                    )
                )
            import_customers(records=rows, actor=actor, now=now)
        records, counts = queries.counted_words(self.since)
        self.weights = self.weights.blended(counts, records)
        return len(self.records)

    def judge(self, rows: Iterable[Row]) -> Iterator[Tried]:
        for row in rows:
            yield self._judge(row)

    def _judge(self, row: Row) -> Tried:
        deal = _as_submitted(row)
        matches = queries.customer_matches(deal, self.policy, self.weights, since=self.since)
        if not matches:
            return Tried(row["query_id"], "clear", "", 0.0)
        best = max(matches, key=lambda match: (match.outcome != "clear", match.outcome == "conflict", match.likely))
        decision = rules.decide_conflict(
            {
                "findings": [_as_if_protected(match) for match in matches],
                "review": str(self.policy.review_threshold),
                "conflict": str(self.policy.conflict_threshold),
            }
        )
        return Tried(row["query_id"], decision.outcome, self._record_of(best.id), best.likely)

    def _record_of(self, customer: str) -> str:
        found = Customer.objects.values_list("external_id", flat=True).get(pk=customer)
        mark, _colon, number = found.partition(":")
        return self.records[int(number)] if mark == str(self.mark) else ""


def _as_submitted(row: Row) -> Deal:
    """A deal as the form leaves it: what can't be read stays out of it, and never stops the check."""
    typed = entry.read({f"customer_{part}": row[part][:most] for part, most in LONGEST.items()})
    deal = Deal(**typed.values)
    deal.normal = entry.normal_of(deal)
    return deal


def _as_if_protected(match: queries.Match) -> dict[str, Any]:
    return {
        "kind": "customer",
        "name": match.id,
        "verdict": match.outcome,
        "probability": f"{match.likely:.4f}",
        "shares_lines": True,
        "protected": True,
        "mine": False,
    }
