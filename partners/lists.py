"""The directory of partners and the log of imports, on the one list component."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners import queries
from partners.bulk import REACTIVATE, UNWATCH
from partners.models import Enrolment, ImportBatch, Partner, Tier, Watch
from prm.kernel.ui.lists import Choice, Column, Empty, Flag, List, Period, Search, View


def _tiers(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(tier.pk), tier.name) for tier in Tier.objects.order_by("-rank")]


def _managers(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(member.pk), member.name) for member in queries.channel_managers()]


def _countries(request: HttpRequest) -> list[tuple[str, str]]:
    found = Partner.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
    return [(code, code) for code in found]


class Directory(List):
    key = "partners"
    title = _("Partners")
    noun = (_("partner"), _("partners"))
    default_sort = "name"
    columns = (
        Column(
            "name",
            _("Partner"),
            sort="name",
            link=lambda p: reverse("partners_console:partner", args=[p.pk]),
            sub=lambda p: ", ".join(part for part in (p.city, p.country) if part),
        ),
        Column("status", _("Status"), kind="status", states="partner", sort="status"),
        Column("tier", _("Tier"), value="tier_name", sort="tier_rank"),
        Column("kind", _("Kind"), value=lambda p: p.get_kind_display(), sort="kind"),
        Column("cam", _("Channel manager"), value=lambda p: p.cam, kind="person", sort="cam__name"),
        Column("created_at", _("Since"), kind="date", sort="created_at"),
        Column("external_id", _("Your reference"), sort="external_id", optional=True),
        Column("domain", _("E-mail domain"), sort="domain", optional=True),
        Column("parent", _("Distributor"), value=lambda p: p.parent.name if p.parent else "", optional=True),
        Column("watched", _("Watched"), kind="bool", optional=True),
    )
    filters = (
        Search("name", "legal_name", "city", "domain", "external_id"),
        Choice("status", _("Status"), options=Partner.Status.choices, many=True),
        Choice("tier", _("Tier"), options=_tiers, many=True, field="tier_id"),
        Choice("kind", _("Kind"), options=Partner.Kind.choices, many=True),
        Choice("country", _("Country"), options=_countries, many=True),
        Choice("cam", _("Channel manager"), options=_managers, field="cam_id"),
        Flag("watched", _("Watched")),
        Period("created_at", _("Since")),
    )
    views = (
        View("active", _("Active"), {"status": ["active"]}),
        View("mine", _("Mine"), {"cam": "me"}),
        View("prospects", _("Prospects"), {"status": ["prospect"]}),
        View("suspended", _("Suspended"), {"status": ["suspended"]}),
    )
    bulk = (REACTIVATE, UNWATCH)
    empty = Empty(
        _("No partners yet"),
        _("Add the first one, or bring in the list that you have."),
        action=_("Import partners"),
        url_name="partners_console:imports",
        icon="handshake",
    )

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        best = Enrolment.objects.filter(partner=OuterRef("pk"), status=Enrolment.Status.ACTIVE).order_by("-tier__rank")
        return Partner.objects.select_related("cam", "parent").annotate(
            tier_id=Subquery(best.values("tier_id")[:1]),
            tier_name=Subquery(best.values("tier__name")[:1]),
            tier_rank=Subquery(best.values("tier__rank")[:1]),
            watched=Exists(Watch.objects.filter(partner=OuterRef("pk"))),
        )


class ImportLog(List):
    key = "imports"
    title = _("Imports")
    noun = (_("import"), _("imports"))
    default_sort = "-created_at"
    columns = (
        Column("file_name", _("File"), link=lambda b: reverse("partners_console:import", args=[b.pk])),
        Column("kind", _("Kind"), value=lambda b: _kind(b.kind)),
        Column("state", _("State"), kind="status", states="import", sort="state"),
        Column("total", _("Rows"), kind="number", sort="total"),
        Column("failed", _("Problems"), kind="number"),
        Column("created_by", _("By"), kind="person"),
        Column("created_at", _("When"), kind="when", sort="created_at"),
    )
    filters = (Search("file_name"), Choice("state", _("State"), options=ImportBatch.State.choices, many=True))
    empty = Empty(_("Nothing was imported yet"), _("Every file stays here with what came of it."), icon="upload")

    def rows(self, request: HttpRequest) -> "QuerySet[Any]":
        return ImportBatch.objects.defer("rows", "errors")


def _kind(key: str) -> Any:
    from prm.kernel.automation.imports import importers

    return importers[key].label if key in importers else key
