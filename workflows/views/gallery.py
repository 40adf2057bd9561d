"""Ready workflows: what each does, its drawing, what it needs, and a draft of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.kernel.automation import registry
from prm.kernel.automation.registry import WorkflowTemplate
from prm.kernel.identity.access import require_roles
from workflows import actions
from workflows.definition import outline, parameters_of
from workflows.definition.drawing import drawing_of
from workflows.definition.needs import needs_of
from workflows.models import WorkflowVersion
from workflows.parameters_form import told
from workflows.views import EVERYBODY, Asking


@require_GET
@require_roles(*EVERYBODY)
def gallery(request: Asking) -> HttpResponse:
    """Every template that an app ships, with whether this vendor uses it."""
    used = {
        version.workflow.key: version
        for version in WorkflowVersion.objects.filter(status__in=["published", "draft"])
        .select_related("workflow")
        .defer("tree")
        .order_by("-status")  # what is in force comes first, a draft beside it does not hide it
    }
    ready = [
        {"template": template, "drawing": drawing_of(template.load()), "used": used.get(key)}
        for key, template in sorted(registry.templates.items(), key=lambda item: str(item[1].label))
    ]
    return render(request, "workflows/gallery.html", {"ready": ready})


@require_GET
@require_roles(*EVERYBODY)
def template(request: Asking, key: str) -> HttpResponse:
    """One template in full."""
    found = _template(key)
    return render(request, "workflows/template.html", {"template": found, **described(found), **_use(request, key)})


@require_POST
@require_roles("admin")
def use(request: Asking, key: str) -> HttpResponse:
    """Make a draft of it. It does nothing until it is published."""
    _template(key)
    decision = actions.use_template(key=key, actor=request.actor, now=request.now)
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
        return redirect("workflows:template", key=key)
    messages.success(request, _("Here is your draft. Read it, set its values, and publish it."))
    return redirect("workflows:version", version_id=decision.facts["version"])


def described(found: WorkflowTemplate) -> dict[str, Any]:
    """What a page says of a template."""
    tree = found.load()
    return {
        "drawing": drawing_of(tree),
        "lines": outline(tree),
        "needs": needs_of(tree),
        "parameters": [(*told(parameter), _(parameter.help)) for parameter in parameters_of(tree)],
    }


def _use(request: Asking, key: str) -> dict[str, Any]:
    versions = WorkflowVersion.objects.filter(workflow__key=key).defer("tree")
    return {
        "published": versions.filter(status="published").first(),
        "draft": versions.filter(status="draft").first(),
        "may_use": request.actor.has("admin"),
    }


def _template(key: str) -> WorkflowTemplate:
    try:
        return registry.templates[key]
    except KeyError:
        raise Http404 from None
