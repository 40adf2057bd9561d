"""What came out of the demo's year: figures an ops manager would ask for, from the product's own rows."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from dealreg.models import DealStatus
from prm.kernel.automation import registry
from prm.kernel.tenancy.context import acting
from workflows.models import WorkflowVersion
from workflows.queries.coverage import coverage_of

_TIMES = """
SELECT count(*), count(*) FILTER (WHERE NOT decided_by_person),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY decided_at - submitted_at),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY decided_at - submitted_at)
FROM dealreg_deal WHERE decided_at IS NOT NULL
"""
_STATES = "SELECT status, count(*) FROM dealreg_deal GROUP BY status ORDER BY count(*) DESC"
_QUEUE = "SELECT reasons FROM workflows_humantask WHERE status = 'open'"
_UNDECIDED = """
SELECT count(*) FROM dealreg_deal AS d WHERE d.decided_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM workflows_run AS r WHERE r.tenant_id = d.tenant_id AND r.subject_id = d.id)
"""


@dataclass(frozen=True)
class Outcome:
    decided: int
    without_person: int
    median_hours: float
    p95_hours: float
    states: dict[str, int]
    reasons: Counter[str]
    without_run: int
    untaken: dict[str, list[str]] = field(default_factory=dict)  # by shipped workflow: what no run has taken

    @property
    def share(self) -> float:
        return self.without_person / self.decided if self.decided else 0.0


def outcome(tenant: UUID) -> Outcome:
    """Read the figures as the auditor."""
    with acting(tenant=tenant, audience="auditor"), connection.cursor() as cursor:
        cursor.execute(_TIMES)
        decided, alone, median, p95 = cursor.fetchone()
        cursor.execute(_STATES)
        states = dict(cursor.fetchall())
        cursor.execute(_QUEUE)
        reasons = Counter(r["key"] for (row,) in cursor.fetchall() for r in _rows(row))
        cursor.execute(_UNDECIDED)
        (without_run,) = cursor.fetchone()
        untaken = _untaken()
    return Outcome(decided, alone, _hours(median), _hours(p95), states, reasons, without_run, untaken)


def _untaken() -> dict[str, list[str]]:
    """Blocks and ways of the shipped workflows that no run of the version in force has come to."""
    in_force = WorkflowVersion.objects.filter(status="published", workflow__key__in=list(registry.templates))
    found = {version.workflow.key: coverage_of(version) for version in in_force.select_related("workflow")}
    return {
        key: [spot.name for spot in found[key].missing] if key in found else ["(not in force)"]
        for key in sorted(registry.templates)
        if key not in found or found[key].missing
    }


def _rows(value: object) -> list[dict[str, str]]:
    import json

    return json.loads(value) if isinstance(value, str) else value  # type: ignore[return-value]


def _hours(value: object) -> float:
    return value.total_seconds() / 3600 if value is not None else 0.0  # type: ignore[attr-defined]


EACH_STATE, REASONS, ALONE = 10, 6, (0.60, 0.90)  # what a year must show to be worth looking at


def shortfalls(found: Outcome) -> list[str]:
    """Where the year shows less than somebody who tries the product should meet; empty when nowhere."""
    few = [
        f"{state} ({found.states.get(state, 0)})"
        for state in DealStatus.values
        if found.states.get(state, 0) < EACH_STATE
    ]
    told = []
    if few:
        told.append(f"fewer than {EACH_STATE} deals: {', '.join(few)}")
    if len(found.reasons) < REASONS:
        told.append(f"{len(found.reasons)} different reasons wait, not {REASONS}")
    if not ALONE[0] <= found.share <= ALONE[1]:
        told.append(f"{found.share:.0%} decided without a person, not {ALONE[0]:.0%} to {ALONE[1]:.0%}")
    told += [f"{key}: never taken: {', '.join(names)}" for key, names in found.untaken.items()]
    if found.without_run:
        told.append(f"{found.without_run} decided without a workflow run")
    return told


def lines(found: Outcome) -> list[str]:
    """The outcome in words."""
    states = ", ".join(f"{count:,} {state}" for state, count in found.states.items())
    reasons = [f"    {count:4}  {key}" for key, count in found.reasons.most_common()]
    return [
        f"{found.decided:,} deals decided, {found.share:.0%} without a person",
        f"time to decision: median {found.median_hours:.2f} h, p95 {found.p95_hours:.1f} h",
        f"deals: {states}",
        f"decided without a workflow run: {found.without_run}",
        f"shipped workflows with every block and way taken: {len(registry.templates) - len(found.untaken)}"
        f" of {len(registry.templates)}",
        f"waiting in the queue, by reason ({len(found.reasons)} different):",
        *reasons,
    ]
