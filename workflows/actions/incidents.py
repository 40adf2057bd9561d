"""What a person says to an incident: try again, go on without the step, or end the run."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.kernel import audit, events
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision
from prm.kernel.events.models import EventRow
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.definition import BrokenDefinition
from workflows.engine import advance, ending, hint, scopes, start_runs
from workflows.engine.step import Result, load, lock_run, program_of
from workflows.events import IncidentResolved
from workflows.models import Incident, Run, Work

Resolve = Callable[[Incident, Actor, datetime], str]


def retry_incident(*, incident_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Try the same again. Refused with the reason when it is known to fail as before."""
    return _resolve("retried", incident_id, actor, now, _try_again, Incident.retry)


def skip_incident(*, incident_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Go on behind the step, which counts as skipped; an event that nobody took up is left alone."""
    return _resolve("skipped", incident_id, actor, now, _go_on, Incident.skip)


def cancel_incident(*, incident_id: UUID, actor: Actor, now: datetime) -> Decision:
    """End the run here."""
    return _resolve("cancelled", incident_id, actor, now, _end, Incident.cancel)


def _resolve(
    verb: str, incident_id: UUID, actor: Actor, now: datetime, act: Resolve, move: Callable[[Incident], None]
) -> Decision:
    if run_id := Incident.objects.values_list("run_id", flat=True).get(pk=incident_id):
        lock_run(run_id)
    incident = Incident.objects.select_for_update(of=("self",)).select_related("run__version").get(pk=incident_id)
    roles = tuple(sorted(actor.roles))
    decision = rules.resolve_incident(rules.IncidentFacts(verb=verb, status=incident.status, roles=roles))
    if decision.allowed and (still := act(incident, actor, now)):
        decision = rules.resolve_incident(
            rules.IncidentFacts(verb=verb, status=incident.status, roles=roles, still=still)
        )
    if decision.allowed:
        _close(incident, actor, now, move)
    audit.record(
        f"incident.{verb}" if decision.allowed else "incident.resolution_refused",
        target=incident,
        actor=actor,
        at=now,
        decision=decision,
    )
    return decision


def _close(incident: Incident, actor: Actor, now: datetime, move: Callable[[Incident], None]) -> None:
    if incident.status == Incident.Status.OPEN:
        move(incident)
    incident.resolved_at, incident.resolved_by = now, actor.name
    incident.save(update_fields=["status", "resolved_at", "resolved_by"])
    if incident.run_id:
        advance.tell(
            incident.run_id,
            "incident_resolved",
            now,
            block=incident.block,
            value=incident.status,
            actor_name=actor.name,
        )
    events.publish(
        IncidentResolved(
            subject_id=incident.pk,
            partner_id=incident.partner_id,
            facts={
                "incident.kind": incident.kind,
                "incident.message": incident.sentence,
                "incident.status": incident.status,
            },
        ),
        at=now,
    )
    transaction.on_commit(hint, robust=True)


# --- trying again ------------------------------------------------------------------------------


def _try_again(incident: Incident, actor: Actor, now: datetime) -> str:
    if incident.kind == Incident.Kind.RULE_BROKEN:
        return ""  # its run went on; the rule is judged afresh each time
    if incident.kind == Incident.Kind.UNDECIDED:
        return _ask_again(incident, actor, now)
    if incident.run is None:
        return _start_again(incident, now)
    if incident.work_id is None:
        return _give_work(incident.run, now)
    changed = _held(incident).update(status="ready", attempt=0, lease_until=None, not_before=Now(), error="")
    return "" if changed else _("The step is gone; the run has moved on or ended.")


def _ask_again(incident: Incident, actor: Actor, now: datetime) -> str:
    """The subject is asked about anew, unless it has been settled since."""
    waits = registry.unfinished.get(incident.subject_type)
    if waits is not None and incident.subject_id and waits.why(incident.subject_id):
        waits.again(incident.subject_id, actor, now)
    return ""


def _held(incident: Incident) -> "QuerySet[Work]":
    """The work that the incident holds, if it is still there."""
    return Work.objects.filter(pk__in=[incident.work_id] if incident.work_id else [], status="held")


def _start_again(incident: Incident, now: datetime) -> str:
    row = EventRow.objects.filter(pk=incident.event_id).first() if incident.event_id else None
    if row is None:
        return _("The event is gone.")
    event = events.Delivered(row.id, row.name, row.subject_id, row.partner_id, row.payload, row.at, row.cause)
    return "" if start_runs(event, now) else _("Still no published workflow takes this up.")


def _give_work(run: Run, now: datetime) -> str:
    """A run that stands still goes on behind the last step it finished in each branch, or begins again."""
    try:
        program = program_of(run.version_id, run.version.checksum)
        places = [(*place, scopes.where_it_stood(run.pk, program, *place)) for place in scopes.lost(run.pk)]
    except BrokenDefinition as error:
        return str(error)
    work = [
        Work(run=run, scope=scope, branch=branch, block=block, due_at=now)
        for scope, branch, block in places
        if block is not None
    ]
    if not work:
        return _("There is nothing left to do in this run. End it.")
    Work.objects.bulk_create(work)
    return ""


# --- skipping and ending -----------------------------------------------------------------------


def _go_on(incident: Incident, actor: Actor, now: datetime) -> str:
    if incident.run is None or incident.kind in Incident.WITHOUT_A_STEP:
        return ""
    work = _held(incident).first()
    if work is None:
        return _("There is no step to skip. Try again or end the run.")
    if work.kind == Work.Kind.ESCALATION:
        work.delete()
        return ""
    try:
        step = load(work.pk, now, status="held")
        if step is None:
            return _("The run is over.")
        advance.complete(step, Result("skipped", actor_name=actor.name))
    except BrokenDefinition as error:
        return _("The workflow can't be followed: %(error)s End the run.") % {"error": error}
    return ""


def _end(incident: Incident, actor: Actor, now: datetime) -> str:
    if incident.run_id is not None and incident.kind not in Incident.WITHOUT_A_STEP:
        ending.cancel_run(incident.run_id, now, why="incident", by=actor.name)
    return ""
