"""A reader's own exports: asked for, on their way, to be fetched for a day."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from prm.kernel.ui.context import Shell
from prm.kernel.ui.exports import asking, links, work
from prm.kernel.ui.models import Export

SHOWN = 50


@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """The reader's exports; a POST asks for another one."""
    if request.method == "POST":
        return _ask(request)
    rows = list(asking.mine(request.membership.pk)[:SHOWN])  # type: ignore[attr-defined]
    busy = any(row.state in (Export.State.WAITING, Export.State.WRITING) for row in rows)
    return render(request, "ui/exports.html", {"rows": _shown(request, rows), "busy": busy})


exports.for_auditors = True  # type: ignore[attr-defined]  # a file of what they may read changes nothing


def _ask(request: HttpRequest) -> HttpResponse:
    decision, _row = asking.ask(request, request.POST.get("address", ""), request.POST.get("format", ""))
    if decision.refused:
        messages.warning(request, decision.reasons[0].text)
    return redirect(_home(request))


def _home(request: HttpRequest) -> str:
    return reverse(f"ui:{Shell(request).audience}_exports")


def _shown(request: HttpRequest, rows: list[Export]) -> list[dict[str, Any]]:
    done = work.rows_done([row.pk for row in rows if row.state == Export.State.WRITING])
    name = f"ui:{Shell(request).audience}_export_file"
    return [
        {
            "row": row,
            "done": done.get(row.pk, 0),
            "busy": row.state in (Export.State.WAITING, Export.State.WRITING),
            "url": f"{reverse(name, args=[row.pk])}?key={links.key_of(row)}" if row.state == "ready" else "",
        }
        for row in rows
    ]


@require_GET
def export_file(request: HttpRequest, export_id: UUID) -> FileResponse:
    """The file of one's own export, by its signed link."""
    row = asking.mine(request.membership.pk).filter(pk=export_id).first()  # type: ignore[attr-defined]
    found = asking.fetch(row, request.GET.get("key", ""), request) if row else None
    if found is None:
        raise Http404
    return found
