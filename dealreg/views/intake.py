"""A partner's own ways in beside the form: its links, and files of deals."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dealreg import actions
from dealreg.actions.files import OWN
from dealreg.forms import DealFileForm, LinkForm
from dealreg.mail_lists import OwnFiles
from dealreg.views.intakes import links_page, revoked
from dealreg.views.register import SELLERS
from partners.models import ImportBatch
from prm.kernel.automation.imports import importers
from prm.kernel.automation.tables import Unreadable, write_table
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.lists import ListView

SHOWN = 50


@require_http_methods(["GET", "POST"])
@require_roles("partner_admin")
def links(request: Any) -> HttpResponse:
    """The partner's links, and a form for a new one."""
    form = LinkForm(request.POST or None)
    issued = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        issued = actions.make_link(
            partner_id=request.membership.partner_id,
            name=data["name"],
            email=data["email"],
            days=data["days"],
            most_deals=data["most_deals"],
            actor=request.actor,
            now=request.now,
        )
    return links_page(request, form, issued, LinkForm(), "dealreg_portal")


@require_POST
@require_roles("partner_admin")
def revoke(request: Any, pk: UUID) -> HttpResponse:
    return revoked(request, pk, "dealreg_portal:links")


class FilesView(ListView):
    """Upload a file; below it, the files that were brought in before."""

    list = OwnFiles
    template_name = "dealreg/own_files.html"
    roles = frozenset(SELLERS)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"form": DealFileForm()}

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "file" not in request.FILES and "upload" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = DealFileForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                batch = actions.bring_file(
                    partner_id=request.membership.partner_id,
                    file_name=file.name,
                    data=file.read(),
                    actor=request.actor,
                    now=request.now,
                )
            except Unreadable as unreadable:
                form.add_error("file", str(unreadable))
            else:
                return redirect("dealreg_portal:files_one", pk=batch.pk)
        context = {"form": form, "list": OwnFiles(request).page(), "view": self}
        return render(request, self.template_name, context, status=422)


@require_GET
@require_roles(*SELLERS)
def one_file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came of a file, row by row where something is wrong."""
    return render(request, "dealreg/own_file.html", _shown(_own(pk, "rows")))


@require_GET
@require_roles(*SELLERS)
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far it has come, asked every other second while it is worked off."""
    batch = _own(pk, "rows")
    if not batch.at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "dealreg/own_file_state.html", _shown(batch))


def _shown(batch: ImportBatch) -> dict[str, Any]:
    return {"batch": batch, "errors": batch.errors[:SHOWN], "more": max(0, len(batch.errors) - SHOWN)}


@require_GET
@require_roles(*SELLERS)
def problems(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The rows that are not in, with the reason beside each: mend them and send the file again."""
    batch = _own(pk)
    reasons: dict[int, list[str]] = {}
    for line, column, reason in batch.errors:
        reasons.setdefault(line, []).append(f"{column}: {reason}" if column else reason)
    rows = [[*cells, line, "; ".join(reasons[line])] for line, cells in batch.rows if line in reasons]
    return _csv([*batch.header, _("Line"), _("Problem")], rows, f"problems-{batch.pk.hex[-8:]}.csv")


@require_GET
@require_roles(*SELLERS)
def sample(request: HttpRequest) -> HttpResponse:
    """An empty file with the headings that are read."""
    return _csv([str(column.label) for column in importers[OWN].columns], [], "deals.csv")


def _csv(header: list[str], rows: list[Any], name: str) -> HttpResponse:
    response = HttpResponse(write_table(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _own(pk: UUID, *unread: str) -> ImportBatch:
    """The file, if it is the reader's own partner's: row-level security sees to that. `unread` stays where it is."""
    batch = ImportBatch.objects.filter(pk=pk, kind=OWN).defer(*unread).first()
    if batch is None:
        raise Http404
    return batch
