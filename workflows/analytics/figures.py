"""The figures of some versions over some time, from facts alone. Pure, but for the few that are about now."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from workflows.analytics.facts import Fact


@dataclass(frozen=True, slots=True)
class Spread:
    """Many durations: how many, their exact sum, and how often each one (to two significant figures)."""

    count: int = 0
    seconds: int = 0
    buckets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "Spread":
        buckets: Counter[int] = Counter()
        count = seconds = 0
        for fact in facts:
            buckets[fact.bucket] += fact.count
            count, seconds = count + fact.count, seconds + fact.seconds
        return cls(count, seconds, buckets)

    def at(self, share: float) -> int | None:
        """The duration that a share of them does not exceed, in seconds: the nearest rank, never interpolated."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted and seen:
                return bucket
        return None

    @property
    def p50(self) -> int | None:
        return self.at(0.5)

    @property
    def p95(self) -> int | None:
        return self.at(0.95)

    @property
    def mean(self) -> int | None:
        return self.seconds // self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a trend; it begins on this Monday."""

    begins: date
    started: int
    completed: int
    touchless: int
    p50: int | None

    @property
    def share(self) -> float | None:
        return self.touchless / self.completed if self.completed else None


class Figures:
    """What the runs of some versions came to. Rates are of completed runs; None where there were none."""

    def __init__(self, facts: Sequence[Fact], *, minutes_by_hand: int = 0) -> None:
        self.facts, self.minutes_by_hand = facts, minutes_by_hand
        self._by: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            self._by[fact.measure].append(fact)

    def count(self, measure: str, value: str | None = None) -> int:
        return sum(fact.count for fact in self._by[measure] if value is None or fact.value == value)

    def spread(self, measure: str) -> Spread:
        return Spread.of(self._by[measure])

    @cached_property
    def started(self) -> int:
        return self.count("started")

    @cached_property
    def completed(self) -> int:
        return self.count("ended")

    @cached_property
    def cancelled(self) -> int:
        return self.count("cancelled")

    @cached_property
    def cycle(self) -> Spread:
        return self.spread("ended")

    @cached_property
    def waiting(self) -> Spread:
        return self.spread("waiting")

    @cached_property
    def working(self) -> Spread:
        return self.spread("working")

    @property
    def waiting_share(self) -> float | None:
        """How much of all cycle time was waiting."""
        return self.waiting.seconds / self.cycle.seconds if self.cycle.seconds else None

    @cached_property
    def touchless(self) -> int:
        return self.count("touch", "touchless")

    @property
    def touchless_rate(self) -> float | None:
        return self._of_completed(self.touchless)

    @cached_property
    def exceptions(self) -> int:
        return self.count("exception")

    @property
    def exception_rate(self) -> float | None:
        return self._of_completed(self.exceptions)

    @cached_property
    def incidents(self) -> int:
        return self.count("incident")

    @cached_property
    def retries(self) -> int:
        return self.count("retry")

    @cached_property
    def resolving(self) -> Spread:
        """From an incident's opening to its end by a person."""
        return self.spread("resolved")

    @cached_property
    def in_time(self) -> int:
        return self.count("sla", "in_time")

    @cached_property
    def late(self) -> int:
        return self.count("sla", "late")

    @property
    def attainment(self) -> float | None:
        """How many promises of runs that ended were kept; those that wait for the partner are open yet."""
        judged = self.in_time + self.late
        return self.in_time / judged if judged else None

    @property
    def minutes_saved(self) -> int:
        return self.touchless * self.minutes_by_hand

    @cached_property
    def results(self) -> list[tuple[str, int]]:
        """How runs ended, the most frequent first."""
        return Counter(self._tally("ended", lambda fact: fact.value)).most_common()

    def by_role(self, naming: Callable[[str, str], str]) -> list[tuple[str, Spread]]:
        """From question to answer, by who was asked; `naming(block, role)` says who that is in words."""
        groups: dict[str, list[Fact]] = defaultdict(list)
        for fact in self._by["asked"]:
            groups[naming(fact.block, fact.value)].append(fact)
        spreads = [(name, Spread.of(found)) for name, found in groups.items()]
        return sorted(spreads, key=lambda pair: -pair[1].count)

    def ways(self, block: str) -> Counter[str]:
        """How often each way out of a branch, or each branch of a parallel, was taken."""
        ways: Counter[str] = Counter()
        for measure in ("branch", "arrived"):
            for fact in self._by[measure]:
                if fact.block == block:
                    ways[fact.value] += fact.count
        return ways

    @cached_property
    def visits(self) -> Counter[str]:
        """How often each block was gone through."""
        visits: Counter[str] = Counter()
        for measure in ("step", "branch"):
            for fact in self._by[measure]:
                visits[fact.block] += fact.count
        return visits

    @cached_property
    def outcomes(self) -> dict[str, Counter[str]]:
        """What each block answered."""
        outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        for fact in self._by["step"]:
            outcomes[fact.block][fact.value] += fact.count
        return outcomes

    @cached_property
    def dwelling(self) -> dict[str, Spread]:
        """How long runs stood at each block that makes them wait."""
        groups: dict[str, list[Fact]] = defaultdict(list)
        for measure in ("asked", "waited"):
            for fact in self._by[measure]:
                groups[fact.block].append(fact)
        return {block: Spread.of(found) for block, found in groups.items()}

    @cached_property
    def troubles(self) -> Counter[str]:
        """Incidents by block."""
        return Counter(self._tally("incident", lambda fact: fact.block))

    @cached_property
    def weeks(self) -> list[Week]:
        """One row a week, those without anything too."""
        groups: dict[date, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            groups[fact.week].append(fact)
        return [_week(monday, Figures(groups[monday])) for monday in _mondays(groups)]

    def _tally(self, measure: str, key: Callable[[Fact], str]) -> dict[str, int]:
        tally: Counter[str] = Counter()
        for fact in self._by[measure]:
            tally[key(fact)] += fact.count
        return tally

    def _of_completed(self, count: int) -> float | None:
        return count / self.completed if self.completed else None


def _week(monday: date, figures: Figures) -> Week:
    return Week(monday, figures.started, figures.completed, figures.touchless, figures.cycle.p50)


def _mondays(found: Iterable[date]) -> list[date]:
    """Every Monday from the first to the last."""
    listed = sorted(found)
    if not listed:
        return []
    return [date.fromordinal(day) for day in range(listed[0].toordinal(), listed[-1].toordinal() + 1, 7)]
