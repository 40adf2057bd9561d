"""What a replay comes to: every figure of its page, gathered event by event in little memory."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from prm.kernel.conditions.values import WrongType, read_money
from workflows.replay.path import BROKEN, CANCELLED, ENDED, NOT_STARTED, UNKNOWN, WAITING, Path, change_between
from workflows.replay.reading import Past

KINDS = ("decision", "people", "way", UNKNOWN)


@dataclass(slots=True)
class Figures:
    """Counts on both sides, and what differs between them."""

    zone: ZoneInfo
    money_fact: str = ""
    events: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    amounts: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    partners: dict[str, list[Any]] = field(default_factory=dict)  # id: events, amount
    decisions: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    promises: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    touchless: list[int] = field(default_factory=lambda: [0, 0])
    queues: dict[str, dict[date, list[int]]] = field(default_factory=dict)
    assumed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    faithful: int = 0

    def add(self, past: Past, before: Path, after: Path) -> str:
        """Count one event; says what kind of change it is, if it is one."""
        self.events += 1
        for side, path in enumerate((before, after)):
            self._count(side, path)
        self._note_doubts(after)
        kind = change_between(before, after)
        if kind:
            self.changed[kind] += 1
        if kind in ("decision", "people"):
            self._differs(past, before, after)
        return kind

    def compare_with_history(self, past: Past, own: Path) -> None:
        """Whether the walk over the version that the run was on comes to where the run came to."""
        self.runs += 1
        if past.run.status == "running":
            self.faithful += own.state in (WAITING, BROKEN)
        else:
            self.faithful += own.decision == (CANCELLED if past.run.status == "cancelled" else past.run.result)

    def amount_of(self, past: Past) -> Decimal | None:
        try:
            return read_money(past.facts.get(self.money_fact)) if self.money_fact else None
        except WrongType:
            return None

    def _count(self, side: int, path: Path) -> None:
        self.decisions[side][path.decision] += 1
        if path.state == ENDED and not path.asked:
            self.touchless[side] += 1
        if path.promises:
            found = set(path.promises.values())
            self.promises[side][next(word for word in ("late", "running", "in_time") if word in found)] += 1
        for one in path.asked:
            week = self.week_of(one.at)
            self.queues.setdefault(one.queue, {}).setdefault(week, [0, 0])[side] += 1

    def _note_doubts(self, path: Path) -> None:
        for stop in path.stops:
            if stop.source == "assumed":
                self.assumed[f"{stop.type}:{stop.value}"] += 1
        if path.state == UNKNOWN:
            self.unknown[path.why] += 1

    def _differs(self, past: Past, before: Path, after: Path) -> None:
        amount = self.amount_of(past) or Decimal(0)
        move = (before.decision, after.decision)
        self.moves[move] += 1
        self.amounts[move] += amount
        found = self.partners.setdefault(str(past.partner_id or ""), [0, Decimal(0)])
        found[0] += 1
        found[1] += amount

    def week_of(self, at: datetime) -> date:
        """The Monday of the week, where the vendor is."""
        day = at.astimezone(self.zone).date()
        return day - timedelta(days=day.weekday())

    def document(self) -> dict[str, Any]:
        """The figures as JSON; money as text."""
        return {
            "events": self.events,
            "taken": [self.events - side[NOT_STARTED] for side in self.decisions],
            "changed": {kind: self.changed[kind] for kind in KINDS},
            "moves": [
                {"from": move[0], "to": move[1], "count": count, "amount": str(self.amounts[move])}
                for move, count in self.moves.most_common()
            ],
            "partners": [
                {"id": partner, "count": count, "amount": str(amount)}
                for partner, (count, amount) in sorted(self.partners.items(), key=lambda item: -item[1][0])
            ],
            "decisions": [dict(side) for side in self.decisions],
            "promises": [dict(side) for side in self.promises],
            "touchless": self.touchless,
            "queues": {
                queue: [[week.isoformat(), *counts] for week, counts in sorted(weeks.items())]
                for queue, weeks in sorted(self.queues.items())
            },
            "assumed": dict(self.assumed.most_common()),
            "unknown": dict(self.unknown.most_common(20)),
            "runs": self.runs,
            "faithful": self.faithful,
        }


def is_empty(document: Mapping[str, Any]) -> bool:
    """Whether a replay found no difference at all."""
    return not any(document.get("changed", {}).values())
