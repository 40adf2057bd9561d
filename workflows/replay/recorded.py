"""What really happened to an event: the steps of the run that took it, as replay looks them up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from workflows.replay.plan import Plan


@dataclass(frozen=True, slots=True)
class Told:
    """One step of a run as it was recorded. `took` is the time that people or a timer took for it."""

    block: str
    type: str
    value: str
    at: datetime
    rule: str = ""
    reasons: tuple[str, ...] = ()
    took: timedelta = timedelta(0)


@dataclass(slots=True)
class Recorded:
    """The run of an event, or the lack of one (`plan` is None). `plan` is the version that it ran on."""

    status: str = ""
    result: str = ""
    plan: Plan | None = None
    began: datetime | None = None
    eventless: bool = False  # a timetable, a date, a person or another run began it
    left: datetime | None = None  # when it was cancelled
    steps: dict[str, Told] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    actions: dict[str, list[Told]] = field(default_factory=dict)
    answers: dict[str, list[Told]] = field(default_factory=dict)  # of people, by queue
    waiting: dict[str, datetime] = field(default_factory=dict)
    decisions: Mapping[str, Sequence[tuple[datetime, str]]] = field(default_factory=dict)  # facts as JSON

    @property
    def is_open(self) -> bool:
        """It began and never came to an end of its own."""
        return self.status in ("running", "cancelled")

    def passed(self, block: str) -> str | None:
        """What a step or a branch came to; None where the run did not pass it."""
        told = self.steps.get(block)
        return told.value if told else self.branches.get(block)

    def facts_of(self, rule: str, at: datetime | None) -> Mapping[str, Any] | None:
        """The facts that a rule was given in the step that was taken at this time, or the first in this run."""
        for moment, facts in self.decisions.get(rule, ()):
            if moment == at or (at is None and self.began and moment >= self.began):
                found: Mapping[str, Any] = json.loads(facts)
                return found
        return None

    def asks_alike(self, block: str, data: Mapping[str, Any]) -> bool:
        """Whether the run's own version has this very block: what it read then, it would read again."""
        node = self.plan.known.get(block) if self.plan else None
        return node is not None and node.data == data


Row = Sequence[Any]  # kind, block, block_type, value, at, rule, reasons: in the order in which they were told


def recorded_of(plan: Plan | None, status: str, result: str, began: datetime | None, rows: Sequence[Row]) -> Recorded:
    """A run from its events. A block is passed once at most: a tree has no way back. Of a run that began again
    (engine/rejudging.py) the last beginning counts."""
    run = Recorded(status=status, result=result, plan=plan, began=began)
    since: dict[str, datetime] = {}
    for kind, block, block_type, value, at, rule, reasons in rows:
        moment = datetime.fromisoformat(at)
        if kind == "waiting":
            since[block] = moment
        elif kind == "step":
            _step(run, Told(block, block_type, value, moment, rule or "", _keys(reasons), _since(since, block, moment)))
        elif kind == "branch":
            run.branches[block] = value
        elif kind == "cancelled":
            run.left = moment
        elif kind == "judged_again":
            since.clear()
            for passed in (run.steps, run.branches, run.actions, run.answers):
                passed.clear()
    run.waiting = {block: moment for block, moment in since.items() if block not in run.steps}
    return run


def _step(run: Recorded, told: Told) -> None:
    run.steps[told.block] = told
    node = run.plan.known.get(told.block) if run.plan else None
    if told.type == "approval":
        run.answers.setdefault(str(node.data.get("queue")) if node else "", []).append(told)
    elif node is not None and node.spec is not None:
        run.actions.setdefault(node.spec.key, []).append(told)


def _since(since: Mapping[str, datetime], block: str, at: datetime) -> timedelta:
    return at - since[block] if block in since else timedelta(0)


def _keys(reasons: Any) -> tuple[str, ...]:
    if not isinstance(reasons, list):
        return ()
    return tuple(str(one.get("key") or one.get("text")) if isinstance(one, Mapping) else str(one) for one in reasons)
