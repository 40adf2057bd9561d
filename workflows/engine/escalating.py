"""A question that stays open: others are told or asked, and in the end its time may run out.

Each level is work of its own, due in business time. Time alone never approves: a question that times out
answers “timed_out”, and a branch of the workflow says what that means.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models.functions import Now

from prm.kernel.identity.models import Membership
from workflows.engine import assigning, clocks, messages, people
from workflows.engine.step import Result, Step, load
from workflows.models import HumanTask, Work


def watch(step: Step, task: HumanTask) -> None:
    """Leave the work that looks at the task again, level by level."""
    levels = list(step.block.get("escalation") or ())
    limit = step.block.get("timeout_business_minutes")
    if not levels and not limit:
        return
    hours = clocks.hours_of(clocks.calendar_of(step))
    due = {number: int(level["after_business_minutes"]) for number, level in enumerate(levels, 1)}
    if limit:
        due[0] = int(limit)  # level 0 is the end
    Work.objects.bulk_create(
        Work(
            run_id=step.run_id,
            scope_id=step.scope_id,
            branch=step.branch,
            block=step.block_id,
            kind=Work.Kind.ESCALATION,
            due_at=hours.add_minutes(step.now, minutes),
            data={"task": str(task.pk), "level": number},
        )
        for number, minutes in due.items()
    )


def forget(task: HumanTask) -> None:
    """The question is answered or gone: nobody looks at it again."""
    Work.objects.filter(run_id=task.run_id, kind=Work.Kind.ESCALATION, data__task=str(task.pk)).delete()


def look_again(step: Step) -> None:
    """A level is due: tell and ask whom it names, or let the question time out."""
    task = HumanTask.objects.select_for_update(of=("self",)).filter(pk=step.data["task"]).first()
    level = int(step.data["level"])
    if task is not None and task.status == HumanTask.Status.DECIDING:
        _later(step)  # somebody has decided; should they take it back, it is late enough then
        return
    Work.objects.filter(pk=step.work_id, fence=step.fence).delete()
    if task is None or task.status != HumanTask.Status.OPEN:
        return
    if level == 0:
        _time_out(step, task)
    else:
        _escalate(step, task, level)


def _later(step: Step) -> None:
    from datetime import timedelta

    Work.objects.filter(pk=step.work_id, fence=step.fence).update(
        not_before=Now() + timedelta(seconds=15), lease_until=None, attempt=0
    )


def _time_out(step: Step, task: HumanTask) -> None:
    from workflows.engine import advance

    waiting = load(task.work_id, step.now, status="waiting")
    if waiting is None:
        return
    task.outcome, task.decided_at = "timed_out", step.now
    task.cancel()
    task.save(update_fields=["status", "outcome", "decided_at"])
    forget(task)
    advance.complete(waiting, Result("timed_out", {"task": task.pk, "owner": task.owner_id, "role": task.role}))


def _escalate(step: Step, task: HumanTask, number: int) -> None:
    from workflows.engine import advance

    level: Mapping[str, Any] = step.block["escalation"][number - 1]
    task.level = max(task.level, number)
    if level.get("reassign"):
        found = assigning.instead(step, level["reassign"], task)
        task.owner_id, task.role, task.assigned_by = found.owner, found.role, found.rule
        task.claimed_by_id = task.claim_until = task.snoozed_until = None
        assigning.tell(step, task, found)
    task.save(update_fields=["level", "owner", "role", "assigned_by", "claimed_by", "claim_until", "snoozed_until"])
    to = people.recipients(step, level.get("to") or [])
    messages.send(
        step,
        template="workflows.task_escalated",
        to=to,
        context={"name": task.subject_name, "title": task.title, "level": number, "workflow": step.workflow_name},
        cause=f"escalation:{task.pk}:{number}",
        url=clocks._queue_url(step),
    )
    who = Membership.objects.filter(pk=task.owner_id).first() if task.owner_id else None
    advance.tell(
        step.run_id,
        "escalated",
        step.now,
        block=task.block,
        block_type="approval",
        value=str(number),
        detail={"people": len(to), "owner": str(who) if who else "", "role": task.role, "task": task.pk},
    )
