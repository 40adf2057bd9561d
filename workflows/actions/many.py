"""The open questions about many subjects at once, for lists of other apps that know no tasks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from workflows import rules
from workflows.actions.intents import decide_task, facts_of
from workflows.models import HumanTask, Vote

NOTE = "-"  # a preview takes it that a note will be written


def hindrances(kind: str, ids: Iterable[UUID], outcome: str, actor: Actor) -> Mapping[UUID, str]:
    """Why the actor can't answer so now, by subject; nothing is written. Four queries however many there are."""
    wanted = set(ids)
    tasks = {task.subject_id: task for task in _open(kind, wanted)}
    member = Membership.objects.filter(pk=actor.membership_id).first() if actor.membership_id else None
    voted = set(_votes(actor).filter(task__in=tasks.values()).values_list("task_id", flat=True))
    found = dict.fromkeys(wanted - set(tasks), _("Nobody is asked about it at the moment."))
    for subject, task in tasks.items():
        facts = facts_of(task, outcome, NOTE, actor, member=member, has_voted=task.pk in voted)
        decision = rules.decide_task(facts)
        if decision.refused:
            found[subject] = decision.reasons[0].text
    return found


def retell(subject: str, subject_id: UUID, keys: Sequence[str], reasons: Sequence[Mapping[str, Any]]) -> None:
    """Put `reasons`, of each key one, first where the open question about the subject gave any with one of `keys`.

    Whoever answers it at this moment needs no reasons any more, and is not waited for.
    """
    open_ones = HumanTask.objects.select_for_update(skip_locked=True)
    open_ones = open_ones.filter(subject_type=subject, subject_id=subject_id)
    first = {reason["key"]: dict(reason) for reason in reversed(reasons)}
    for task in open_ones.filter(status="open").order_by("pk"):
        rest = [reason for reason in task.reasons if reason.get("key") not in keys]
        if len(rest) < len(task.reasons):
            task.reasons = [*reversed(first.values()), *rest]
            task.save(update_fields=["reasons"])


def answer_question(
    kind: str, subject: UUID, outcome: str, note: str, detail: Mapping[str, Any], actor: Actor, now: datetime
) -> Decision:
    """Answer the open question about a subject, at once."""
    task = _open(kind, {subject}).order_by("opened_at").first()
    if task is None:
        text = _("Nobody is asked about it at the moment.")
        return Decision("task-decision/1", "refused", False, (Reason("task.not_open", text),))
    decision = decide_task(
        task_id=task.pk, outcome=outcome, note=note, detail=detail, actor=actor, now=now, immediately=True
    )
    return replace(decision, facts={})


def _open(kind: str, subjects: set[UUID]) -> Any:
    tasks = HumanTask.objects.filter(subject_type=kind, subject_id__in=subjects, status="open")
    return tasks.select_related("claimed_by")


def _votes(actor: Actor) -> Any:
    if actor.membership_id is None:
        return Vote.objects.filter(voter=actor.id)
    return Vote.objects.filter(membership=actor.membership_id)
