"""A run that begins again, because what it was told at its checks is no longer so.

A person has settled a question elsewhere, and what waits for people with the same question need not wait on. The
same run goes through its own version from the first block: its clocks run on, nobody is told anything twice
(messages are recorded once for each run and block), and its story says why. Whoever has begun to answer is not
interrupted, unless the subject itself has changed: a deal is another partner's now.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.kernel import events
from prm.kernel.automation import registry
from workflows.definition import Program
from workflows.engine import ending
from workflows.engine.advance import tell
from workflows.engine.step import lock_run
from workflows.models import HumanTask, Run, Scope, Vote, Work


def concerns(program: Program, event: str) -> bool:
    """Whether the program asks one of the actions that would answer otherwise since the event."""
    asked = registry.rejudgements.get(event, frozenset())
    return any(block.get("action") in asked for block in program.blocks.values()) if asked else False


def judge_again(run_id: UUID, program: Program, event: events.Delivered, now: datetime) -> bool:
    """Let a run that waits for people begin again; False where it doesn't wait, or somebody has begun to answer.

    An interrupting event lets any run begin again, of the partner and with the facts that the event tells.
    """
    anew = event.name in registry.interrupting
    lock_run(run_id)
    run = Run.objects.filter(pk=run_id, status=Run.Status.RUNNING).first()
    if run is None or program.first is None or not (anew or _waits(run)):
        return False
    why = str(event.payload.get("detail", {}).get("why") or "")
    by = str(event.payload.get("detail", {}).get("by") or "")
    Scope.objects.filter(run=run, status=Scope.Status.OPEN).update(status=Scope.Status.CANCELLED)
    ending.withdraw(set(Work.objects.filter(run=run).values_list("pk", flat=True)), now, why or event.name, by=by)
    run.context = {**run.context, "steps": {}}
    if anew:
        run.context["facts"], run.partner_id = dict(event.facts), event.partner_id
    run.save(update_fields=["context", "partner_id"])
    Work.objects.create(run=run, block=program.first, due_at=now)
    tell(run.pk, "judged_again", now, value=event.name, detail={"message": why}, actor_name=by)
    from workflows.engine import hint

    transaction.on_commit(hint, robust=True)
    return True


def _waits(run: Run) -> bool:
    """Somebody is asked, and nobody has said anything yet."""
    tasks = HumanTask.objects.filter(run=run, status__in=["open", "deciding"])
    states = set(tasks.values_list("status", flat=True))
    return states == {"open"} and not Vote.objects.filter(task__in=tasks).exists()
