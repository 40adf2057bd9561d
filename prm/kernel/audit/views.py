"""Searching the audit, one entry with what changed and why, and a record as it stood on any day."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prm.kernel.audit import standing
from prm.kernel.audit.lists import KINDS, Entries, who
from prm.kernel.audit.models import AuditBlock, AuditEntry, AuditUnsealed
from prm.kernel.audit.records import Field, record_of, url_of
from prm.kernel.audit.verifying import lag
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui import formats
from prm.kernel.ui.lists import ListView

READERS = ("admin", "ops", "auditor")


class EntriesView(RolesRequired, ListView):
    required_roles = frozenset(READERS)
    list = Entries
    template_name = "audit/entries.html"

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """How far the chain has come."""
        head = AuditBlock.objects.order_by("-number").only("number", "hash", "sealed_at").first()
        waiting = AuditUnsealed.objects.count()
        return {"head": head, "waiting": waiting, "lag": formats.span(lag()) if waiting else ""}


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
        "url": url_of(found.target_type, found.target_id),
        "erased": not found.who_salt or not found.what_salt,
        "day": found.at.astimezone(formats.zone(request)).date(),
        "others": AuditEntry.objects.filter(target_id=found.target_id).exclude(pk=pk).order_by("-at", "-pk")[:20],
    }
    return render(request, "audit/entry.html", context)


@require_GET
@require_roles(*READERS)
def as_of(request: HttpRequest, target_type: str, target_id: UUID) -> HttpResponse:
    """A record at the end of a day (`on`, today by itself), with who made each field so."""
    zone = formats.zone(request)
    today = formats.now(request).astimezone(zone).date()
    day = min(_day(request.GET.get("on", "")) or today, today)
    moment = datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone) - timedelta(microseconds=1)
    record = record_of(target_type)
    stood = standing.as_of(record, target_type, target_id, moment)
    if stood is None:
        raise Http404
    context = {
        "record": record,
        "name": stood.last or stood.following,
        "standing": stood,
        "day": day,
        "today": today,
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1) if day < today else None,
        "url": url_of(target_type, target_id),
        "target_type": target_type,
    }
    return render(request, "audit/as_of.html", context)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _facts(found: AuditEntry) -> list[tuple[Any, ...]]:
    return [
        (_("When"), found.at, {"kind": "when", "style": "full"}),
        (_("Who"), who(found)),
        (_("Done by"), dict(KINDS).get(found.actor_kind, found.actor_kind)),
        (_("About"), f"{found.target_name} ({found.target_type})"),
        (_("Cause"), found.cause),
        (_("Request"), found.request_id),
    ]


def _changes(found: AuditEntry) -> list[tuple[Any, Any, Any]]:
    """Every field that either side names; in words, where the record's app has told them."""
    record = record_of(found.target_type)
    known = {field.name: field for field in record.fields} if record else {}
    names = sorted({*found.before, *found.after})
    return [
        (
            known[name].label if name in known else name,
            _said(known.get(name), found.before.get(name)),
            _said(known.get(name), found.after.get(name)),
        )
        for name in names
    ]


def _said(field: Field | None, value: Any) -> Any:
    return field.show(value) if field and value not in (None, "", []) else value
