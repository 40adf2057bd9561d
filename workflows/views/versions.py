"""One version beside another, and what of a version has really been taken."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from prm.kernel.identity.access import require_roles
from workflows.definition import BrokenDefinition, Line
from workflows.definition.broken import why_broken
from workflows.definition.comparing import Change, compare
from workflows.models import WorkflowVersion
from workflows.queries.coverage import coverage_of
from workflows.views import EVERYBODY, Asking


@require_GET
@require_roles(*EVERYBODY)
def compared(request: Asking, version_id: UUID) -> HttpResponse:
    """What differs from another version of the same workflow: ?with=<id>, else the one before it."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    others = found.workflow.versions.exclude(pk=found.pk).order_by("-number")
    asked = request.GET.get("with")
    other = others.filter(pk=_uuid(asked)).first() if asked else others.filter(number__lt=found.number).first()
    if asked and other is None:
        raise Http404
    unreadable = ""
    changes: tuple[Change, ...] = ()
    try:
        changes = compare(other.tree, found.tree) if other else ()
    except (BrokenDefinition, KeyError, TypeError, ValueError, AttributeError) as error:
        unreadable = why_broken(error)
    return render(
        request,
        "workflows/compared.html",
        {
            "version": found,
            "workflow": found.workflow,
            "other": other,
            "others": list(others.defer("tree")[:50]),
            "changes": changes,
            "unreadable": unreadable,
        },
    )


@require_GET
@require_roles(*EVERYBODY)
def covered(request: Asking, version_id: UUID) -> HttpResponse:
    """The version's blocks with how often runs have come to each."""
    found = get_object_or_404(WorkflowVersion.objects.select_related("workflow"), pk=version_id)
    try:
        coverage, unreadable = coverage_of(found), ""
    except (BrokenDefinition, KeyError, TypeError, ValueError, AttributeError) as error:
        coverage, unreadable = None, why_broken(error)
    spots = coverage.spots if coverage else ()
    return render(
        request,
        "workflows/covered.html",
        {
            "version": found,
            "workflow": found.workflow,
            "coverage": coverage,
            "lines": [(Line(spot.depth, spot.type, spot.text, spot.block), spot) for spot in spots],
            "unreadable": unreadable,
        },
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
