"""The mapping editor: which of our fields goes where, tried on a real record before it is saved."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations import actions, queries, translating
from integrations.forms import MappingRows, mapping_formset
from integrations.models import Connection, FieldMapping, SyncRecord
from integrations.views import ADMINS, READERS, told, who
from prm.kernel.automation import registry
from prm.kernel.decisions import jsonable
from prm.kernel.identity.access import require_roles
from prm.kernel.tenancy.context import current


@require_http_methods(["GET", "POST"])
@require_roles(*READERS)
def mapping(request: Any, pk: UUID) -> HttpResponse:
    """Edit, preview, save. Whoever is no admin reads, and may preview what is in force."""
    found = get_object_or_404(Connection, pk=pk)
    may_edit = request.actor.has(*ADMINS)
    rows = mapping_formset(found, request.POST if request.method == "POST" and may_edit else None)
    problems: list[str] = []
    if request.method == "POST" and may_edit and rows.is_valid():
        problems = _problems(found, rows)
        if not problems and "save" in request.POST:
            decision = actions.save_mapping(connection_id=pk, rows=rows.rows(), **who(request))
            if told(request, decision, _("Saved. The next change of each record is written so.")):
                return redirect("integrations:connection", pk)
    chosen = request.POST.get("record") or request.GET.get("record") or ""
    offered = _offered(found)
    context = {
        "connection": found,
        "rows": rows,
        "problems": problems,
        "remote_fields": queries.remote_fields(found),
        "offered": offered,
        "chosen": chosen,
        "preview": _preview(found, rows, offered, chosen),
        "may_edit": may_edit,
    }
    return render(request, "integrations/mapping.html", context)


def _problems(found: Connection, rows: MappingRows) -> list[str]:
    return actions.mapping_problems(rows.rows(), queries.schema_of(found), queries.remote_fields(found))


def _offered(found: Connection) -> list[tuple[str, str]]:
    """Records that the mapping can be tried on."""
    spec = registry.syncs[found.subject]
    ids = list(spec.recent())
    titles = registry.panels[found.subject].rows(ids)
    return [(str(pk), str(titles[pk]["title"])) for pk in ids if pk in titles]


def _preview(
    found: Connection, rows: MappingRows, offered: list[tuple[str, str]], chosen: str
) -> dict[str, Any] | None:
    """What would be written for one record: typed words on a valid form, else those in force."""
    known = dict(offered)
    record_id = chosen if chosen in known else next(iter(known), "")
    if not record_id:
        return None
    facts = queries.facts_of(found.subject, UUID(record_id))
    if facts is None:
        return None
    held = _typed(found, rows) if rows.is_bound and rows.is_valid() else FieldMapping.objects.filter(connection=found)
    said = translating.translate(queries.rules_from(held, queries.schema_of(found)), facts, current().zone)
    record = SyncRecord.objects.filter(connection=found, subject_id=record_id).first()
    known_there = record.acknowledged if record else {}
    changed = translating.difference(known_there, said.fields)
    lines = [(name, known_there.get(name), jsonable(value), name in changed) for name, value in said.fields.items()]
    return {"name": known[record_id], "id": record_id, "lines": lines, "problems": said.problems}


def _typed(found: Connection, rows: MappingRows) -> list[FieldMapping]:
    return [FieldMapping(connection=found, position=number, **row) for number, row in enumerate(rows.rows())]
