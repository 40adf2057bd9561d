"""The designer: one tree on two faces. Every press of a button sends the tree and gets it back changed."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.kernel.automation import registry
from prm.kernel.conditions.forms import ConditionField
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.models import Membership
from prm.kernel.ui.toasts import conflict, toast
from workflows import actions
from workflows.actions import designing
from workflows.definition import BrokenDefinition
from workflows.designer import state as designs
from workflows.designer.kinds import palette
from workflows.designer.past import past_events, past_of
from workflows.designer.state import State, Unreadable
from workflows.designer.trying import attempt
from workflows.forms import NewWorkflowForm
from workflows.models import Workflow, WorkflowVersion
from workflows.replay import reading, trials
from workflows.views import EVERYBODY, Asking

log = logging.getLogger(__name__)
MOVES = ("add", "up", "down", "move", "copy", "delete")  # after which the block is sought with the keyboard


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def new(request: Asking) -> HttpResponse:
    """An empty draft of a new workflow."""
    form = NewWorkflowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        decision = actions.save_draft(tree=form.tree(), actor=request.actor, now=request.now)
        if decision.allowed:
            return redirect("workflows:design", version_id=decision.facts["version"])
        form.add_error(None, decision.reasons[0].text)
    return render(request, "workflows/designer/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@require_roles("admin")
def begin(request: Asking, workflow_id: UUID) -> HttpResponse:
    """To the draft: the one there is, or a copy of the version in force."""
    found = get_object_or_404(Workflow, pk=workflow_id)
    decision = designing.begin_draft(workflow_id=found.pk, actor=request.actor, now=request.now)
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
        return redirect("workflows:workflow", workflow_id=workflow_id)
    return redirect("workflows:design", version_id=decision.facts["version"])


def _drawable(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A tree whose parts have shapes that no form knows (only an upload can be that odd) is told, not drawn."""

    @wraps(view)
    def guarded(request: Asking, version_id: UUID) -> HttpResponse:
        try:
            return view(request, version_id)
        except (TypeError, ValueError, AttributeError, LookupError, RecursionError):
            log.warning("a tree that can't be drawn", exc_info=True)
            told = _("A part of this workflow has a shape that can't be shown here. Its problems say which.")
            if request.method == "POST":
                return HttpResponse(told, status=422, content_type="text/plain; charset=utf-8")
            messages.warning(request, told)
            return redirect("workflows:version", version_id=version_id)

    return guarded


@require_GET
@require_roles(*EVERYBODY)
@_drawable
def design(request: Asking, version_id: UUID) -> HttpResponse:
    """The page: to change for an admin while it is a draft, to look at for everybody else."""
    version = _version(version_id)
    state = designs.begin(version)
    state.selected = request.GET.get("at", "")
    return render(request, "workflows/designer/page.html", _page(request, state))


@require_POST
@require_roles("admin")
@_drawable
def edit(request: Asking, version_id: UUID) -> HttpResponse:
    """The tree after one change. Nothing is written: that is what Save does."""
    version = _version(version_id)
    do = request.POST.get("do", "set")
    try:
        state = designs.act(designs.read(version, request.POST), do)
    except Unreadable as reason:
        return HttpResponse(str(reason), status=422, content_type="text/plain; charset=utf-8")
    if do.startswith("menu:"):
        row = state.row(do.removeprefix("menu:"))
        return render(request, "workflows/designer/row_menu.html", {"row": row}, status=200 if row else 404)
    if do.startswith("try"):
        _try(request, state)
    state.moved = do.partition(":")[0] in MOVES
    keeps = do == "set" and not _to_show(state)
    response = _answer(request, state, keeps_panel=keeps)
    if keeps:
        response["HX-Reswap"] = "none"  # the form stays as it is under the fingers; all else is drawn anew
    return response


@require_POST
@require_roles("admin")
def save(request: Asking, version_id: UUID) -> HttpResponse:
    """Keep the draft. 409 when somebody else has saved it meanwhile."""
    version = _version(version_id)
    try:
        state = designs.read(version, request.POST)
    except Unreadable as reason:
        return HttpResponse(str(reason), status=422, content_type="text/plain; charset=utf-8")
    decision = designing.save_design(
        version_id=version.pk,
        tree=state.tree,
        base=request.POST.get("base", ""),
        note=request.POST.get("note", ""),
        actor=request.actor,
        now=request.now,
    )
    if decision.refused:
        return conflict(request, decision.reasons[0].text)
    state.version = _version(version_id)
    answered = _answer(request, state, base=state.version.checksum)
    return toast(answered, _("Saved. A second person publishes it."))


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def migrate(request: Asking, version_id: UUID) -> HttpResponse:
    """Where each live run of an earlier version would stand on this one; then, move them."""
    version = _version(version_id)
    if request.method == "POST":
        ids = [run for run in map(_uuid, request.POST.getlist("run")) if run]
        decision = designing.migrate_runs(version_id=version.pk, run_ids=ids, actor=request.actor, now=request.now)
        if decision.refused:
            messages.warning(request, decision.reasons[0].text)
        else:
            undo = reverse("workflows:migrate_undo", args=[version.pk, decision.facts["batch"]])
            said = _("%(count)d moved to version %(number)d.") % {
                "count": decision.facts["moved"],
                "number": version.number,
            }
            messages.success(request, said, extra_tags=f"undo={undo}")
        return redirect("workflows:migrate", version_id=version.pk)
    try:
        found, broken = designing.standings(version), ""
    except BrokenDefinition as error:
        found, broken = [], str(error)
    return render(
        request,
        "workflows/designer/migrate.html",
        {
            "version": version,
            "workflow": version.workflow,
            "movable": [one for one in found if not one.why_not],
            "staying": [one for one in found if one.why_not],
            "broken": broken,
            "batches": designing.recent_batches(version),
        },
    )


@require_POST
@require_roles("admin")
def migrate_undo(request: Asking, version_id: UUID, batch: UUID) -> HttpResponse:
    """Put the runs of one migration back."""
    version = _version(version_id)
    decision = designing.undo_migration(version_id=version.pk, batch=batch, actor=request.actor, now=request.now)
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
    elif decision.facts["stayed"]:
        told = {"back": decision.facts["back"], "stayed": decision.facts["stayed"]}
        messages.info(request, _("%(back)d put back; %(stayed)d have gone on since and stay.") % told)
    else:
        messages.success(request, _("%(back)d put back.") % {"back": decision.facts["back"]})
    return redirect("workflows:migrate", version_id=version.pk)


def _version(version_id: UUID) -> WorkflowVersion:
    return get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _to_show(state: State) -> bool:
    """Whether something typed can't be taken; a condition tells that by itself, row by row."""
    errors = state.typed.errors if state.typed else {}
    return any(not isinstance(state.typed.fields[name], ConditionField) for name in errors)  # type: ignore[union-attr]


def _try(request: Asking, state: State) -> None:
    """Follow the chosen event through the tree as it stands on the page."""
    state.trying, state.selected = True, ""
    event_id = _uuid(request.POST.get("event", ""))
    if event_id is None:
        return
    rules = {spec.judge.rule for spec in registry.actions.values() if spec.judge} - {""}
    past = past_of(event_id, state.version.workflow_id, sorted(rules))
    if past is None:
        return
    state.supposed = {
        name.removeprefix("suppose-"): value
        for name, value in request.POST.items()
        if name.startswith("suppose-") and value
    }
    around = replace(reading.around(request.now, request.now), queues={})  # nobody's usual answer is taken for this one
    state.trial = attempt(state.shown, past, state.supposed, around, trials.rulings_in_force())


def _answer(request: Asking, state: State, **more: Any) -> HttpResponse:
    """What looks otherwise than the browser has it; the whole page where there is no script."""
    if not request.htmx:
        return render(request, "workflows/designer/page.html", {**_page(request, state), **more})
    face = request.POST.get("face", "")
    known = _known(request, state, face)
    changes = {"out_of_band": True, "known": known, "changes": state.changes(known, face)}
    answer = {**_faces(request, state), **changes, **more}
    return render(request, "workflows/designer/answer.html", answer)


def _known(request: Asking, state: State, face: str) -> set[str]:
    """The parts of the page that look as the browser has them, and the diagram where it is not shown."""
    try:
        held = json.loads(request.POST.get("held") or "{}")
        known = {name for name, mark in state.looks(face).items() if held.get(name) == mark}
    except (ValueError, AttributeError, RecursionError):
        return set()
    return known | {"design-drawing"} if face == "outline" else known


def _faces(request: Asking, state: State) -> dict[str, Any]:
    """What both faces and the form beside them show."""
    trigger = state.tree.get("trigger")
    event = trigger.get("event") if isinstance(trigger, dict) else None
    return {
        "design": state,
        "may_edit": state.version.status == WorkflowVersion.Status.DRAFT and request.actor.has("admin"),
        "past": past_events(str(event)) if state.trying and event else [],
        "chosen_event": request.POST.get("event", ""),
        "base": request.POST.get("base") or state.version.checksum,
        "known": (),
        "out_of_band": False,
        "keeps_panel": False,
    }


def _page(request: Asking, state: State) -> dict[str, Any]:
    version, actor = state.version, request.actor
    faces = _faces(request, state)
    wrote = version.was_written_by(actor.id)
    return {
        **faces,
        "plain": True,  # with what a script would fetch when it is opened
        "version": version,
        "workflow": version.workflow,
        "palette": palette(),
        "may_publish": faces["may_edit"] and not wrote,
        "is_author": wrote,
        "publishers": _publishers(version) if version.status == WorkflowVersion.Status.DRAFT and wrote else [],
        "versions": list(version.workflow.versions.defer("tree").order_by("-number")[:20]),
    }


def _publishers(version: WorkflowVersion) -> list[str]:
    """Who else can publish it."""
    admins = Membership.objects.filter(partner=None, ended_at=None, roles__contains=["admin"]).order_by("name")
    return [person.name for person in admins if not version.was_written_by(str(person.person_id))][:5]
