"""The approval block: a question to people, with why it is asked."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel import events
from workflows.definition.blocks import NEEDS_A_NOTE
from workflows.engine import assigning, clocks, escalating, people
from workflows.engine.answers import known_answer
from workflows.engine.step import Result, Step
from workflows.events import TaskOpened
from workflows.models import HumanTask


def ask(step: Step) -> Result:
    """Put a task into its queue; the run waits for it by the id of this work. Some questions answer themselves."""
    reasons = reasons_of(step)
    if (known := known_answer(step, reasons)) is not None:
        return known
    named = assigning.named(step, reasons)
    task = HumanTask(
        run_id=step.run_id,
        work_id=step.work_id,
        block=step.block_id,
        owner_id=named.owner,
        role=named.role,
        assigned_by=named.rule,
        reasons=reasons,
        opened_at=step.now,
        **_question(step),
        **_subject(step),
    )
    task.limit_value = _number(step.read(step.block.get("limit_fact") or ""))
    clock = clocks.live_clock(step.subject_id)
    if clock is not None:
        task.due_at, task.sla_paused = clock.due_at, clock.status == clock.Status.PAUSED
    task.save(force_insert=True)
    assigning.tell(step, task, named)
    escalating.watch(step, task)
    events.publish(
        TaskOpened(
            subject_id=task.pk,
            partner_id=task.partner_id,
            facts={"task.queue": task.queue, "task.subject": str(task.subject_id)},
        ),
        at=step.now,
    )
    return Result(
        "waiting",
        {
            "task": task.pk,
            "queue": task.queue,
            "reasons": reasons,
            "owner": named.owner,
            "role": named.role,
            **({"rule": named.rule} if named.rule else {}),
        },
        waits=True,
    )


def _question(step: Step) -> dict[str, Any]:
    block = step.block
    outcomes = list(block.outcomes)
    needs = block.get("note_required")
    return {
        "queue": block["queue"],
        "title": str(block["title"])[:200],
        "outcomes": outcomes,
        "note_required": [name for name in (NEEDS_A_NOTE if needs is None else needs) if name in outcomes],
        "quorum": _quorum(step),
    }


def _quorum(step: Step) -> int:
    """How many must agree: as the step says that names who is asked, else as the block does."""
    assign = step.block.get("assign") or {}
    named = step.read(f"{assign.get('value')}.people") if assign.get("kind") == "step" else None
    return int(named or step.block.get("quorum") or 1)


def _subject(step: Step) -> dict[str, Any]:
    row = people.subject_row(step.subject_type, step.subject_id)
    return {
        "subject_type": step.subject_type,
        "subject_id": step.subject_id,
        "subject_name": str(row.get("title") or step.subject_name)[:200],
        "partner_id": step.partner_id,
        "partner_name": str(row.get("partner") or "")[:200],
        "tier": str(row.get("tier") or "")[:60],
        "value": _number(row.get("value")),
        "currency": str(row.get("currency") or "")[:3],
    }


def reasons_of(step: Step) -> list[dict[str, Any]]:
    """Why a person is asked: what the steps before found, the latest first, each reason once."""
    found: dict[str, dict[str, Any]] = {}
    for saved in reversed(list(step.steps.values())):
        for reason in (*(saved["detail"].get("reasons") or ()), *_said_before(saved)):
            told = _reason(reason)
            found.setdefault(told["key"] or told["text"], told)
    return list(found.values()) or [{"key": "task.asked", "text": _("The workflow asks for a decision here.")}]


def _said_before(saved: Mapping[str, Any]) -> list[str]:
    """What a person answered to an earlier question, for whoever is asked next."""
    detail = saved["detail"]
    if not detail.get("decided_by"):
        return []
    said = _("%(who)s: %(answer)s") % {"who": detail["decided_by"], "answer": saved["value"]}
    return [f"{said}. {detail['note']}" if detail.get("note") else said]


def _reason(reason: Any) -> dict[str, Any]:
    if isinstance(reason, Mapping):
        found = {"key": str(reason.get("key", "")), "text": str(reason.get("text") or reason.get("key", ""))}
        return {**found, "said": reason["said"]} if reason.get("said") else found
    return {"key": "", "text": str(reason)}


def _number(value: Any) -> Decimal | None:
    if isinstance(value, Mapping):
        value = value.get("amount")
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
