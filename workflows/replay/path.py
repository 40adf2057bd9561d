"""What a walk gives: the path with where each answer came from, and what it would have asked of people."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prm.kernel.conditions import Ruling
from prm.kernel.reference.calendars import BusinessHours

RECORDED = "recorded"  # as it was answered then
PLAIN = "plain"  # follows from the tree and the facts
JUDGED = "judged"  # asked anew, by the rules that are tried
ASSUMED = "assumed"  # likely, and nobody can know
UNKNOWN = "unknown"

ENDED, WAITING, CANCELLED, NOT_STARTED, BROKEN = "ended", "waiting", "cancelled", "not_started", "broken"


@dataclass(frozen=True, slots=True)
class Stop:
    """One block that was passed, its answer, and where that came from."""

    block: str
    type: str
    value: str
    source: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question to people. `until` is None while nobody has answered."""

    block: str
    queue: str
    at: datetime
    until: datetime | None
    assumed: bool


@dataclass(slots=True)
class Path:
    """Where a walk led. `state` is ended, waiting, cancelled, not_started, broken or unknown."""

    state: str = ENDED
    result: str = ""
    why: str = ""
    at: datetime | None = None
    stops: list[Stop] = field(default_factory=list)
    asked: list[Asking] = field(default_factory=list)
    promises: dict[str, str] = field(default_factory=dict)  # by clock: in_time, late, running

    @property
    def decision(self) -> str:
        """What comes out for the subject, in a word."""
        return self.result if self.state == ENDED else self.state

    @property
    def is_assumed(self) -> bool:
        return any(stop.source == ASSUMED for stop in self.stops)

    @property
    def way(self) -> list[tuple[str, str]]:
        """The blocks passed, with their answers."""
        return [(stop.block, stop.value) for stop in self.stops]

    def document(self) -> dict[str, Any]:
        """The path as JSON."""
        return {
            "state": self.state,
            "result": self.result,
            "why": self.why,
            "stops": [[s.block, s.type, s.value, s.source, s.at.isoformat(), s.why] for s in self.stops],
        }


def change_between(before: Path, after: Path) -> str:
    """What differs: the "decision", who is asked ("people"), only the "way", or nothing ("").

    A decision that nobody can know on one side is "unknown", and counted apart.
    """
    if before.decision != after.decision:
        return UNKNOWN if UNKNOWN in (before.state, after.state) else "decision"
    if [one.queue for one in before.asked] != [one.queue for one in after.asked]:
        return "people"
    return "way" if before.way != after.way else ""


@dataclass(frozen=True, slots=True)
class Queue:
    """How people have answered in a queue: how often what, and the median of the time they took."""

    answers: Counter[str] = field(default_factory=Counter)
    took: timedelta = timedelta(0)

    def usual(self, outcomes: tuple[str, ...]) -> str | None:
        """The most frequent of these answers; None where nobody has ever given one."""
        found = [(count, answer) for answer, count in self.answers.items() if answer in outcomes and count]
        return max(found)[1] if found else None


@dataclass(frozen=True, slots=True)
class Around:
    """What a walk needs to know beside the event. `now` ends it: what would happen later still waits."""

    now: datetime
    queues: Mapping[str, Queue] = field(default_factory=dict)
    hours: Mapping[str, BusinessHours] = field(default_factory=dict)  # by calendar code; "" is the default
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # SLA policies by key


class Rulings:
    """The rule sets as they are tried on one side: which name stands for each, and what it says of facts.

    `names` are the versions whose recorded answers stand; a rule set with the name "" is always asked anew.
    A rule set that is not in `names` is left alone: what it answered then stands, whatever its version.
    """

    def __init__(self, judges: Mapping[str, Any], names: Mapping[str, str] | None = None) -> None:
        self.judges, self.names = judges, names or {}

    def __call__(self, ruleset: str) -> Any:
        return self.judges.get(ruleset, _unruled)

    def stands(self, ruleset: str, rule: str) -> bool:
        """Whether an answer that was recorded under `rule` is what this side would give, too."""
        return ruleset not in self.names or (bool(rule) and self.names[ruleset] == rule)


def _unruled(_facts: Mapping[str, Any]) -> Ruling:
    return Ruling("error", ("rule.missing",))


AS_RECORDED = Rulings({})
