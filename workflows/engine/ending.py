"""Ending a run before its time: its work goes, its questions no longer arise, its clocks stop."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from workflows.engine import children, clocks, escalating
from workflows.engine.advance import tell
from workflows.models import HumanTask, Incident, Intent, Run, Scope, WebhookCall, Work

BY_HAND = "by hand"  # why a run was cancelled, where a person did it; what they said is told beside it


def cancel_run(run_id: UUID, now: datetime, *, why: str, by: str = "", note: str = "") -> bool:
    """Cancel a live run; False when it was over already. `note` is what somebody said of it, for its story."""
    run = Run.objects.select_for_update(no_key=True).filter(pk=run_id, status="running").first()
    if run is None:
        return False
    Scope.objects.filter(run=run, status="open").update(status=Scope.Status.CANCELLED)
    withdraw(set(Work.objects.filter(run=run).values_list("pk", flat=True)), now, why, by=by)
    for incident in Incident.objects.select_for_update().filter(run=run, status="open"):
        _close(incident, now, by or why)
    if run.parent_id is None:
        clocks.stop_all(run.subject_id, now)
    else:
        clocks.run_ended(run.pk, now)  # the subject goes on in the run that waits for this one
    run.status, run.result, run.ended_at = Run.Status.CANCELLED, "cancelled", now
    run.moved_at = Now()
    run.save(update_fields=["status", "result", "ended_at", "moved_at"])
    tell(run.pk, "cancelled", now, value=why, actor_name=by, detail={"note": note} if note else {})
    if run.parent_work_id is not None:
        children.tell_parent(run.parent_work_id, run.pk, "cancelled", run.context.get("steps", {}), now)
    return True


def withdraw(work: set[UUID], now: datetime, why: str, *, by: str = "") -> None:
    """Take back pieces of work of a run that is locked, with all that they have asked for outside of it.

    The runs that they wait for are locked before the work itself, as those do when they end.
    """
    if not work:
        return
    children = Run.objects.filter(parent_work_id__in=work, status="running").order_by("pk")
    for child in children.values_list("pk", flat=True):
        cancel_run(child, now, why=why, by=by)
    Work.objects.filter(pk__in=work).delete()
    WebhookCall.objects.filter(work_id__in=work, state="waiting").update(state="withdrawn", closed_at=Now())
    for task in HumanTask.objects.select_for_update().filter(work_id__in=work, status__in=["open", "deciding"]):
        escalating.forget(task)
        _withdraw(task, now, why)
    for incident in Incident.objects.select_for_update().filter(work_id__in=work, status="open"):
        _close(incident, now, by or why)


def _close(incident: Incident, now: datetime, by: str) -> None:
    incident.cancel()
    incident.resolved_at, incident.resolved_by = now, by
    incident.save(update_fields=["status", "resolved_at", "resolved_by"])


def _withdraw(task: HumanTask, now: datetime, why: str) -> None:
    for intent in Intent.objects.select_for_update().filter(task=task, status="pending"):
        intent.refuse()
        intent.closed_at, intent.answer = now, why
        intent.save(update_fields=["status", "closed_at", "answer"])
    task.cancel()
    task.decided_at = now
    task.save(update_fields=["status", "decided_at"])
