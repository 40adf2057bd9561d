"""Connections, and the changes on their way to them, on the one list component."""

from typing import Any

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import bulk, rules
from integrations.answers import reason_in
from integrations.models import Circuit, Connection, SyncJob
from prm.kernel.ui.lists import BulkAction, Choice, Column, Empty, List, Period, Search, View

KEEPERS = frozenset({"admin", "ops"})


def _connections(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Connection.objects.order_by("name").values_list("pk", "name")]


def _matter(connection: Any) -> str:
    """What keeps a connection from writing."""
    if connection.status == Connection.Status.PAUSED:
        return gettext("It is paused: what changes waits until it is switched on.")
    return rules.plain_words(connection.broken_because or connection.trouble)


class ConnectionList(List):
    key = "connections"
    title = _("Connections")
    noun = (_("connection"), _("connections"))
    default_sort = "name"
    columns = (
        Column(
            "name",
            _("Connection"),
            sort="name",
            link=lambda c: reverse("integrations:connection", args=[c.pk]),
            sub=lambda c: c.get_kind_display(),
        ),
        Column("status", _("Status"), kind="status", states="connection", sort="status"),
        Column("last_success", _("Last success"), kind="when", sort="last_success"),
        Column("waiting", _("Waiting"), kind="number", sort="waiting"),
        Column("oldest", _("Oldest waits since"), kind="when", sort="oldest"),
        Column("dead", _("Need help"), kind="number", sort="dead"),
        Column("trouble", _("What is the matter"), value=_matter),
    )
    filters = (
        Search("name"),
        Choice("kind", _("Kind"), options=Connection.Kind.choices),
        Choice("status", _("Status"), options=Connection.Status.choices, many=True),
    )
    empty = Empty(
        _("No connections yet"),
        _("A connection writes what happens to deals into your CRM, or tells a web address of it."),
        action=_("Add a connection"),
        url_name="integrations:new",
        icon="plug",
    )
    can_save_views = False

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        jobs = SyncJob.objects.filter(connection=OuterRef("pk")).order_by().values("connection")
        lines = Circuit.objects.filter(connection=OuterRef("pk"))
        open_jobs = jobs.filter(state__in=["waiting", "dead"])
        return Connection.objects.annotate(
            waiting=Subquery(open_jobs.annotate(n=Count("pk", filter=Q(state="waiting"))).values("n")),
            dead=Subquery(open_jobs.annotate(n=Count("pk", filter=Q(state="dead"))).values("n")),
            oldest=Subquery(jobs.filter(state="waiting").annotate(at=Min("at")).values("at")),
            last_success=Subquery(lines.values("last_success_at")[:1]),
            trouble=Subquery(lines.values("trouble")[:1]),
        )


def _holds(job: SyncJob) -> str:
    """Why a change is not written yet."""
    if job.stands == Connection.Status.PAUSED:
        return gettext("The connection is paused: this waits until it is switched on.")
    if job.stands == Connection.Status.BROKEN:
        return gettext("The connection is broken: this waits until it works again.")
    return rules.plain_words(job.trouble, reason_in(job.answer))


class JobList(List):
    key = "sync-jobs"
    title = _("Changes to write")
    noun = (_("change"), _("changes"))
    default_sort = "-position"
    columns = (
        Column(
            "subject_name",
            _("Record"),
            value=str,
            link=lambda j: reverse("integrations:job", args=[j.pk]),
            sub=lambda j: j.connection.name,
        ),
        Column("state", _("Status"), value="stands", kind="status", states="sync_job", sort="state"),
        Column("trouble", _("What is the matter"), value=_holds),
        Column("error", _("Last error"), value=lambda j: j.error[:160], optional=True),
        Column("attempt", _("Tries"), kind="number", sort="attempt"),
        Column("at", _("Happened"), kind="when", sort="at"),
        Column("done_at", _("Closed"), kind="when", sort="done_at", optional=True),
    )
    filters = (
        Search("subject_name", "error"),
        Choice("connection", _("Connection"), options=_connections, field="connection_id"),
        Choice("state", _("Status"), options=SyncJob.State.choices, many=True),
        Period("at", _("Happened")),
    )
    views = (
        View("dead", _("Need help"), {"state": ["dead"]}),
        View("waiting", _("On their way"), {"state": ["waiting"]}),
        View("done", _("Written"), {"state": ["done"]}),
    )
    bulk = (
        BulkAction("retry", _("Try again"), bulk.retry, bulk.plan, icon="refresh-cw", roles=KEEPERS),
        BulkAction("skip", _("Skip"), bulk.skip, bulk.plan, icon="circle-slash", danger=True, roles=KEEPERS),
    )
    empty = Empty(
        _("Nothing has changed yet"),
        _("Every change of a record that a connection writes appears here, with how it went."),
        icon="refresh-cw",
    )

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return SyncJob.objects.select_related("connection").defer("facts", "changes")
