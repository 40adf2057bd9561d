"""Running a replay: batch by batch, each read and walked in a transaction that can write nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from prm.kernel.automation import registry
from prm.kernel.tenancy.context import current
from workflows.replay.figures import Figures
from workflows.replay.path import AS_RECORDED, NOT_STARTED, Around, Path
from workflows.replay.reading import BATCH, Past, around, count_events, events_after, reading
from workflows.replay.trials import Side, Trial
from workflows.replay.walking import Walk

MONTH = timedelta(days=30.4375)
MOST_CHANGES = 20_000
MOST_WAYS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One event whose outcome differs, with both paths."""

    past: Past
    subject_type: str
    kind: str
    before: Path
    after: Path
    amount: Decimal | None
    title: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of a replay gave, and how far it is."""

    walked: int
    total: int
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Replaying:
    """A replay on its way; `batches()` does the work, `figures` hold what it comes to.

    `load` gives the trials; it is called inside the first read-only transaction.
    """

    tenant: UUID
    load: Callable[[], list[Trial]]
    months: int
    batch: int = BATCH
    figures: Figures | None = None
    since: datetime | None = None
    kept: dict[str, int] = field(default_factory=dict)
    walked: int = 0
    total: int = 0

    def batches(self) -> Iterator[Batch]:
        """Walk everything, in order of time. Between two batches no transaction is open."""
        with reading(self.tenant) as now:
            trials, surroundings = self._begin(now)
        yield Batch(0, self.total, ())
        for trial, of_runs in ((trial, of_runs) for trial in trials for of_runs in (False, True)):
            last: tuple[datetime, UUID] | None = None
            while True:
                with reading(self.tenant):
                    pasts, changes = self._batch(trial, surroundings, last, of_runs)
                if not pasts:
                    break
                last = (pasts[-1].at, pasts[-1].id)
                yield Batch(self.walked, self.total, changes)

    def _begin(self, now: datetime) -> tuple[list[Trial], Around]:
        self.since = now - self.months * MONTH
        trials = self.load()
        self.figures = Figures(current().zone, trials[0].money_fact)
        self.total = sum(count_events(trial.workflow_id, trial.events, self.since, now) for trial in trials)
        return trials, around(now, self.since)

    def _batch(
        self, trial: Trial, surroundings: Around, last: tuple[datetime, UUID] | None, of_runs: bool
    ) -> tuple[list[Past], tuple[Change, ...]]:
        assert self.since is not None
        span = (self.since, surroundings.now, last)
        pasts = events_after(trial.workflow_id, trial.events, *span, trial.rules, self.batch, of_runs=of_runs)
        changes = [change for past in pasts if (change := self._one(trial, past, surroundings))]
        self.walked += len(pasts)
        return pasts, tuple(_titled(changes, trial.schema.name))

    def _one(self, trial: Trial, past: Past, surroundings: Around) -> Change | None:
        assert self.figures is not None
        before, after = walk(trial.before, past, surroundings), walk(trial.after, past, surroundings)
        if past.run.plan is not None:
            same = past.version_id == trial.before.version_id and not trial.before.rulings.names
            self.figures.compare_with_history(past, before if same else as_recorded(past, surroundings))
        kind = self.figures.add(past, before, after)
        if not kind or not self._keeps(kind):
            return None
        return Change(past, trial.schema.name, kind, before, after, self.figures.amount_of(past))

    def _keeps(self, kind: str) -> bool:
        """Every change is counted; how many are listed has a limit."""
        self.kept[kind] = self.kept.get(kind, 0) + 1
        return self.kept[kind] <= (MOST_WAYS if kind == "way" else MOST_CHANGES)


def walk(side: Side, past: Past, surroundings: Around) -> Path:
    """One event on one side."""
    if side.plan is None:
        return Path(state=NOT_STARTED)
    return Walk(side.plan, past.facts, past.run, past.at, surroundings, past.before, side.rulings).path()


def as_recorded(past: Past, surroundings: Around) -> Path:
    """The event over the version that its run was on: what really happened, if replay is true to it."""
    assert past.run.plan is not None
    return Walk(past.run.plan, past.facts, past.run, past.at, surroundings, past.before, AS_RECORDED).path()


def _titled(changes: list[Change], schema: str) -> list[Change]:
    """With the names of subjects and partners, as their own app tells them."""
    panel = registry.panels.get(schema)
    if panel is None or not changes:
        return changes
    rows = panel.rows([change.past.subject_id for change in changes])
    empty: dict[str, Any] = {}
    named = []
    for change in changes:
        row = rows.get(change.past.subject_id, empty)
        named.append(replace(change, title=str(row.get("title") or ""), partner=str(row.get("partner") or "")))
    return named
