"""What is done with a task before anybody decides it: claim, release, hand over, snooze."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from prm.kernel import audit, clock, events
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import ANSWERING_ROLES, Actor
from prm.kernel.identity.models import Membership
from workflows import rules
from workflows.definition import BrokenDefinition
from workflows.engine import advance, assigning, people
from workflows.engine.step import Step, load
from workflows.events import TaskClaimed
from workflows.models import HumanTask

CLAIM_LASTS = timedelta(minutes=10)


def claim_task(*, task_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Say that one is working on it; others can't decide until the claim ends by itself."""
    task = locked(task_id)
    decision = rules.handle_task(_facts("claimed", task, actor))
    if decision.allowed:
        task.claimed_by_id = actor.membership_id
        task.claim_until = clock.machine_now() + CLAIM_LASTS
        task.save(update_fields=["claimed_by", "claim_until"])
        events.publish(
            TaskClaimed(
                subject_id=task.pk,
                partner_id=task.partner_id,
                facts={
                    "task.queue": task.queue,
                    "task.subject": str(task.subject_id),
                    "task.subject_type": task.subject_type,
                    "task.claimed_by": actor.name,
                },
            ),
            at=now,
        )
    return _record("task.claimed", task, actor, now, decision)


def release_task(*, task_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Give a claim back."""
    task = locked(task_id)
    decision = rules.handle_task(_facts("released", task, actor))
    if decision.allowed:
        task.claimed_by_id = task.claim_until = None
        task.save(update_fields=["claimed_by", "claim_until"])
    return _record("task.released", task, actor, now, decision)


def assign_task(
    *,
    task_id: UUID,
    actor: Actor,
    now: datetime,
    membership_id: UUID | None = None,
    role: str = "",
    afresh: bool = False,
) -> Decision:
    """Hand a task to one of the vendor's people, to a role, or (`afresh`) to whom its workflow and the queue's rules
    would ask today, somebody else than its owner where there is anybody else; a claim of somebody else's ends.
    """
    step = _step(HumanTask.objects.get(pk=task_id).work_id, now) if afresh else None
    task = locked(task_id)
    found = assigning.afresh(step, task) if step else assigning.Named(membership_id, role)
    decision = judge_assignment(task=task, actor=actor, membership_id=found.owner, role=found.role)
    before = {"owner": task.owner_id, "role": task.role}
    if decision.allowed:
        _give(task, found)
        task.claimed_by_id = task.claim_until = None
        task.save(update_fields=["owner", "role", "assigned_by", "claimed_by", "claim_until"])
        if step is not None:
            assigning.tell(step, task, found)
    return _record("task.assigned", task, actor, now, decision, before=before)


def judge_assignment(
    *, task: HumanTask, actor: Actor, membership_id: UUID | None = None, role: str = "", afresh: bool = False
) -> Decision:
    """What handing a task over would come to; nothing is written, and with `afresh` nobody is sought. For previews."""
    here = Membership.objects.filter(partner=None, ended_at=None)
    if afresh:
        somebody, theirs = True, False
    elif membership_id is not None:
        person = here.filter(pk=membership_id).first()
        somebody = person is not None and bool(set(person.roles) - {"auditor"})
        theirs = task.owner_id == membership_id
    else:
        somebody = role in ANSWERING_ROLES and here.filter(roles__contains=[role]).exists()
        theirs = task.owner_id is None and task.role == role
    facts = _facts("assigned", task, actor, to_somebody_here=somebody)
    return rules.handle_task(replace(facts, already_theirs=theirs))


def _give(task: HumanTask, found: assigning.Named) -> None:
    task.owner_id, task.role, task.assigned_by = found.owner, found.role, found.rule


def hand_over_tasks(*, membership_id: UUID, actor: Actor, now: datetime) -> int:
    """Somebody has left: what they owned falls to its role, or to whom the queue's rules name now if a rule had given
    it to them; what they had claimed is free. Says how many tasks that were.
    """
    theirs = HumanTask.objects.filter(Q(owner=membership_id) | Q(claimed_by=membership_id))
    waiting = theirs.filter(status__in=["open", "deciding"]).order_by("run_id")
    found = list(waiting.values_list("pk", "work_id"))
    for task_id, work_id in found:
        step = _step(work_id, now)  # the run is locked before its tasks
        task = locked(task_id)
        before = {"owner": task.owner_id, "role": task.role}
        if task.owner_id == membership_id:
            _give_out(task, step, actor, now)
        task.claimed_by_id = task.claim_until = None
        task.save(update_fields=["owner", "role", "assigned_by", "claimed_by", "claim_until"])
        after = {"owner": task.owner_id, "role": task.role}
        audit.record("task.handed_over", target=task, actor=actor, at=now, before=before, after=after)
    return len(found)


def _step(work_id: UUID, now: datetime) -> Step | None:
    """What the task is asked by, with its run locked; None where that waits no more, or can't be read any more."""
    try:
        return load(work_id, now, status="waiting")
    except BrokenDefinition:
        return None


def _give_out(task: HumanTask, step: Step | None, actor: Actor, now: datetime) -> None:
    """To somebody else than its owner, who has left."""
    if task.assigned_by and step is not None:
        found = assigning.afresh(step, task)
        assigning.tell(step, task, found)
    else:
        found = assigning.Named(None, people.held_role(task.role or people.FALLBACK_ROLE))
    _give(task, found)
    owner = Membership.objects.get(pk=found.owner) if found.owner else None
    advance.tell(
        task.run_id, "reassigned", now, block=task.block, block_type="approval", value=str(owner or task.role),
        detail={"task": task.pk, "why": "left"}, actor_name=actor.name,
    )  # fmt: skip


def snooze_task(*, task_id: UUID, until: datetime, actor: Actor, now: datetime) -> Decision:
    """Put a task out of sight until a time; its clock runs on."""
    task = locked(task_id)
    decision = rules.handle_task(_facts("snoozed", task, actor, in_future=until > now))
    if decision.allowed:
        task.snoozed_until, task.claimed_by_id, task.claim_until = until, None, None
        task.save(update_fields=["snoozed_until", "claimed_by", "claim_until"])
    return _record("task.snoozed", task, actor, now, decision)


def locked(task_id: UUID) -> HumanTask:
    """The task, ours alone until the transaction ends. Raises HumanTask.DoesNotExist."""
    return HumanTask.objects.select_for_update(of=("self",)).select_related("claimed_by").get(pk=task_id)


def claimed_by_another(task: HumanTask, actor: Actor) -> str:
    """The name of whoever else holds a live claim; empty when nobody does."""
    if task.claimed_by is None or task.claimed_by_id == actor.membership_id or task.claim_until is None:
        return ""
    return str(task.claimed_by) if task.claim_until > clock.machine_now() else ""


def is_owner(task: HumanTask, actor: Actor) -> bool:
    return actor.membership_id is not None and task.owner_id == actor.membership_id


def _facts(
    verb: str, task: HumanTask, actor: Actor, *, to_somebody_here: bool = True, in_future: bool = True
) -> rules.HandlingFacts:
    return rules.HandlingFacts(
        verb=verb,
        status=task.status,
        roles=tuple(sorted(actor.roles)),
        task_role=task.role,
        is_owner=is_owner(task, actor),
        claimed_by=claimed_by_another(task, actor),
        to_somebody_here=to_somebody_here,
        in_future=in_future,
    )


def _record(
    action: str,
    task: HumanTask,
    actor: Actor,
    now: datetime,
    decision: Decision,
    before: Mapping[str, object] | None = None,
) -> Decision:
    after = {
        "owner": task.owner_id,
        "role": task.role,
        "claimed_by": task.claimed_by_id,
        "snoozed_until": task.snoozed_until,
    }
    audit.record(
        action if decision.allowed else f"{action}_refused",
        target=task,
        actor=actor,
        at=now,
        decision=decision,
        before=before or {},
        after=after if decision.allowed else {},
    )
    return decision
