"""Bring a file in: upload, say what the columns mean, try it, do it, get back what failed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from partners import actions
from partners.forms import MappingForm, UploadForm
from partners.lists import ImportLog
from partners.models import ImportBatch
from prm.kernel.automation.imports import Importer, importers, offered
from prm.kernel.automation.tables import Unreadable, write_table
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists import ListView

IMPORTERS = ("admin", "ops")
SHOWN = 50


class ImportsView(ListView):
    """A form to upload a file; below it, the files that were brought in before."""

    list = ImportLog
    template_name = "partners/imports.html"
    roles = frozenset(IMPORTERS)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        roles = request.actor.roles  # type: ignore[attr-defined]
        return {"form": UploadForm(roles=roles, initial=request.GET.dict()), "importers": offered(roles)}


@require_POST
@require_roles(*IMPORTERS)
def upload(request: HttpRequest) -> HttpResponse:
    """Read a file; what can't be read is told beside the field."""
    roles = request.actor.roles  # type: ignore[attr-defined]
    form = UploadForm(request.POST, request.FILES, roles=roles)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = actions.open_batch(
                kind=form.cleaned_data["kind"], file_name=file.name, data=file.read(), **_who(request)
            )
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
        else:
            return redirect("partners_console:import", batch.pk)
    context = {"form": form, "importers": offered(roles), "list": ImportLog(request).page(), "view": ImportsView()}
    return render(request, "partners/imports.html", context, status=422)


@require_http_methods(["GET", "POST"])
@require_roles(*IMPORTERS)
def one(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One file, from its mapping to what came of it."""
    batch, importer = _get(request, batch_id)
    if request.method == "POST":
        return _acted(request, batch, importer)
    return render(request, "partners/import.html", _context(batch, importer, _mapping_form(batch, importer)))


@require_GET
@require_roles(*IMPORTERS)
def progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How far a larger import is; the page asks each second until it is done."""
    batch, _importer = _get(request, batch_id)
    if not batch.at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "partners/import_progress.html", {"batch": batch})


@require_GET
@require_roles(*IMPORTERS)
def errors(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The rows that failed, with the reason beside each: mend them and send the file again."""
    batch, _importer = _get(request, batch_id)
    reasons: dict[int, list[str]] = {}
    for line, column, reason in batch.errors:
        reasons.setdefault(line, []).append(f"{column}: {reason}" if column else reason)
    rows = [[*cells, line, "; ".join(reasons[line])] for line, cells in batch.rows if line in reasons]
    header = [*batch.header, _("Line"), _("Problem")]
    response = HttpResponse(write_table(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="problems-{batch.pk.hex[-8:]}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@require_roles(*IMPORTERS)
def sample(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty file with the headings that this kind reads."""
    if kind not in importers:
        raise Http404
    data = write_table([str(column.label) for column in importers[kind].columns], [])
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return response


def _acted(request: HttpRequest, batch: ImportBatch, importer: Importer) -> HttpResponse:
    wanted = request.POST.get("action")
    if wanted == "run":
        actions.start_run(batch_id=batch.pk, **_who(request))
    elif wanted == "remap":
        actions.map_columns(batch_id=batch.pk, mapping=batch.mapping, **_who(request))
    elif wanted == "check" and batch.state in (ImportBatch.State.UPLOADED, ImportBatch.State.FAILED):
        form = _mapping_form(batch, importer, request.POST)
        if not form.is_valid():
            return render(request, "partners/import.html", _context(batch, importer, form), status=422)
        actions.map_columns(batch_id=batch.pk, mapping=form.mapping(), **_who(request))
        actions.start_check(batch_id=batch.pk, **_who(request))
    else:
        messages.info(request, _("This import has moved on."))
    return redirect("partners_console:import", batch.pk)


def _mapping_form(batch: ImportBatch, importer: Importer, data: Any = None) -> MappingForm:
    return MappingForm(
        data, importer=importer, header=batch.header, initial={key: str(at) for key, at in batch.mapping.items()}
    )


def _context(batch: ImportBatch, importer: Importer, form: MappingForm) -> dict[str, Any]:
    counts = batch.counts
    return {
        "batch": batch,
        "importer": importer,
        "form": form,
        "unused": [name for at, name in enumerate(batch.header) if at not in batch.mapping.values()],
        "preview": [cells for _line, cells in batch.rows[:3]],
        "good": sum(counts.get(key, 0) for key in ("created", "updated")),
        "created": counts.get("created", 0),
        "updated": counts.get("updated", 0),
        "unchanged": counts.get("unchanged", 0),
        "errors": batch.errors[:SHOWN],
        "more": max(0, len(batch.errors) - SHOWN),
    }


def _get(request: HttpRequest, batch_id: UUID) -> tuple[ImportBatch, Importer]:
    """The batch and its importer, if the reader's roles may use it."""
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    importer = importers.get(batch.kind) if batch else None
    if batch is None or importer is None or not importer.roles.intersection(request.actor.roles):  # type: ignore[attr-defined]
        raise Http404
    return batch, importer


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.actor, "now": request.now}  # type: ignore[attr-defined]
