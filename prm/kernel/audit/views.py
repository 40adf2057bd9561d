"""Searching the audit, and one entry with what changed and why."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prm.kernel.audit.lists import KINDS, Entries, who
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.lists import ListView

READERS = ("admin", "ops", "auditor")


class EntriesView(RolesRequired, ListView):
    required_roles = frozenset(READERS)
    list = Entries


@require_GET
@require_roles(*READERS)
def entry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One entry, with its decision and the entries about the same thing."""
    found = AuditEntry.objects.select_related("decision").filter(pk=pk).first()
    if found is None:
        raise Http404
    context = {
        "entry": found,
        "facts": _facts(found),
        "changes": _changes(found),
        "others": AuditEntry.objects.filter(target_id=found.target_id).exclude(pk=pk).order_by("-at", "-pk")[:20],
    }
    return render(request, "audit/entry.html", context)


def _facts(found: AuditEntry) -> list[tuple[Any, ...]]:
    return [
        (_("When"), found.at, {"kind": "when", "style": "full"}),
        (_("Who"), who(found)),
        (_("Done by"), dict(KINDS).get(found.actor_kind, found.actor_kind)),
        (_("About"), f"{found.target_name} ({found.target_type})"),
        (_("Cause"), found.cause),
        (_("Request"), found.request_id),
    ]


def _changes(found: AuditEntry) -> list[tuple[str, Any, Any]]:
    """Every field that either side names."""
    names = sorted({*found.before, *found.after})
    return [(name, found.before.get(name), found.after.get(name)) for name in names]
