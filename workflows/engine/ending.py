"""Ending a run before its time: its work goes, its questions no longer arise, its clocks stop."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from workflows.engine import clocks
from workflows.engine.advance import tell
from workflows.models import HumanTask, Incident, Intent, Run, Work


def cancel_run(run_id: UUID, now: datetime, *, why: str, by: str = "") -> bool:
    """Cancel a live run; False when it was over already."""
    run = Run.objects.select_for_update(no_key=True).filter(pk=run_id, status="running").first()
    if run is None:
        return False
    Work.objects.filter(run=run).delete()
    for task in HumanTask.objects.select_for_update().filter(run=run, status__in=["open", "deciding"]):
        _withdraw(task, now, why)
    for incident in Incident.objects.select_for_update().filter(run=run, status="open"):
        incident.cancel()
        incident.resolved_at, incident.resolved_by = now, by or why
        incident.save(update_fields=["status", "resolved_at", "resolved_by"])
    clocks.stop_all(run.subject_id, now)
    run.status, run.result, run.ended_at = Run.Status.CANCELLED, "cancelled", now
    run.moved_at = Now()
    run.save(update_fields=["status", "result", "ended_at", "moved_at"])
    tell(run.pk, "cancelled", now, value=why, actor_name=by)
    return True


def _withdraw(task: HumanTask, now: datetime, why: str) -> None:
    for intent in Intent.objects.select_for_update().filter(task=task, status="pending"):
        intent.refuse()
        intent.closed_at, intent.answer = now, why
        intent.save(update_fields=["status", "closed_at", "answer"])
    task.cancel()
    task.decided_at = now
    task.save(update_fields=["status", "decided_at"])
