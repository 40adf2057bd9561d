"""Connections: the list, one with how it stands, and what an admin does to it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import actions, queries, rules
from integrations.forms import ConnectionForm
from integrations.lists import ConnectionList
from integrations.models import Connection, FieldMapping, SyncJob
from integrations.views import ADMINS, KEEPERS, READERS, told, who
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.ui.answers import add_reasons
from prm.kernel.ui.lists import ListView

LATEST = 8


class ConnectionsView(RolesRequired, ListView):
    required_roles = frozenset(READERS)
    list = ConnectionList
    primary = (gettext_lazy("Add a connection"), "integrations:new")
    template_name = "integrations/connections.html"


@require_GET
@require_roles(*READERS)
def connection(request: Any, pk: UUID) -> HttpResponse:
    """One connection: how the line is, what waits, what it writes, by which secret."""
    found = get_object_or_404(Connection, pk=pk)
    is_admin = request.actor.has("admin")
    schema = queries.schema_of(found)
    labels = {"id": _("Our id"), **{fact.key: fact.label for fact in schema.facts}}
    mappings = [
        (one.remote_field, labels.get(one.fact, one.constant), one.get_transform_display())
        for one in FieldMapping.objects.filter(connection=found)
    ]
    jobs = SyncJob.objects.filter(connection=found).select_related("connection").defer("facts", "answer", "changes")
    context = {
        "connection": found,
        "standing": queries.standing_of(found),
        "words": rules.plain_words(found.broken_because),
        "fixer": rules.who_can_fix(found.broken_because),
        "mappings": mappings,
        "jobs_url": f"{reverse('integrations:jobs')}?connection={pk}",
        "latest": jobs.order_by("-position")[:LATEST],
        "decisions": _said(DecisionRecord.objects.filter(subject_id=pk).order_by("-at", "-id")[:5], "rule"),
        "audit": _said(AuditEntry.objects.filter(target_id=pk).order_by("-at", "-id")[:20], "action"),
        "secret": queries.newest_secret(pk) if is_admin and found.kind == "webhook" else "",
        "may_keep": request.actor.has(*KEEPERS),
        "is_admin": is_admin,
    }
    return render(request, "integrations/connection.html", context)


def _said(rows: Any, key: str) -> list[Any]:
    """Each row with its key in words, as `said`."""
    told = list(rows)
    for row in told:
        row.said = queries.said(getattr(row, key))
    return told


@require_GET
@require_roles(*ADMINS)
def choose(request: Any) -> HttpResponse:
    """Which kind of system."""
    return render(request, "integrations/choose.html")


@require_http_methods(["GET", "POST"])
@require_roles(*ADMINS)
def new_salesforce(request: Any) -> HttpResponse:
    return _new(request, "salesforce")


@require_http_methods(["GET", "POST"])
@require_roles(*ADMINS)
def new_webhook(request: Any) -> HttpResponse:
    return _new(request, "webhook")


def _new(request: Any, kind: str) -> HttpResponse:
    form = ConnectionForm(request.POST or None, kind=kind, is_new=True)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        decision, made = actions.create_connection(
            kind=kind, secret=typed.pop("secret", ""), fields=typed, **who(request)
        )
        if made is not None:
            told(request, decision, _("Added, and paused. Say next which fields it writes."))
            return redirect("integrations:mapping", made.pk)
        add_reasons(form, decision)
    return render(request, "integrations/form.html", {"form": form, "kind": Connection.Kind(kind).label})


@require_http_methods(["GET", "POST"])
@require_roles(*ADMINS)
def edit(request: Any, pk: UUID) -> HttpResponse:
    """Change where it leads, and its secret."""
    found = get_object_or_404(Connection, pk=pk)
    initial = {name: getattr(found, name) for name in actions.EDITED}
    form = ConnectionForm(request.POST or None, initial=initial, kind=found.kind, is_new=False)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        secret = typed.pop("secret", "")
        decision = actions.save_connection(connection_id=pk, fields=typed, **who(request))
        if decision.allowed:
            if secret:
                actions.set_secret(connection_id=pk, secret=secret, **who(request))
            told(request, decision, _("Saved."))
            return redirect("integrations:connection", pk)
        add_reasons(form, decision)
    context = {"form": form, "kind": found.get_kind_display(), "connection": found}
    return render(request, "integrations/form.html", context)


@require_POST
@require_roles(*ADMINS)
def renew(request: Any, pk: UUID) -> HttpResponse:
    """A new signing secret for a webhook; the one before signs as well for a day."""
    get_object_or_404(Connection, pk=pk, kind="webhook")
    decision = actions.set_secret(connection_id=pk, **who(request))
    told(request, decision, _("Renewed. Give the new secret to the receiver within a day."))
    return redirect("integrations:connection", pk)


@require_http_methods(["GET", "POST"])
@require_roles(*KEEPERS)
def existing(request: Any, pk: UUID) -> HttpResponse:
    """What writing all existing records would do, and how far it is; posting begins it."""
    found = get_object_or_404(Connection, pk=pk)
    if request.method == "POST":
        decision = actions.write_existing(connection_id=pk, **who(request))
        told(request, decision, _("They go out behind what waits already, in order."))
        return redirect("integrations:existing", pk)
    part = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    context = {
        "connection": found,
        "existing": queries.existing_of(found),
        "mapped": FieldMapping.objects.filter(connection=found).exists(),
        "dead_url": f"{reverse('integrations:jobs')}?connection={pk}&state=dead",
    }
    template = "integrations/existing_progress.html" if part else "integrations/existing.html"
    return render(request, template, context)


@require_POST
@require_roles(*KEEPERS)
def check(request: Any, pk: UUID) -> HttpResponse:
    get_object_or_404(Connection, pk=pk)
    decision = actions.request_check(connection_id=pk, **who(request))
    told(request, decision, _("It is being looked at: what comes of it stands here in a few seconds."))
    return redirect("integrations:connection", pk)


@require_POST
@require_roles(*KEEPERS)
def switch(request: Any, pk: UUID, to: str) -> HttpResponse:
    get_object_or_404(Connection, pk=pk)
    decision = actions.switch_connection(connection_id=pk, to=to, **who(request))
    done = _("Switched on: what waited goes now.") if to == "active" else _("Paused: changes wait, none is lost.")
    told(request, decision, done)
    return redirect("integrations:connection", pk)
