"""A person's decision: meant now, carried out ten seconds later, taken back until then."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.kernel import audit, clock, events
from prm.kernel.decisions import Decision, jsonable
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.identity.queries import member
from prm.kernel.reference.queries import NoRate, rate, vendor_currency
from prm.kernel.tenancy.context import acting
from workflows import rules
from workflows.actions.tasks import claimed_by_another, is_owner, locked
from workflows.engine import advance, escalating
from workflows.engine.step import Result, Step, load, lock_run
from workflows.events import TaskDecided
from workflows.models import HumanTask, Intent, Vote

log = logging.getLogger(__name__)
UNDO_LASTS = timedelta(seconds=10)


def decide_task(
    *,
    task_id: UUID,
    outcome: str,
    actor: Actor,
    now: datetime,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
    immediately: bool = False,
) -> Decision:
    """Decide a task. The Decision's facts name the `intent` that can be undone for ten seconds.

    `immediately` carries it out at once: programs press no Undo.
    """
    if immediately:  # it goes on to the run in this transaction, so it locks the run before the task
        lock_run(HumanTask.objects.values_list("run_id", flat=True).get(pk=task_id))
    task = locked(task_id)
    decision = rules.decide_task(_facts(task, outcome, note, actor))
    intent = None
    if decision.allowed:
        intent = Intent.objects.create(
            task=task,
            outcome=outcome,
            note=note.strip(),
            detail=jsonable(detail or {}),
            actor=actor.document(),
            actor_name=actor.name,
            made_at=now,
            executes_at=clock.machine_now() + (timedelta(0) if immediately else UNDO_LASTS),
        )
        task.take()
        task.save(update_fields=["status"])
    verb = "task.decision_made" if decision.allowed else "task.decision_refused"
    audit.record(
        verb,
        target=task,
        actor=actor,
        at=now,
        decision=decision,
        after={"outcome": outcome, "note": note, "intent": intent and intent.pk},
    )
    if intent is not None and immediately:
        decision = _execute(intent.pk, now)
    return replace(decision, facts={**decision.facts, "intent": str(intent.pk)}) if intent else decision


def judge_task(*, task: HumanTask, outcome: str, actor: Actor, note: str = "") -> Decision:
    """What deciding a task would come to; nothing is written. For previews."""
    return rules.decide_task(_facts(task, outcome, note, actor))


def undo_intent(*, intent_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take one's decision back; the task is as it was. Refused once it has been carried out."""
    intent = Intent.objects.get(pk=intent_id)
    task = locked(intent.task_id)
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    facts = rules.UndoFacts(pending=intent.status == Intent.Status.PENDING, is_own=intent.actor["id"] == actor.id)
    decision = rules.undo_decision(facts)
    if decision.allowed:
        intent.undo()
        intent.closed_at = now
        intent.save(update_fields=["status", "closed_at"])
        task.reopen()
        task.save(update_fields=["status"])
    audit.record(
        "task.decision_undone" if decision.allowed else "task.undo_refused",
        target=task,
        actor=actor,
        at=now,
        decision=decision,
        after={"intent": intent.pk},
    )
    return decision


_DUE = """
SELECT tenant_id, id FROM workflows_intent
WHERE status = 'pending' AND executes_at <= statement_timestamp() ORDER BY executes_at LIMIT %s
"""


def due_intents(limit: int) -> list[tuple[UUID, UUID]]:
    """Tenants and intents whose ten seconds are over, the oldest first. Inside the relay's context."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [limit])
        return list(cursor.fetchall())


def carry_out(tenant: UUID, intent_id: UUID) -> None:
    """One decision, in a transaction of its own. Whoever comes second finds it carried out."""
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            _execute(intent_id, now)
    except OperationalError:
        raise  # the database is away: nothing is lost, the next round finds it again
    except Exception as error:
        log.exception("the decision %s could not be carried out", intent_id)
        with acting(tenant=tenant, audience="vendor") as now:
            _give_back(intent_id, now, _("It could not be carried out: %(error)s") % {"error": error})


def _execute(intent_id: UUID, now: datetime) -> Decision:
    """Judge the decision again as things are now, and let the run go on with it.

    Locks in the order run, task, intent, as everybody does.
    """
    intent = Intent.objects.select_related("task").get(pk=intent_id)
    step = load(intent.task.work_id, now, status="waiting")
    task = locked(intent.task_id)
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    actor = Actor.of(intent.actor)
    if intent.status != Intent.Status.PENDING:
        return rules.undo_decision(rules.UndoFacts(pending=False, is_own=True))
    facts = _facts(task, intent.outcome, intent.note, actor, executing=True)
    if step is None:
        facts = replace(facts, status="cancelled", decided_by=_("The workflow"))
    decision = rules.decide_task(facts)
    if decision.refused or step is None:
        _give_back(intent_id, now, "; ".join(reason.text for reason in decision.reasons))
    else:
        _settle(task, intent, step, actor, now)
    audit.record(
        "task.decided" if decision.allowed else "task.decision_no_longer_held",
        target=task,
        actor=actor,
        at=now,
        decision=decision,
        cause=f"intent:{intent.pk}",
        after={"outcome": intent.outcome, "note": intent.note, "detail": intent.detail},
    )
    return decision


def _settle(task: HumanTask, intent: Intent, step: Step, actor: Actor, now: datetime) -> None:
    """Count the vote; with enough of them the task is decided and the run goes on."""
    Vote.objects.create(
        task=task,
        membership_id=actor.membership_id,
        voter=actor.id,
        voter_name=actor.name,
        outcome=intent.outcome,
        note=intent.note,
        at=now,
    )
    intent.execute()
    intent.closed_at = now
    intent.save(update_fields=["status", "closed_at"])
    votes = Vote.objects.filter(task=task, outcome=intent.outcome).count()
    if intent.outcome in rules.APPROVING and votes < task.quorum:
        _wait_for_another(task, step, actor, now)
        return
    task.outcome, task.note, task.decided_by, task.decided_at = intent.outcome, intent.note, actor.name, now
    task.decide()
    task.save(update_fields=["status", "outcome", "note", "decided_by", "decided_at"])
    escalating.forget(task)
    advance.complete(step, _result(intent, actor))
    events.publish(
        TaskDecided(
            subject_id=task.pk,
            partner_id=task.partner_id,
            facts={
                "task.queue": task.queue,
                "task.outcome": task.outcome,
                "task.subject": str(task.subject_id),
                "task.decided_by": actor.name,
            },
        ),
        at=now,
    )


def _wait_for_another(task: HumanTask, step: Step, actor: Actor, now: datetime) -> None:
    task.reopen()
    task.claimed_by_id = task.claim_until = task.owner_id = None
    task.role, task.assigned_by = task.role or "approver", ""
    task.save(update_fields=["status", "claimed_by", "claim_until", "owner", "role", "assigned_by"])
    advance.tell(
        step.run_id, "vote", now, block=task.block, block_type="approval", value="approve", actor_name=actor.name
    )


def _result(intent: Intent, actor: Actor) -> Result:
    detail = {**intent.detail, "outcome": intent.outcome, "note": intent.note, "decided_by": actor.name}
    return Result(intent.outcome, detail, actor_name=actor.name, keep={"actor": actor.document()})


def _give_back(intent_id: UUID, now: datetime, why: str) -> None:
    """Close an intent that came to nothing, and put its task back into the queue."""
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    if intent.status != Intent.Status.PENDING:
        return
    intent.refuse()
    intent.closed_at, intent.answer = now, why
    intent.save(update_fields=["status", "closed_at", "answer"])
    task = locked(intent.task_id)
    if task.status == HumanTask.Status.DECIDING:
        task.reopen()
        task.reasons = [{"key": "decision.not_carried_out", "text": why}, *task.reasons]
        task.save(update_fields=["status", "reasons"])


def _facts(task: HumanTask, outcome: str, note: str, actor: Actor, *, executing: bool = False) -> rules.TaskFacts:
    person = member(actor.membership_id) if actor.membership_id else None
    voted = _has_voted(task, actor)
    return facts_of(task, outcome, note, actor, member=person, has_voted=voted, executing=executing)


def facts_of(
    task: HumanTask,
    outcome: str,
    note: str,
    actor: Actor,
    *,
    member: Membership | None,
    has_voted: bool,
    executing: bool = False,
) -> rules.TaskFacts:
    """What a decision on a task is judged by, with what is known of its actor."""
    roles = actor.roles if member is None or actor.kind == "token" else member.roles  # a key holds its own roles alone
    limit, value, unknown = _limit(task, member)
    return rules.TaskFacts(
        status="open" if executing and task.status == HumanTask.Status.DECIDING else task.status,
        outcome=outcome,
        outcomes=tuple(task.outcomes),
        roles=tuple(sorted(roles)),
        task_role=task.role,
        is_owner=is_owner(task, actor),
        claimed_by="" if executing else claimed_by_another(task, actor),
        decided_by=_decider(task),
        has_voted=has_voted,
        note_given=bool(note.strip()),
        note_required=outcome in task.note_required,
        value=value,
        limit=limit,
        limit_unknown=unknown,
        currency=vendor_currency() if limit is not None else "",
        is_member=member is None or member.ended_at is None,
    )


def _has_voted(task: HumanTask, actor: Actor) -> bool:
    """A person and the keys that they made are one voice."""
    mine = Q(voter=actor.id)
    if actor.membership_id:
        mine |= Q(membership=actor.membership_id)
    return Vote.objects.filter(mine, task=task).exists()


def _decider(task: HumanTask) -> str:
    """Who was first: of a live intent, or of the task as decided."""
    if task.status == HumanTask.Status.DECIDING:
        return Intent.objects.filter(task=task, status="pending").values_list("actor_name", flat=True).first() or ""
    return task.decided_by


def _limit(task: HumanTask, member: Membership | None) -> tuple[Decimal | None, Decimal | None, str]:
    """The actor's limit and the task's value, both in the vendor's currency; why when that can't be told."""
    if member is None or member.approval_limit is None or task.limit_value is None:
        return None, task.limit_value, ""
    try:
        factor = rate(task.currency or vendor_currency(), clock.local_date(task.opened_at))
    except NoRate as missing:
        return member.approval_limit, task.limit_value, str(missing)
    return member.approval_limit, (task.limit_value * factor).quantize(Decimal("0.01")), ""


def seconds_left(intent: Intent) -> int:
    """How long Undo can still be pressed."""
    left = Intent.objects.filter(pk=intent.pk).annotate(machine=Now()).values_list("machine", flat=True).first()
    return max(0, int((intent.executes_at - left).total_seconds())) if left else 0
