"""Starting a workflow by hand, about a subject that a person chooses."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prm.kernel.conditions import schema_named
from prm.kernel.identity.access import require_roles
from workflows import actions
from workflows.definition import BrokenDefinition, Program
from workflows.engine import timetables
from workflows.engine.step import program_of
from workflows.forms import StartForm
from workflows.models import Workflow, WorkflowVersion
from workflows.views import DISPATCHERS, Asking

OFFERED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@require_roles(*DISPATCHERS)
def start(request: Asking, workflow_id: UUID) -> HttpResponse:
    """Choose a subject and start the version in force."""
    workflow = get_object_or_404(Workflow, pk=workflow_id)
    form = StartForm(request.POST or None, subjects=subjects(workflow, request))
    if request.method == "POST" and form.is_valid():
        decision = actions.start_workflow(
            workflow_id=workflow.pk, subject_id=form.cleaned_data["subject"], actor=request.actor, now=request.now
        )
        if decision.allowed:
            messages.success(request, _("Started."))
            return redirect("workflows:run", run_id=decision.facts["run"])
        form.add_error(None, decision.reasons[0].text)
    context = {"workflow": workflow, "form": form}
    return render(request, "workflows/start.html", context, status=422 if form.errors else 200)


def subjects(workflow: Workflow, request: Asking) -> list[tuple[str, str]]:
    """The newest subjects that the workflow can be started about, by name."""
    program = program_in_force(workflow)
    if program is None or program.start.kind != "manual":
        return []
    rows = timetables.found(schema_named(program.start.schema), program.when, request.now)
    found = list(rows.order_by("-pk")[:OFFERED])
    named = timetables.rows_of(program.start.schema, [one.pk for one in found])
    return [(str(one.pk), _name(named.get(one.pk), one)) for one in found]


def _name(row: Any, one: Any) -> str:
    title, partner = str((row or {}).get("title") or one), (row or {}).get("partner")
    return f"{title} ({partner})" if partner else title


def program_in_force(workflow: Workflow) -> Program | None:
    """The published version, when there is one that can be read."""
    version = WorkflowVersion.objects.filter(workflow=workflow, status="published").defer("tree").first()
    try:
        return program_of(version.pk, version.checksum) if version else None
    except BrokenDefinition:
        return None
