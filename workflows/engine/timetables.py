"""What starts without an event: at set times, and when a date comes near. Each start happens once.

A round goes over its subjects in portions, each a transaction of its own; the id of every start follows from
workflow, subject and time, so whoever repeats a round or a portion starts nothing twice. Times that passed
while nobody looked come once, not as often as they were missed.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.apps import apps
from django.db import OperationalError, connection
from django.db.models import Q, QuerySet

from prm.kernel import clock
from prm.kernel.automation import registry
from prm.kernel.conditions import ConditionError, FactSchema, NotQueryable, schema_named, to_q
from prm.kernel.tenancy.context import acting, current, tenant_id
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition, Program
from workflows.definition.cron import Cron, NotCron
from workflows.engine import beginning
from workflows.engine.failure import INCIDENT, kept, open_once, sentence_of
from workflows.engine.people import facts_of
from workflows.engine.step import program_of
from workflows.models import Incident, Run, Timetable, WorkflowVersion

log = logging.getLogger(__name__)
PORTION = 200
HOUR = timedelta(hours=1)
BY_CLOCK = "@schedule"
LONG_ENOUGH = 40  # seconds


def keep(version: WorkflowVersion, program: Program, now: datetime) -> None:
    """Note when a version that was published starts by itself; other triggers need no timetable."""
    if program.start.kind not in ("schedule", "date"):
        drop(version.workflow_id)
        return
    due = now if program.start.kind == "date" else _next(program, now)
    Timetable.objects.update_or_create(
        workflow_id=version.workflow_id, defaults={"due_at": due, "round_at": None, "behind": None}
    )


def drop(workflow_id: UUID) -> None:
    """It starts by itself no more."""
    Timetable.objects.filter(workflow_id=workflow_id).delete()


_DUE = """
SELECT w.tenant_id, w.id FROM workflows_timetable AS w JOIN tenancy_tenant AS t ON t.id = w.tenant_id
WHERE t.status <> 'suspended' AND w.due_at <= transaction_timestamp() + t.clock_offset
ORDER BY w.due_at LIMIT %s
"""


def keep_time(limit: int = 10) -> int:
    """Start what is due by the clock; says how many runs began. Safe in any number at once; what is left when its
    time is over is gone on with at the next call."""
    started, until = 0, monotonic() + LONG_ENOUGH
    while monotonic() < until:
        with acting(audience="relay"), connection.cursor() as cursor:
            cursor.execute(_DUE, [limit])
            rows = cursor.fetchall()
        if not rows:
            break
        begun = [_portion(tenant, row) for tenant, row in rows]
        if all(number is None for number in begun):
            break  # others are at it
        started += sum(number or 0 for number in begun)
    return started


def _portion(tenant: UUID, row_id: UUID) -> int | None:
    """How many runs began; None when somebody else keeps this timetable now."""
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            row = Timetable.objects.select_for_update(skip_locked=True).filter(pk=row_id, due_at__lte=now).first()
            return _go_on(row, now) if row else None
    except OperationalError:
        raise  # the database is away: nothing is lost, the next round finds it again
    except (BrokenDefinition, ConditionError, NotCron) as error:
        fault: Exception = error
    except Exception as error:
        log.exception("the timetable %s could not be kept", row_id)
        fault = error
    with acting(tenant=tenant, audience="vendor") as now:
        _give_up(row_id, fault, now)
    return 0


def _go_on(row: Timetable, now: datetime) -> int:
    version = (
        WorkflowVersion.objects.filter(workflow_id=row.workflow_id, status="published")
        .select_related("workflow")
        .defer("tree")
        .first()
    )
    if version is None:
        row.delete()
        return 0
    program = program_of(version.pk, version.checksum)
    row.round_at = row.round_at or row.due_at
    subjects = _subjects(program, row.behind, now)
    started = sum(_start(version, program, one, row.round_at, now) for one in subjects)
    if len(subjects) == PORTION:
        row.behind = subjects[-1][0]
    else:
        row.due_at, row.round_at, row.behind = _next(program, now), None, None
    row.save(update_fields=["due_at", "round_at", "behind"])
    return started


def _next(program: Program, now: datetime) -> datetime:
    if program.start.kind == "date":
        return now + HOUR
    return Cron.read(program.start.cron).next_after(now, current().zone)


def _give_up(row_id: UUID, fault: Exception, now: datetime) -> None:
    """One incident for a round that can't be held; the next one is tried in its time."""
    row = Timetable.objects.select_for_update().select_related("workflow").filter(pk=row_id).first()
    if row is None:
        return
    if not Incident.objects.filter(workflow=row.workflow, event_name=BY_CLOCK, status="open").exists():
        why = sentence_of(fault) or type(fault).__name__
        told = _("“%(name)s” could not be started by the clock: %(why)s") % {"name": row.workflow.name, "why": why}
        open_once(
            Incident(
                kind="broken_definition",
                workflow=row.workflow,
                event_id=uuid5(row.pk, f"{row.round_at or row.due_at}"),
                event_name=BY_CLOCK,
                **kept(told),
                evidence={"error": str(fault)},
                opened_at=now,
            )
        )
    row.due_at, row.round_at, row.behind = now + HOUR, None, None
    row.save(update_fields=["due_at", "round_at", "behind"])


# --- subjects -----------------------------------------------------------------------------------

Subject = tuple[UUID, str]  # its id, and what makes this start different from another of the same subject


def _subjects(program: Program, behind: UUID | None, now: datetime) -> list[Subject]:
    start = program.start
    if start.kind == "schedule" and not start.each:
        return [(tenant_id(), "")]
    schema = schema_named(start.schema)
    rows = found(schema, program.when, now)
    if schema.name == INCIDENT:  # else each round would double what fails in it
        rows = rows.exclude(subject_type=INCIDENT)
    if behind is not None:
        rows = rows.filter(pk__gt=behind)
    if start.kind != "date":
        return [(pk, "") for pk in rows.order_by("pk").values_list("pk", flat=True)[:PORTION]]
    column = str(schema.fact(start.fact).orm)
    today = clock.local_date(now)
    near = rows.filter(**{f"{column}__range": (today, today + timedelta(days=start.days_before))})
    return [(pk, str(day)) for pk, day in near.order_by("pk").values_list("pk", column).distinct()[:PORTION]]


def found(schema: FactSchema, when: Any, now: datetime) -> "QuerySet[Any]":
    """The subjects of a kind for which a condition holds, as far as the database can judge it."""
    assert schema.model is not None
    model = apps.get_model(schema.model) if isinstance(schema.model, str) else schema.model
    try:
        where = to_q(when or {}, schema, now=now, today=clock.local_date(now))
    except NotQueryable:
        where = Q()  # judged one by one when it starts
    return model._default_manager.filter(where)


def _start(version: WorkflowVersion, program: Program, subject: Subject, round_at: datetime, now: datetime) -> int:
    subject_id, day = subject
    start = program.start
    name = f"{start.fact}:{subject_id}:{day}" if start.kind == "date" else f"{round_at.isoformat()}:{subject_id}"
    event_id = uuid5(NAMESPACE_URL, f"{version.workflow_id}:{name}")
    if Run.objects.filter(workflow_id=version.workflow_id, event_id=event_id).exists():
        return 0
    facts = subject_facts(schema_named(start.schema), subject_id)
    if not program.starts_on({**facts, "@now": now, "@today": clock.local_date(now)}):
        return 0
    return int(begin(version, program, subject_id, facts, event_id=event_id, now=now) is not None)


def begin(
    version: WorkflowVersion,
    program: Program,
    subject_id: UUID,
    facts: Mapping[str, Any],
    *,
    event_id: UUID | None,
    now: datetime,
    by: str = "",
) -> UUID | None:
    """Start a run about one subject without an event."""
    row = rows_of(program.start.schema, [subject_id]).get(subject_id, {})
    partner = row.get("partner_id")
    return beginning.begin(
        version,
        program,
        beginning.Cause(
            event_id=event_id,
            told=program.start.name,
            subject_type=program.start.schema,
            subject_id=subject_id,
            subject_name=str(row.get("title") or ""),
            partner_id=UUID(str(partner)) if partner else None,
            facts=facts,
            by=by,
        ),
        now,
    )


def rows_of(kind: str, ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """What the subjects' own app shows of them."""
    panel = registry.panels.get(kind)
    return panel.rows(list(ids)) if panel else {}


def subject_facts(schema: FactSchema, subject_id: UUID) -> Mapping[str, Any]:
    """The subject's facts: from its app's panel, else those that are columns of its row."""
    if told := facts_of(schema.name, subject_id):
        return told
    if schema.model is None:
        return {}
    columns = {fact.key: fact.orm for fact in schema.facts if isinstance(fact.orm, str)}
    model = apps.get_model(schema.model) if isinstance(schema.model, str) else schema.model
    row = model._default_manager.filter(pk=subject_id).values(*set(columns.values())).first() or {}
    return {key: row.get(column) for key, column in columns.items()}
