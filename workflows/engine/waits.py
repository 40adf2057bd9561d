"""Waiting: for a time, for a day that may move, for something to happen. All of it is rows.

An event that comes in the same moment is never lost: whoever brings it locks the run before it looks for a
wait, and a wait looks back to the step before it when it begins. Either sees the other.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from prm.kernel import events
from prm.kernel.automation import registry
from prm.kernel.conditions import ConditionError, compile_python, schema_named
from prm.kernel.conditions.values import WrongType, read_date, read_datetime
from prm.kernel.decisions import jsonable
from prm.kernel.events.models import Delivery, EventRow
from prm.kernel.tenancy.context import current
from prm.kernel.wording import said as _
from workflows.definition import Block, BrokenDefinition, Program
from workflows.engine import clocks, people
from workflows.engine.step import Result, Step, lock_run
from workflows.models import Run, Work

HANDLER = "workflows.start"  # the receipt by which events reach the engine


def wait(step: Step) -> Result:
    """Leave work that is due later, in business time, or that an event makes due."""
    if step.block.get("event"):
        return _for_event(step)
    until = _until(step)
    if until <= step.now:
        return Result("elapsed")
    return Result("waiting", {"until": until}, until=until)


# --- for something to happen ---------------------------------------------------------------------


def _for_event(step: Step) -> Result:
    name = str(step.block["event"])
    for row in _since(step, name):
        if _holds(step.block, row.payload, step.now):
            return Result("happened", _told(row.pk, row.payload))
    until = _limit(step)
    return Result("waiting", {"event": name, "until": until}, until, until is None, "event", {"event": name})


def _since(step: Step, name: str) -> list[EventRow]:
    """What has happened to the subject since the step before, also what the engine has been told of only since."""
    told = Delivery.objects.filter(event=OuterRef("pk"), handler=HANDLER)
    late = told.filter(Q(state="pending") | Q(done_at__gte=step.since))
    found = EventRow.objects.filter(name=name, subject_id=step.subject_id)
    if step.event_id is not None:
        found = found.exclude(pk=step.event_id)
    return list(found.filter(Q(recorded_at__gte=step.since) | Q(Exists(late))).order_by("position"))


def _limit(step: Step) -> datetime | None:
    if minutes := step.block.get("timeout_minutes"):
        return step.now + timedelta(minutes=int(minutes))
    if minutes := step.block.get("timeout_business_minutes"):
        return clocks.hours_of(clocks.calendar_of(step)).add_minutes(step.now, int(minutes))
    return None


def _holds(block: Block, payload: Mapping[str, Any], now: datetime) -> bool:
    trigger = registry.triggers.get(str(block["event"]))
    if trigger is None:
        raise BrokenDefinition(_("Nothing is known of the event “%(event)s”.") % {"event": block["event"]})
    facts = {**payload.get("facts", {}), "@before": payload.get("before", {}), "@now": now}
    try:
        return compile_python(block.get("when") or {}, schema_named(trigger.schema))(facts)
    except ConditionError as error:
        raise BrokenDefinition(str(error)) from error


def _told(event_id: UUID, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"event": event_id, "facts": payload.get("facts", {})}


def happened(run_id: UUID, program: Program, event: events.Delivered, now: datetime) -> None:
    """Wake the waits of a run that this event answers."""
    lock_run(run_id)
    for work in Work.objects.filter(run_id=run_id, kind=Work.Kind.EVENT, data__event=event.name):
        if _holds(program.block(work.block), event.payload, now):
            resume(work.pk, "happened", _told(event.id, event.payload), now)


def resume(work_id: UUID, value: str, detail: Mapping[str, Any], now: datetime) -> bool:
    """Bring the answer that a piece of work waits for; False when it waits no more. Whoever has claimed it for
    its time-out meanwhile loses it."""
    from django.db import transaction

    from workflows.engine import hint

    changed = Work.objects.filter(pk=work_id, kind__in=["event", "child", "call"]).update(
        kind=Work.Kind.RESUME,
        status=Work.Status.READY,
        data=jsonable({"value": value, "detail": detail}),
        due_at=now,
        not_before=Now(),
        lease_until=None,
        attempt=0,
        fence=F("fence") + 1,
    )
    transaction.on_commit(hint, robust=True)
    return bool(changed)


# --- for a time ---------------------------------------------------------------------------------


def _elapsed(step: Step) -> Result:
    """A timer is due. A day that has moved on meanwhile is waited for again."""
    if step.block.type == "wait" and step.block.get("until_fact"):
        until = _until(step)
        if until > step.now:
            return Result("waiting", {"until": until}, until=until)
    return Result("elapsed")


def reckon_again(run_id: UUID, program: Program, now: datetime) -> None:
    """Something has happened to the subject: the days that the run waits for may have moved."""
    lock_run(run_id)
    run = Run.objects.get(pk=run_id)
    for work in Work.objects.filter(run_id=run_id, kind=Work.Kind.TIMER):
        block = program.blocks.get(work.block)
        if block is None or not block.get("until_fact"):
            continue
        facts = people.facts_of(run.subject_type, run.subject_id)
        if facts.get(block["until_fact"]) is not None:
            moment = _moment(facts[block["until_fact"]], block["until_fact"])
            Work.objects.filter(pk=work.pk).exclude(due_at=moment).update(due_at=max(moment, now))


def _until(step: Step) -> datetime:
    if minutes := step.block.get("minutes"):
        return step.now + timedelta(minutes=int(minutes))
    if minutes := step.block.get("business_minutes"):
        return clocks.hours_of(clocks.calendar_of(step)).add_minutes(step.now, int(minutes))
    fact = step.block["until_fact"]
    value = people.subject_facts(step).get(fact, step.read(fact))
    if value is None:
        return step.now
    return _moment(value, fact)


def _moment(value: Any, fact: str) -> datetime:
    """A date means its first moment in the vendor's zone."""
    try:
        if isinstance(value, datetime) or (isinstance(value, str) and "T" in value):
            moment = read_datetime(value)
        else:
            day = read_date(value)
            moment = datetime.combine(day, time(0), tzinfo=current().zone) if day else None
    except WrongType as error:
        raise BrokenDefinition(
            _("“%(fact)s” is no time to wait for: %(why)s") % {"fact": fact, "why": error}
        ) from error
    if moment is None:
        raise BrokenDefinition(_("“%(fact)s” is no time to wait for.") % {"fact": fact})
    return moment


def _answered(step: Step) -> Result:
    return Result(str(step.data["value"]), step.data.get("detail") or {})


WAKES: dict[str, Callable[[Step], Result]] = {
    "timer": _elapsed,
    "event": lambda step: Result("timed_out"),
    "resume": _answered,
}
"""What work says that has waited and is due now."""
