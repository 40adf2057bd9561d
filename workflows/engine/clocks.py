"""SLA clocks: business minutes on two sides, warnings and escalations each once.

A clock belongs to a subject and a name. Paused, it counts the partner's side and outlives its run, so that
the run of the resubmission takes it up again where it stood.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from prm.kernel import events
from prm.kernel.reference.calendars import BusinessHours, NeverOpen
from prm.kernel.reference.models import Calendar
from prm.kernel.reference.queries import calendar_hours
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.remembering import remembered
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition
from workflows.engine.step import Result, Step
from workflows.events import SlaBreached, SlaWarned
from workflows.models import HumanTask, SlaClock, SlaPolicy, SlaSegment, Work

BREACH = 100


def start(step: Step) -> Result:
    """Begin to count, or go on with the clock that waited for the partner."""
    block = step.block
    clock = _live(step, block["clock"])
    if clock is None:
        promise = promised(step)
        clock = SlaClock(
            run_id=step.run_id,
            block=block.id,
            name=block["clock"],
            subject_type=step.subject_type,
            subject_id=step.subject_id,
            calendar=calendar_named(promise.get("calendar")),
            minutes=int(promise["minutes"]),
            warn_at=sorted(promise.get("warn_at") or []),
            started_at=step.now,
        )
        value = "started"
    else:
        clock.run_id, clock.block, value = step.run_id, block.id, "taken_up"
        if clock.status == SlaClock.Status.PAUSED:
            _turn(clock, "vendor", step.now)
        _forget(clock)
    _count_on(clock, step.now)
    return Result(value, {"clock": clock.name, "minutes": clock.minutes, "due_at": clock.due_at})


def pause(step: Step) -> Result:
    """It is the partner's turn: our minutes stand still."""
    clock = _live(step, step.block["clock"])
    if clock is None or clock.status == SlaClock.Status.PAUSED:
        return Result("unchanged")
    _turn(clock, "partner", step.now)
    clock.status, clock.due_at = SlaClock.Status.PAUSED, None
    clock.save(update_fields=["status", "due_at"])
    _forget(clock)
    _show(clock)
    return Result("paused", {"clock": clock.name, "used_minutes": used_seconds(clock) // 60})


def resume(step: Step) -> Result:
    """Our turn again; what is left is counted from here."""
    clock = _live(step, step.block["clock"])
    if clock is None or clock.status == SlaClock.Status.RUNNING:
        return Result("unchanged")
    clock.run_id = step.run_id
    _turn(clock, "vendor", step.now)
    _count_on(clock, step.now)
    return Result("resumed", {"clock": clock.name, "due_at": clock.due_at})


def stop(step: Step) -> Result:
    """The promise is kept, or broken for good."""
    clock = _live(step, step.block["clock"])
    if clock is None:
        return Result("unchanged")
    used = _halt(clock, step.now)
    return Result(
        "late" if clock.breached else "in_time",
        {"clock": clock.name, "used_minutes": used // 60, "minutes": clock.minutes},
    )


def run_ended(run_id: UUID, now: datetime) -> None:
    """A run that ends stops its running clocks; those waiting for the partner wait on."""
    for clock in SlaClock.objects.select_for_update().filter(run_id=run_id, status="running"):
        _halt(clock, now)


def stop_all(subject_id: UUID, now: datetime) -> None:
    """The subject is gone: nobody waits for anybody any more."""
    for clock in SlaClock.objects.select_for_update().filter(subject_id=subject_id).exclude(status="stopped"):
        _halt(clock, now)


def announce(step: Step) -> None:
    """Warn or escalate at one point of a clock, once, and put the finished work away."""
    from workflows.engine import advance, messages, people

    clock = SlaClock.objects.select_for_update().filter(pk=step.data["clock"]).first()
    point = int(step.data["point"])
    Work.objects.filter(pk=step.work_id, fence=step.fence).delete()
    if clock is None or clock.status != SlaClock.Status.RUNNING or point in clock.fired:
        return
    clock.fired = [*clock.fired, point]
    clock.breached = clock.breached or point >= BREACH
    clock.save(update_fields=["fired", "breached"])
    late = point >= BREACH
    promise = promised(step, clock.block)
    to = people.recipients(step, promise.get("escalate" if late else "warn") or [])
    messages.send(
        step,
        template="workflows.sla_breached" if late else "workflows.sla_warning",
        to=to,
        context=_told(step, clock, point),
        cause=f"sla:{clock.pk}:{point}",
        url=_queue_url(step),
    )
    kind = SlaBreached if late else SlaWarned
    events.publish(
        kind(
            subject_id=clock.subject_id,
            partner_id=step.partner_id,
            facts={
                "sla.clock": clock.name,
                "sla.point": point,
                "sla.workflow": step.program.key,
                "sla.about": step.subject_name,
                "sla.subject": step.subject_type,
            },
        ),
        at=step.now,
        cause=f"run:{step.run_id}",
    )
    advance.tell(
        step.run_id,
        "sla_breached" if late else "sla_warned",
        step.now,
        block=clock.block,
        block_type="sla_start",
        value=str(point),
        detail={"clock": clock.name, "people": len(to)},
    )


def live_clock(subject_id: UUID) -> SlaClock | None:
    """The clock that matters for a subject now: the one due first, else one that waits for the partner."""
    clocks = list(SlaClock.objects.filter(subject_id=subject_id).exclude(status="stopped"))
    due = {clock.due_at: clock for clock in clocks if clock.due_at is not None}
    return due[min(due)] if due else next(iter(clocks), None)


def used_seconds(clock: SlaClock, side: str = "vendor") -> int:
    """Whole business seconds of the closed stretches of one side."""
    return clock.segments.filter(side=side).aggregate(total=Sum("seconds"))["total"] or 0


def promised(step: Step, block_id: str = "") -> Mapping[str, Any]:
    """What a clock's block promises: its own words, over those of the policy that it names."""
    block = step.program.block(block_id) if block_id else step.block
    key = block.get("policy")
    if not key:
        return block.data
    policy = SlaPolicy.objects.select_related("calendar").filter(key=key).first()
    if policy is None:
        raise BrokenDefinition(_("There is no SLA policy “%(key)s”. Add one under Setup, SLA.") % {"key": key})
    found = {
        "minutes": policy.minutes,
        "warn_at": policy.warn_at,
        "warn": policy.warn,
        "escalate": policy.escalate,
        "calendar": policy.calendar.code if policy.calendar else None,
    }
    return found | {name: part for name, part in block.data.items() if name in found and part is not None}


def calendar_of(step: Step) -> Calendar:
    """The calendar that the block names, else the vendor's default."""
    return calendar_named(step.block.get("calendar"))


def calendar_named(code: str | None) -> Calendar:
    """The calendar of that code; without one the vendor's default. Raises BrokenDefinition."""
    found = _calendar(code or "")
    if found is None:
        raise BrokenDefinition(
            _("There is no business calendar “%(code)s”. Add one under Setup, SLA.") % {"code": code or _("default")}
        )
    return found


@remembered("reference.Calendar")
def _calendar(code: str) -> Calendar | None:
    return Calendar.objects.filter(**({"code": code} if code else {"is_default": True})).first()


def hours_of(calendar: Calendar) -> BusinessHours:
    return calendar_hours(calendar.pk)


# --- what the verbs share ----------------------------------------------------------------------


_LIVE = """
SELECT * FROM workflows_slaclock WHERE subject_id = %s AND name = %s AND status <> 'stopped' FOR UPDATE
"""


def _live(step: Step, name: str) -> SlaClock | None:
    return next(iter(SlaClock.objects.raw(_LIVE, [step.subject_id, name])), None)


def _turn(clock: SlaClock, side: str, now: datetime) -> None:
    """Close the open stretch with its business time and open one on the other side."""
    _close(clock, now)
    SlaSegment.objects.create(clock=clock, side=side, begun_at=now)


def _close(clock: SlaClock, now: datetime) -> None:
    segment, _used = _open_one(clock, now)
    if segment:
        SlaSegment.objects.filter(pk=segment.id).update(ended_at=segment.ended_at, seconds=segment.seconds)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The open stretch of a clock, as it ends now."""

    id: UUID
    ended_at: datetime
    seconds: int


_OPEN_ONE = """
SELECT o.id, o.side, o.begun_at, used.seconds
FROM (SELECT coalesce(sum(seconds), 0) AS seconds FROM workflows_slasegment
      WHERE clock_id = %(clock)s AND side = 'vendor') AS used
LEFT JOIN workflows_slasegment AS o ON o.clock_id = %(clock)s AND o.ended_at IS NULL
"""


def _open_one(clock: SlaClock, now: datetime) -> tuple[_Stretch | None, int]:
    """The open stretch, and how many business seconds our side has used by its end."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ONE, {"clock": clock.pk})
        segment, side, begun, used = cursor.fetchone()
    if segment is None:
        return None, used
    ended = max(now, begun)
    spent = int(_hours(clock).time_between(begun, ended).total_seconds())
    return _Stretch(segment, ended, spent), used + (spent if side == "vendor" else 0)


def _hours(clock: SlaClock) -> BusinessHours:
    assert clock.calendar_id is not None
    return calendar_hours(clock.calendar_id)


def _count_on(clock: SlaClock, now: datetime) -> None:
    """Reckon when each point comes that has not been announced, and leave work for it."""
    is_new = clock._state.adding
    used = 0 if is_new else used_seconds(clock)
    try:
        due = {point: _due(_hours(clock), clock, point, used, now) for point in (*clock.warn_at, BREACH)}
    except NeverOpen as error:
        raise BrokenDefinition(str(error)) from error
    clock.status, clock.due_at = SlaClock.Status.RUNNING, due[BREACH]
    if is_new:
        _begin(clock, due)
        return
    clock.save(update_fields=["status", "due_at", "run", "block"])
    Work.objects.bulk_create(_escalations(clock, due))
    _show(clock)


_BEGIN = """
WITH begun AS (
  INSERT INTO workflows_slaclock (id, tenant_id, run_id, block, name, subject_type, subject_id, calendar_id, status,
                                  minutes, warn_at, fired, started_at, due_at, breached)
  VALUES (%(id)s, %(tenant_id)s, %(run_id)s, %(block)s, %(name)s, %(subject_type)s, %(subject_id)s, %(calendar_id)s,
          %(status)s, %(minutes)s, %(warn_at)s::smallint[], '{}', %(started_at)s, %(due_at)s, false)
  RETURNING tenant_id, id, run_id, block, started_at, subject_id, due_at
), counts AS (
  INSERT INTO workflows_slasegment (id, tenant_id, clock_id, side, begun_at)
  SELECT %(segment)s, tenant_id, id, 'vendor', started_at FROM begun
), announces AS (
  INSERT INTO workflows_work (id, tenant_id, run_id, block, branch, kind, status, due_at, attempt, fence, data, error)
  SELECT w.id, begun.tenant_id, begun.run_id, begun.block, '', 'escalation', 'ready', w.due_at, 0, 0,
         jsonb_build_object('clock', begun.id::text, 'point', w.point), ''
  FROM begun, unnest(%(works)s::uuid[], %(points)s::int[], %(dues)s::timestamptz[]) AS w(id, point, due_at)
)
UPDATE workflows_humantask AS t SET due_at = begun.due_at, sla_paused = false
FROM begun WHERE t.tenant_id = begun.tenant_id AND t.subject_id = begun.subject_id AND t.status IN ('open', 'deciding')
"""


def _begin(clock: SlaClock, due: Mapping[int, datetime]) -> None:
    """A new clock, with its first stretch and what it will announce, past the model layer: every run with a promise
    pays for this."""
    values: dict[str, Any] = {**vars(clock), "segment": uuid7(), "works": [uuid7() for _point in due]}
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {**values, "points": list(due), "dues": list(due.values())})
    clock._state.adding = False


def _due(hours: BusinessHours, clock: SlaClock, point: int, used: int, now: datetime) -> datetime:
    left = max(clock.minutes * 60 * point // 100 - used, 0)
    return hours.add_minutes(now, left // 60) + timedelta(seconds=left % 60)


def _escalations(clock: SlaClock, due: dict[int, datetime]) -> Iterable[Work]:
    return [
        Work(
            run_id=clock.run_id,
            block=clock.block,
            kind="escalation",
            due_at=at,
            data={"clock": str(clock.pk), "point": point},
        )
        for point, at in due.items()
        if point not in clock.fired
    ]


_HALT = """
WITH over AS (
  UPDATE workflows_slasegment SET ended_at = %(ended_at)s, seconds = %(seconds)s WHERE id = %(segment)s
), announced AS (
  DELETE FROM workflows_work WHERE run_id = %(run)s AND kind = 'escalation' AND data ->> 'clock' = %(clock)s::text
)
UPDATE workflows_slaclock SET status = %(status)s, stopped_at = %(now)s, breached = %(breached)s WHERE id = %(clock)s
"""


def _halt(clock: SlaClock, now: datetime) -> int:
    """Stop it for good, with its stretch and what it would have announced; gives the seconds that we have used."""
    segment, used = _open_one(clock, now)
    late = clock.due_at is not None and now > clock.due_at
    clock.status, clock.stopped_at, clock.breached = SlaClock.Status.STOPPED, now, clock.breached or late
    with connection.cursor() as cursor:
        cursor.execute(
            _HALT,
            {
                "segment": segment.id if segment else None,
                "ended_at": segment.ended_at if segment else None,
                "seconds": segment.seconds if segment else None,
                "run": clock.run_id,
                "clock": clock.pk,
                "status": clock.status,
                "now": now,
                "breached": clock.breached,
            },
        )
    return used


def _forget(clock: SlaClock) -> None:
    Work.objects.filter(run_id=clock.run_id, kind="escalation", data__clock=str(clock.pk)).delete()


def _show(clock: SlaClock) -> None:
    """The subject's open tasks carry the due time for their list."""
    HumanTask.objects.filter(subject_id=clock.subject_id, status__in=["open", "deciding"]).update(
        due_at=clock.due_at, sla_paused=clock.status == SlaClock.Status.PAUSED
    )


def _told(step: Step, clock: SlaClock, point: int) -> dict[str, object]:
    left = _hours(clock).minutes_between(step.now, clock.due_at) if clock.calendar_id and clock.due_at else 0
    return {
        "name": step.subject_name,
        "percent": point,
        "minutes_left": max(left, 0),
        "workflow": step.workflow_name,
        "due_at": clock.due_at,
    }


def _queue_url(step: Step) -> str:
    from django.urls import NoReverseMatch, reverse

    task = HumanTask.objects.filter(run_id=step.run_id, status="open").first()
    try:
        return reverse("workflows:task", args=[task.pk]) if task else reverse("workflows:queue")
    except NoReverseMatch:
        return ""
