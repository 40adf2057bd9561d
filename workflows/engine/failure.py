"""What happens to work that fails: again later, and in the end an incident with its evidence."""

import traceback
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prm.kernel import events, wording
from prm.kernel.automation import registry
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import acting
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition
from workflows.engine.advance import tell
from workflows.engine.claiming import Claim
from workflows.engine.step import Step
from workflows.events import IncidentOpened
from workflows.models import Incident, Run, Work

MAX_ATTEMPTS = 4
LAST_TRY = "The last try has begun."
INCIDENT = "incident"  # the subject of workflows that see to incidents


class Exhausted(RuntimeError):
    """The work was claimed too often without an end: it takes its worker down with it."""

    def __init__(self) -> None:
        super().__init__(_("The worker died on this step again and again."))


def failed(claimed: Claim, error: Exception) -> None:
    """Note a failed try, in a transaction of its own: back off, or open an incident at the last try."""
    last = isinstance(error, (BrokenDefinition, Exhausted)) or claimed.attempt >= MAX_ATTEMPTS
    told = "".join(traceback.format_exception(error, limit=-8))[-6000:]
    with acting(tenant=claimed.tenant_id, audience="vendor") as now:
        if not _note(claimed, held=last, error=told):
            return
        work = Work.objects.select_related("run").get(pk=claimed.work_id)
        if not last:
            tell(work.run_id, "retry", now, block=work.block, value=str(claimed.attempt))
            return
        hold(
            work,
            now,
            message=_sentence(error, work.block, claimed.attempt),
            evidence={"error": told, "attempts": claimed.attempt},
            kind="broken_definition" if isinstance(error, BrokenDefinition) else "step_failed",
        )


def is_worth_a_try(claimed: Claim) -> bool:
    """Put on record that the last try begins; False when one began before and was never heard of again.

    Claims alone prove nothing: they count as attempts, too, when a worker was killed before it came to the work.
    """
    with acting(tenant=claimed.tenant_id, audience="vendor"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflows_work SET error = %(begun)s"
            " WHERE id = %(work)s AND fence = %(fence)s AND status = 'ready' AND error <> %(begun)s",
            {"begun": LAST_TRY, "work": claimed.work_id, "fence": claimed.fence},
        )
        return bool(cursor.rowcount)


def _note(claimed: Claim, *, held: bool, error: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflows_work SET status = %s, error = %s, lease_until = NULL,"
            " not_before = clock_timestamp() + make_interval(secs => power(2, attempt)::int)"
            " WHERE id = %s AND fence = %s AND status = 'ready'",
            ["held" if held else "ready", error, claimed.work_id, claimed.fence],
        )
        return bool(cursor.rowcount)


def hold(work: Work, now: datetime, *, kind: str, message: str, evidence: Mapping[str, Any]) -> Incident:
    """Open the incident of a piece of work that is held."""
    evidence = {**evidence, "block": work.block}
    return _open(work.run, work.run_id, kind, message, evidence, now, block=work.block, work_id=work.pk)


def report(step: Step, message: str) -> None:
    """A step went on but found something broken, such as a rule: one open incident tells of it, not one a run."""
    if Incident.objects.filter(kind="rule_broken", status="open", message=message).exists():
        return
    _open(step, step.run_id, "rule_broken", message, {"block": step.block_id}, step.now, block=step.block_id)


def left_undone(step: Step) -> None:
    """The last run of a subject has ended and it still waits: one open incident says what to do, not one a run."""
    message = registry.unfinished[step.subject_type].why(step.subject_id)
    others = Run.objects.filter(subject_id=step.subject_id, status="running").exclude(pk=step.run_id)
    told = Incident.objects.filter(kind="undecided", status="open", subject_id=step.subject_id)
    if not message or others.exists() or told.exists():
        return
    _open(step, step.run_id, "undecided", message, {"result": step.result, "steps": step.steps}, step.now)


def stuck(run: Run, now: datetime) -> Incident:
    """A run that says it goes on but has nothing to do: never silently."""
    message = _("This run has no next step. Start it again or end it.")
    return _open(run, run.pk, "stuck", message, {"context": run.context.get("steps", {})}, now)


ABOUT = ("workflow_id", "event_id", "subject_type", "subject_id", "subject_name", "partner_id")


def _open(
    of: Run | Step,
    run_id: UUID,
    kind: str,
    message: str,
    evidence: Mapping[str, Any],
    now: datetime,
    *,
    block: str = "",
    work_id: UUID | None = None,
) -> Incident:
    """An incident of a run, which stands in its story, too."""
    incident = Incident.objects.create(
        kind=kind,
        run_id=run_id,
        work_id=work_id,
        block=block,
        **{name: getattr(of, name) for name in ABOUT},
        **kept(message),
        evidence=jsonable(evidence),
        opened_at=now,
    )
    tell(run_id, "incident", now, block=block, value=kind, detail=kept(message))
    _publish(incident)
    return incident


def refuse_event(event: events.Delivered, now: datetime, *, kind: str, message: str, **about: Any) -> None:
    """The one incident of an event that no run could take up; again for the same event does nothing."""
    open_once(
        Incident(
            kind=kind,
            event_id=event.id,
            event_name=event.name,
            subject_id=event.subject_id,
            partner_id=event.partner_id,
            **about,
            **kept(message),
            evidence={"event": event.name, "facts": jsonable(event.facts)},
            opened_at=now,
        )
    )


def open_once(incident: Incident) -> None:
    """An incident of no run, once for its event."""
    Incident.objects.bulk_create([incident], ignore_conflicts=True)
    found = Incident.objects.filter(pk=incident.pk).first()
    if found is not None:
        _publish(found)


def kept(message: str) -> dict[str, Any]:
    """A sentence as an incident keeps it, so that everybody reads it in their own language."""
    return {"message": str(message), "said": wording.kept(message)}


def _publish(incident: Incident) -> None:
    """Let workflows see to it; but one that is about an incident itself would set off what failed, without end."""
    if incident.subject_type == INCIDENT:
        return
    events.publish(
        IncidentOpened(
            subject_id=incident.pk,
            partner_id=incident.partner_id,
            facts={
                "incident.kind": incident.kind,
                "incident.message": incident.sentence,
                "incident.workflow": incident.workflow.key if incident.workflow else "",
                "incident.block": incident.block,
                "incident.about": incident.subject_name,
                "incident.status": incident.status,
            },
        ),
        at=incident.opened_at,
        cause=f"run:{incident.run_id}" if incident.run_id else "",
    )


def _sentence(error: Exception, step: str, tries: int) -> str:
    """The fault for a person to read; the trace goes into the evidence."""
    if isinstance(error, (BrokenDefinition, Exhausted)):
        return sentence_of(error)
    fault = type(error).__name__
    return _("The step “%(step)s” failed %(count)d times, the last time with “%(text)s” (%(fault)s).") % {
        "step": step,
        "count": tries,
        "text": str(error)[:400] or fault,
        "fault": fault,
    }


def sentence_of(error: Exception) -> str:
    """What the fault says, which may know how to say it in another language."""
    told = error.args[0] if error.args else ""
    return told if isinstance(told, str) else str(error)
