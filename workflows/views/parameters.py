"""A workflow's parameters by form: what is saved is a draft that a second person publishes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prm.kernel.identity.access import require_roles
from workflows import actions
from workflows.definition import BrokenDefinition, parameters_of
from workflows.definition.triggers import start_of
from workflows.models import WorkflowVersion
from workflows.parameters_form import ParametersForm
from workflows.views import Asking


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def parameters(request: Asking, version_id: UUID) -> HttpResponse:
    """Set the values of one version; the tree stays as it is."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    form = ParametersForm(parameters_of(found.tree), request.POST or None, subject=_subject(found))
    if request.method == "POST" and form.is_valid():
        decision = actions.set_parameters(
            version_id=found.pk,
            values=form.values(),
            note=form.cleaned_data["note"],
            actor=request.actor,
            now=request.now,
        )
        if decision.allowed:
            messages.success(request, _("Saved as a draft. A second person publishes it."))
            return redirect("workflows:version", version_id=decision.facts["version"])
        form.add_error(None, decision.reasons[0].text)
    return render(
        request,
        "workflows/parameters.html",
        {"form": form, "version": found, "workflow": found.workflow},
        status=422 if form.errors else 200,
    )


def _subject(version: WorkflowVersion) -> str:
    """What the workflow is about; empty where its trigger can't be read."""
    try:
        return str(start_of(version.tree["trigger"]).schema)
    except (BrokenDefinition, KeyError, TypeError):
        return ""
