"""Workflows and their versions: read as sentences, download, upload a draft, publish, retire."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.kernel.automation import registry
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.context import Shell
from prm.kernel.ui.lists import ListView
from workflows import actions
from workflows.actions.definitions import problems_of
from workflows.definition import JSON_SCHEMA, BrokenDefinition, cautions, outline, parameters_of
from workflows.definition.broken import why_broken
from workflows.forms import DraftForm
from workflows.lists import WorkflowList
from workflows.models import Run, Workflow, WorkflowVersion
from workflows.parameters_form import told
from workflows.queries.replays import latest_replay
from workflows.queries.stories import runs_elsewhere
from workflows.queries.surroundings import unheld
from workflows.views import EVERYBODY, Asking


class WorkflowListView(RolesRequired, ListView):
    required_roles = frozenset(EVERYBODY)
    list = WorkflowList
    template_name = "workflows/list.html"
    crumbs = ((gettext_lazy("Workflows"), ""),)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        known = set(Workflow.objects.values_list("key", flat=True))
        spare = [template for key, template in sorted(registry.templates.items()) if key not in known]
        return {"templates": spare, "may_change": Shell(request).roles >= {"admin"}}


@require_GET
@require_roles(*EVERYBODY)
def workflow(request: Asking, workflow_id: UUID) -> HttpResponse:
    """The version in force, else the newest one."""
    found = get_object_or_404(Workflow, pk=workflow_id)
    versions = found.versions.defer("tree")
    version = versions.filter(status="published").first() or versions.order_by("-number").first()
    if version is None:
        return redirect("workflows:list")
    return redirect("workflows:version", version_id=version.pk)


@require_GET
@require_roles(*EVERYBODY)
def version(request: Asking, version_id: UUID) -> HttpResponse:
    """One version in sentences, with what the lint says of it today."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    actor = request.actor
    try:
        lines, unreadable = outline(found.tree), ""
    except (BrokenDefinition, KeyError, TypeError, ValueError, AttributeError) as error:
        lines, unreadable = [], why_broken(error)
    problems = problems_of(found)
    manual = found.status == "published" and found.workflow.event == "@manual"
    return render(
        request,
        "workflows/version.html",
        {
            "version": found,
            "workflow": found.workflow,
            "lines": lines,
            "unreadable": unreadable,
            "problems": problems,
            "cautions": cautions(found.tree),
            "unheld": [] if unreadable or problems or found.status == "retired" else unheld(found.tree),
            "troubled": {problem.block for problem in problems if problem.block},
            "versions": list(found.workflow.versions.defer("tree").order_by("-number")[:20]),
            "live": Run.objects.filter(version=found, status="running").count(),
            "elsewhere": runs_elsewhere(found),
            "may_change": actor.has("admin"),
            "may_start": manual and actor.has("admin", "ops"),
            "may_publish": actor.has("admin") and found.status == "draft" and not found.was_written_by(actor.id),
            "is_author": found.was_written_by(actor.id),
            "latest": latest_replay(found),
            "parameters": [told(parameter) for parameter in parameters_of(found.tree)],
        },
    )


@require_GET
@require_roles(*EVERYBODY)
def download(request: Asking, version_id: UUID) -> HttpResponse:
    """The tree as a file that uploads again."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    response = HttpResponse(
        json.dumps(found.tree, indent=2, ensure_ascii=False) + "\n", content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="{found.workflow.key}-{found.number}.json"'
    return response


@require_GET
@require_roles(*EVERYBODY)
def schema(request: Asking) -> HttpResponse:
    """The JSON Schema of workflows."""
    return JsonResponse(dict(JSON_SCHEMA))


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def upload(request: Asking) -> HttpResponse:
    """Take a tree in as a draft. Nothing is in force before a second person publishes it."""
    form = DraftForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        decision = actions.save_draft(
            tree=form.cleaned_data["tree"], note=form.cleaned_data["note"], actor=request.actor, now=request.now
        )
        if decision.allowed:
            messages.success(request, _("Saved as a draft. A second person publishes it."))
            return redirect("workflows:version", version_id=decision.facts["version"])
        form.add_error("tree", decision.reasons[0].text)
    return render(request, "workflows/upload.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@require_roles("admin")
def publish(request: Asking, version_id: UUID) -> HttpResponse:
    found = get_object_or_404(WorkflowVersion, pk=version_id)
    decision = actions.publish_version(version_id=found.pk, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(request, _("In force from now on. What is on its way ends on the version it began with."))
    else:
        messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:version", version_id=version_id)


@require_POST
@require_roles("admin")
def discard(request: Asking, version_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    found = get_object_or_404(WorkflowVersion, pk=version_id)
    decision = actions.discard_draft(version_id=found.pk, actor=request.actor, now=request.now)
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
        return redirect("workflows:version", version_id=version_id)
    messages.success(request, _("The draft is gone. What is in force stays as it is."))
    if Workflow.objects.filter(pk=found.workflow_id).exists():
        return redirect("workflows:workflow", workflow_id=found.workflow_id)
    return redirect("workflows:list")


@require_POST
@require_roles("admin")
def retire(request: Asking, workflow_id: UUID) -> HttpResponse:
    found = get_object_or_404(Workflow, pk=workflow_id)
    decision = actions.retire_workflow(workflow_id=found.pk, actor=request.actor, now=request.now)
    if decision.allowed:
        messages.success(request, _("Retired. Nothing new starts on it."))
    else:
        messages.warning(request, decision.reasons[0].text)
    return redirect("workflows:workflow", workflow_id=workflow_id)
