"""What is pressed in the queue: decide, take back, claim, release, put aside, hand over; one or many."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from prm.kernel.decisions import Decision
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.toasts import conflict, toast
from workflows import actions
from workflows.models import HumanTask, Intent
from workflows.views import DISPATCHERS, WORKERS, Asking
from workflows.views.choices import answer
from workflows.views.queue import Split, show

CONFLICTS = ("task.already_decided", "task.claimed_by_another", "task.not_open", "decision.carried_out")


@require_POST
@require_roles(*WORKERS)
def decide(request: Asking, task_id: UUID) -> HttpResponse:
    """Decide and go on to the next; for ten seconds it can be taken back."""
    outcome = request.POST.get("outcome", "")
    decision = _called(
        actions.decide_task,
        request,
        task_id=task_id,
        outcome=outcome,
        note=request.POST.get("note", ""),
        detail=detail_of(request.POST),
    )
    if decision.refused:
        return refusal(request, decision)
    done = answer(outcome, HumanTask.objects.get(pk=task_id), {}).done
    undo = f"{reverse('workflows:undo')}?{urlencode({'intent': decision.facts['intent']})}"
    return onward(request, text=done, undo=undo, decided=task_id)


@require_POST
@require_roles(*WORKERS)
def undo(request: Asking) -> HttpResponse:
    """Take back what was decided a moment ago."""
    decisions = [_called(actions.undo_intent, request, intent_id=intent) for intent in _ids(request.GET, "intent")]
    if not decisions:
        raise Http404
    refused = [decision for decision in decisions if decision.refused]
    if refused:
        return conflict(request, refused[0].reasons[0].text)
    return toast(HttpResponse(status=204), _("Taken back. Everything is as it was."))


@require_POST
@require_roles(*WORKERS)
def claim(request: Asking, task_id: UUID) -> HttpResponse:
    return _stay(
        request, task_id, _called(actions.claim_task, request, task_id=task_id), _("It is yours for ten minutes.")
    )


@require_POST
@require_roles(*WORKERS)
def release(request: Asking, task_id: UUID) -> HttpResponse:
    return _stay(request, task_id, _called(actions.release_task, request, task_id=task_id), _("Released."))


@require_POST
@require_roles(*DISPATCHERS)
def assign(request: Asking, task_id: UUID) -> HttpResponse:
    (person,) = _ids(request.POST, "person") or [UUID(int=0)]
    decision = _called(actions.assign_task, request, task_id=task_id, membership_id=person)
    return _stay(request, task_id, decision, _("Handed over."))


@require_POST
@require_roles(*WORKERS)
def snooze(request: Asking, task_id: UUID) -> HttpResponse:
    decision = _called(actions.snooze_task, request, task_id=task_id, until=_moment(request.POST.get("until", "")))
    if decision.refused:
        return refusal(request, decision)
    return onward(request, text=_("Put aside. It comes back by itself."))


# --- many at once ------------------------------------------------------------------------------


@require_POST
@require_roles(*WORKERS)
def bulk_preview(request: Asking) -> HttpResponse:
    """What would happen to each, before anything does."""
    outcome, tasks = request.POST.get("outcome", ""), _tasks(request)
    note = request.POST.get("note", "").strip()
    judged = [
        (task, actions.judge_task(task=task, outcome=outcome, note=note or "-", actor=request.actor)) for task in tasks
    ]
    will = [task for task, decision in judged if decision.allowed]
    skipped = [(task, decision.reasons[0].text) for task, decision in judged if decision.refused]
    shown = answer(outcome, will[0] if will else HumanTask(outcomes=[outcome]), {})
    return render(
        request,
        "workflows/bulk_preview.html",
        {
            "will": will,
            "skipped": skipped,
            "answer": shown,
            "state": request.POST.get("state", ""),
            "needs_note": any(outcome in task.note_required for task in will),
        },
    )


@require_POST
@require_roles(*WORKERS)
def bulk_run(request: Asking) -> HttpResponse:
    """Decide each by itself; those that no longer can be are skipped and counted."""
    outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "")
    decisions = [
        _called(actions.decide_task, request, task_id=task.pk, outcome=outcome, note=note) for task in _tasks(request)
    ]
    done = [decision for decision in decisions if decision.allowed]
    if not done:
        return refusal(request, decisions[0]) if decisions else conflict(request, _("Nothing was chosen."))
    text = ngettext("%(count)d decided", "%(count)d decided", len(done)) % {"count": len(done)}
    if skipped := len(decisions) - len(done):
        text += ", " + ngettext("%(count)d skipped", "%(count)d skipped", skipped) % {"count": skipped}
    undo_all = urlencode([("intent", decision.facts["intent"]) for decision in done])
    return onward(request, text=text, undo=f"{reverse('workflows:undo')}?{undo_all}")


def _tasks(request: Asking) -> list[HumanTask]:
    ids = _ids(request.POST, "pick")[:50]
    return list(HumanTask.objects.filter(pk__in=ids).select_related("claimed_by").order_by("due_at", "id"))


# --- what the answers share --------------------------------------------------------------------


def detail_of(posted: QueryDict) -> dict[str, Any]:
    """What goes with an outcome: the fields that are opened, the other record, a share."""
    detail: dict[str, Any] = {}
    if fields := [name[:60] for name in posted.getlist("fields")]:
        detail["fields"] = fields[:30]
    if other := posted.get("other", ""):
        detail["other"] = str(_uuid(other))
    if percent := posted.get("percent", "").strip()[:10]:
        detail["percent"] = percent
    return detail


def refusal(request: Asking, decision: Decision) -> HttpResponse:
    """409 when somebody was faster (it says who), else 422 with the reason. The page stays as it is."""
    reason = decision.reasons[0]
    if not request.htmx:
        messages.warning(request, reason.text)
        return redirect(_state_url(request))
    if reason.key in CONFLICTS:
        return conflict(request, reason.text)
    response = HttpResponse(reason.text, status=422, content_type="text/plain; charset=utf-8")
    response["HX-Reswap"] = "none"
    return toast(response, reason.text, tone="warn")


def onward(request: Asking, *, text: str, undo: str = "", decided: UUID | None = None) -> HttpResponse:
    """The next row, without a reload."""
    if not request.htmx:
        messages.success(request, text, extra_tags=f"undo={undo}" if undo else "")
        return redirect(_state_url(request))
    split = Split(request, QueryDict(request.POST.get("state", "")), position=_position(request), went_on=True)
    if decided is not None:
        split.undone_url = split.url(HumanTask(pk=decided))
    response = show(request, split)
    response["HX-Push-Url"] = split.url(split.task) if split.task else split.url()
    return toast(response, text, undo=undo or None)


def _stay(request: Asking, task_id: UUID, decision: Decision, text: str) -> HttpResponse:
    if decision.refused:
        return refusal(request, decision)
    if not request.htmx:
        messages.success(request, text)
        return redirect("workflows:task", task_id=task_id)
    return toast(show(request, Split(request, QueryDict(request.POST.get("state", "")), chosen=task_id)), text)


def _called(action: Any, request: Asking, **given: Any) -> Decision:
    """Call an action as whoever asks; an id that is not ours is simply not there."""
    try:
        decision: Decision = action(**given, actor=request.actor, now=request.now)
    except (HumanTask.DoesNotExist, Intent.DoesNotExist):
        raise Http404 from None
    return decision


def _position(request: Asking) -> int:
    text = request.POST.get("position", "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _state_url(request: Asking) -> str:
    return Split(request, QueryDict(request.POST.get("state", ""))).url()


def _ids(params: QueryDict, name: str) -> list[UUID]:
    found: Iterable[str] = params.getlist(name)
    return [_uuid(text) for text in found]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    return moment if moment.tzinfo else make_aware(moment)  # what was typed is in the reader's zone
