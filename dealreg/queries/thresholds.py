"""What moving the conflict check's thresholds would have done: on what people settled, and on the queue's load.

Read from the vendor's own past alone: verdicts say what was the same and what was not, decision records say what
each check found. Nothing below `rules_verdicts.LOWEST` was kept, so nothing is said about it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from dealreg.models import Verdict
from dealreg.models.verdicts import SAME
from dealreg.queries.verdicts import SAID_SAME
from dealreg.rules_verdicts import LOWEST
from prm.kernel.tenancy.context import tenant_id

WEEKS = 13
ENOUGH = 20  # settled cases of a kind; below, a share says nothing
CHECKS = 3_000  # of the latest, to reckon the load from
BY_THRESHOLD = ("conflict.threshold", "review.threshold", "clear.threshold")
STEPS = tuple(Decimal(step) / 100 for step in (*range(20, 100, 5), 99))


@dataclass(frozen=True, slots=True)
class Case:
    """Two records that a person has settled: how likely they seemed, and whether they were the same.

    `hard`: a hard rule would send it to a person whatever its likelihood.
    """

    probability: float
    same: bool
    hard: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One record that one check found."""

    probability: float
    hard: bool
    colliding: bool  # it shares a product line and is not the partner's own
    protected: bool
    own: bool
    apart: bool = False  # perhaps another opportunity: then people are asked


@dataclass(frozen=True, slots=True)
class Past:
    """What the page reckons from."""

    cases: tuple[Case, ...]
    checks: tuple[tuple[Found, ...], ...]
    counted: int  # checks in all, those that found nothing too
    weeks: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What two thresholds would have done. Shares are None where too few cases say anything."""

    wrong: int
    different: int
    missed: int
    same: int
    per_week: float

    @property
    def wrong_share(self) -> float | None:
        return self.wrong / self.different if self.different >= ENOUGH else None

    @property
    def missed_share(self) -> float | None:
        return self.missed / self.same if self.same >= ENOUGH else None


def past_of(now: datetime) -> Past:
    """The settled cases of all time, and the checks of the last quarter."""
    since = now - timedelta(weeks=WEEKS)
    rows = _checks(since)
    first = min((at for at, _findings in rows), default=now)
    return Past(
        _cases(),
        tuple(_found(findings) for _at, findings in rows if findings),
        len(rows),
        max((now - first) / timedelta(weeks=1), 1.0),
    )


def effect_of(past: Past, review: Decimal, conflict: Decimal) -> Effect:
    """Wrong conflicts, missed conflicts and the load on the queue, had these two been set."""
    low, high = float(review), float(conflict)
    different = [case for case in past.cases if not case.same]
    same = [case for case in past.cases if case.same]
    asked = sum(1 for findings in past.checks if _goes_to_people(findings, low, high))
    return Effect(
        wrong=sum(1 for case in different if case.probability >= high and not case.hard),
        different=len(different),
        missed=sum(1 for case in same if case.probability < low),
        same=len(same),
        per_week=round(asked / past.weeks, 1),
    )


def curves(past: Past, review: Decimal, conflict: Decimal) -> dict[str, list[tuple[str, float]]]:
    """For charts: load and missed by the threshold of review, wrong by that of conflict, the other held."""
    lower, upper = [s for s in STEPS if s <= conflict], [s for s in STEPS if s >= max(review, Decimal("0.5"))]
    by_review = [(f"{step:.0%}", effect_of(past, step, conflict)) for step in lower]
    return {
        "load": [(label, effect.per_week) for label, effect in by_review],
        "missed": [(label, effect.missed) for label, effect in by_review],
        "wrong": [(f"{step:.0%}", effect_of(past, review, step).wrong) for step in upper],
    }


def _cases() -> tuple[Case, ...]:
    rows = Verdict.objects.filter(status=Verdict.Status.IN_FORCE).exclude(rule=SAID_SAME).order_by("-at")
    said = rows.values_list("probability", "saying", "rule")[:CHECKS]
    return tuple(Case(float(p), saying in SAME, rule not in BY_THRESHOLD) for p, saying, rule in said)


_CHECKS = """
SELECT DISTINCT ON (d.subject_id) d.at, d.document -> 'facts' -> 'findings', d.document -> 'facts' -> 'near'
FROM audit_decisionrecord AS d
WHERE d.tenant_id = %(tenant)s AND d.rule >= 'deal-conflict/' AND d.rule < 'deal-conflict0' AND d.at >= %(since)s
ORDER BY d.subject_id DESC, d.at LIMIT %(most)s
"""


def _checks(since: datetime) -> list[tuple[datetime, Sequence[Mapping[str, Any]]]]:
    """The first check of each of the latest deals, before anybody had settled anything of it."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECKS, {"tenant": tenant_id(), "since": since, "most": CHECKS})
        rows = cursor.fetchall()

    def read(value: Any) -> list[Mapping[str, Any]]:
        return list((json.loads(value) if isinstance(value, str) else value) or [])

    return [(at, [*read(findings), *read(near)]) for at, findings, near in rows]


def _found(findings: Iterable[Mapping[str, Any]]) -> tuple[Found, ...]:
    return tuple(
        Found(
            1.0 if one.get("related") else float(one["probability"]),
            bool(one.get("related")) or one["rule"] not in BY_THRESHOLD,
            bool(one["shares_lines"]),
            bool(one["protected"]),
            bool(one["mine"]),
            one.get("opportunity") == "other",
        )
        for one in findings
        if one["rule"] != SAID_SAME
    )


def _goes_to_people(findings: Iterable[Found], low: float, high: float) -> bool:
    """As `rules.decide_conflict` says: certain and protected for another is refused at once, the rest is looked at."""
    asked = False
    for found in findings:
        if not found.colliding or found.probability < low:
            continue
        certain = found.probability >= high and not found.hard
        if certain and found.protected and not found.own and not found.apart:
            return False
        asked = asked or certain or not found.own
    return asked


__all__ = ["ENOUGH", "LOWEST", "WEEKS", "Effect", "Past", "curves", "effect_of", "past_of"]
