"""/styleguide: every token and component with its states, on made-up facts; no tenant's data is near."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.ui import branding
from prm.kernel.ui.context import Shell
from prm.kernel.ui.inputs import DayInput
from prm.kernel.ui.lists.base import Empty, List, View
from prm.kernel.ui.lists.bulk import BulkAction
from prm.kernel.ui.lists.columns import Column
from prm.kernel.ui.lists.filters import Choice, Filter, Period, Search
from prm.kernel.ui.lists.paging import Slice
from prm.kernel.ui.navigation import Group, Link
from prm.kernel.ui.states import register_states

NOW = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
PARTS = {
    "tokens": "palette",
    "type": "file-text",
    "buttons": "hand",
    "chips": "tag",
    "forms": "square-pen",
    "feedback": "message-square",
    "overlays": "layers",
    "figures": "gauge",
    "charts": "chart-column",
    "list": "list",
    "record": "file-check",
    "empty": "inbox",
}
register_states(
    "sample",
    {
        "approved": ("good", gettext_lazy("Protected")),
        "in_review": ("info", gettext_lazy("With the deal desk")),
        "action_required": ("warn", gettext_lazy("Needs your answer")),
        "rejected": ("bad", gettext_lazy("Declined")),
        "draft": ("neutral", gettext_lazy("Draft")),
    },
)


def show(request: HttpRequest) -> HttpResponse:
    """The guide, in the demo, while developing, and for whoever is signed in."""
    if not (settings.DEBUG or getattr(settings, "DEMO", False) or request.user.is_authenticated):
        raise Http404
    request.now = NOW  # type: ignore[attr-defined]
    shell = SampleShell(request)
    context = {
        "shell": shell,
        "parts": PARTS,
        "list": SampleList(request).page(),
        "nothing": EmptyList(request).page(),
        "tones": ("good", "warn", "bad", "info", "neutral", "brand"),
        "palettes": [_sample(c) for c in COLOURS],
        "form": _form(),
        "decision": DECISION,
        "now": NOW,
        **_times(),
        **_figures(),
        "states": ("approved", "in_review", "action_required", "rejected", "draft"),
    }
    return render(request, "ui/styleguide.html", context)


COLOURS = ("#2f5bea", "#0f7b6c", "#e5484d", "#f5b800")


def _sample(colour: str) -> branding.Palette:
    return branding.palette(colour)


class SampleShell(Shell):
    """The console's frame with the guide's parts as its pages."""

    audience = "console"
    name = "Nordlicht Software"
    tenant = None
    impersonator = None
    looks_only = False

    @cached_property
    def nav(self) -> list[Group]:
        links = [
            Link(
                part.capitalize(), f"/styleguide#{part}", icon, part == "tokens", 12 if part == "list" else None, False
            )
            for part, icon in PARTS.items()
        ]
        return [Group("top", "", tuple(links[:2])), Group("deals", _("Components"), tuple(links[2:]))]


class SampleForm(forms.Form):
    customer = forms.CharField(
        label=gettext_lazy("Customer"), help_text=gettext_lazy("The company that will buy, by its full name.")
    )
    amount = forms.DecimalField(label=gettext_lazy("Amount"))
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    product = forms.ChoiceField(
        label=gettext_lazy("Product"), choices=[("", gettext_lazy("Choose…")), ("a", "Atlas"), ("b", "Beacon")]
    )
    closes_on = forms.DateField(label=gettext_lazy("Expected close"), widget=DayInput(), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    urgency = forms.ChoiceField(
        label=gettext_lazy("Urgency"),
        widget=forms.RadioSelect,
        choices=[("n", gettext_lazy("Normal")), ("h", gettext_lazy("High"))],
    )
    agree = forms.BooleanField(
        label=gettext_lazy("I have spoken with the customer"),
        help_text=gettext_lazy("We may ask for the name of your contact."),
    )


def _form() -> SampleForm:
    form = SampleForm(
        {
            "customer": "Brückner Maschinenbau GmbH & Co. KG",
            "amount": "48000",
            "email": "anna@",
            "product": "a",
            "urgency": "n",
            "agree": "on",
        }
    )
    form.is_valid()
    return form


DECISION = Decision(
    rule="deal-approval/3",
    outcome="review",
    allowed=False,
    reasons=(
        Reason(
            "deal.amount_above_approver_limit",
            "The amount is above what one approver may decide.",
            "vendor",
        ),
        Reason("deal.needs_certificate", "Your team has no valid Atlas certificate.", "both"),
    ),
    checks=(
        Check("Amount ≤ €40,000", False, "€48,000"),
        Check("Territory is DACH", True, "DACH"),
        Check("Partner is active", True, "active"),
    ),
    nearest="An amount of €40,000 or less would have been approved.",
)


def _times() -> dict[str, Any]:
    return {
        "soon": NOW + timedelta(hours=2, minutes=10),
        "later": NOW + timedelta(days=2, hours=3),
        "late": NOW - timedelta(hours=5),
        "past": NOW - timedelta(minutes=40),
        "protected_until": date(2027, 2, 19),
        "share": Decimal("0.425"),
    }


def _figures() -> dict[str, Any]:
    months = ("Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
    return {
        "rows": [
            (_("Partner"), "Birch IT"),
            (_("Amount"), Decimal("48000"), {"kind": "money", "currency": "EUR"}),
            (_("Status"), "in_review", {"kind": "status", "states": "sample"}),
            (_("Owner"), "Cam Weber", {"kind": "person"}),
            (_("Submitted"), NOW - timedelta(days=1), {"kind": "when"}),
            (_("Certificate"), None),
        ],
        "story": [
            {
                "at": NOW - timedelta(minutes=40),
                "title": _("Sent to a person"),
                "text": _("The amount is above what rules may approve."),
                "actor": _("Deal registration, version 4"),
                "icon": "git-branch",
                "tone": "info",
            },
            {
                "at": NOW - timedelta(minutes=41),
                "title": _("Conflict check: clear"),
                "actor": _("Deal registration, version 4"),
                "icon": "check",
                "tone": "good",
            },
            {
                "at": NOW - timedelta(hours=1),
                "title": _("Registered"),
                "text": _("Replacement of the plant's planning system."),
                "actor": "Bo Berg, Birch IT",
                "icon": "file-plus",
            },
        ],
        "pairs": [
            (_("Name"), "Brückner Maschinenbau GmbH & Co. KG", "Brueckner Maschinenbau"),
            (_("City"), "Siegsdorf", "Siegsdorf"),
            (_("Website"), "brueckner.example", "brueckner.example"),
            (_("Product"), "Atlas", "Beacon"),
        ],
        "bars": [
            ("Birch IT", 42),
            ("Cedar Systems", 31),
            ("Donaudampfschifffahrtsgesellschaft", 17, "warn"),
            ("Elm", 6),
        ],
        "points": list(zip(months, (12, 18, 16, 24, 31, 38), strict=True)),
        "pulse": [3, 5, 4, 8, 6, 9, 12],
        "comments": [
            {
                "author": "Olivia Brandt",
                "at": NOW - timedelta(minutes=30),
                "text": _("Please check with Cam first."),
                "internal": True,
            },
            {"author": "Bo Berg", "at": NOW - timedelta(minutes=12), "text": _("The customer decides in January.")},
        ],
        "files": [
            {
                "name": "Angebot_Brückner_2026.pdf",
                "url": "#",
                "size": 184_320,
                "by": "Bo Berg",
                "at": NOW - timedelta(days=1),
            }
        ],
        "tabs": [
            {"label": _("Overview"), "url": "/styleguide", "current": True},
            {"label": _("Deals"), "url": "#list", "count": 12},
            {"label": _("People"), "url": "#", "count": 4},
        ],
    }


@dataclass
class SampleDeal:
    pk: UUID
    name: str
    partner: str
    amount: Decimal
    status: str
    owner: str
    due_at: datetime | None
    submitted_at: datetime

    def __str__(self) -> str:
        return self.name


DEALS = [
    SampleDeal(
        UUID(int=index + 1), name, partner, Decimal(amount), status, owner, due, NOW - timedelta(hours=7 * index + 1)
    )
    for index, (name, partner, amount, status, owner, due) in enumerate(
        (
            (
                "Brückner Maschinenbau GmbH & Co. KG",
                "Birch IT",
                "48000",
                "in_review",
                "Cam Weber",
                NOW + timedelta(hours=2),
            ),
            (
                "Stadtwerke Rosenheim",
                "Cedar Systems",
                "128500.50",
                "action_required",
                "Cam Weber",
                NOW + timedelta(days=2),
            ),
            ("Al-Noor Trading شركة النور", "Elm", "9200", "approved", "Mia Sommer", None),
            ("Øresund Logistik A/S", "Birch IT", "31000", "approved", "Mia Sommer", None),
            (
                "Rheinmetall-Zulieferer Verwaltungsgesellschaft mbH",
                "Donaudampfschifffahrtsgesellschaft",
                "250000",
                "in_review",
                "",
                NOW - timedelta(hours=5),
            ),
            ("Kyoto Instruments", "Elm", "15750", "rejected", "Olivia Brandt", None),
            ("Fjord Energi", "Cedar Systems", "64000", "draft", "", None),
        )
    )
]


class SampleList(List):
    """The list component over rows that are no database's."""

    key = "sample"
    title = gettext_lazy("Deals")
    noun = (gettext_lazy("deal"), gettext_lazy("deals"))
    columns = (
        Column("name", gettext_lazy("Customer"), sort="name", link=lambda deal: "#list", sub=lambda deal: deal.partner),
        Column("status", gettext_lazy("Status"), kind="status", states="sample", sort="status"),
        Column("amount", gettext_lazy("Amount"), kind="money", sort="amount"),
        Column("owner", gettext_lazy("Owner"), kind="person", sort="owner"),
        Column("due_at", gettext_lazy("Answer due"), kind="sla"),
        Column("submitted_at", gettext_lazy("Submitted"), kind="when", sort="submitted_at", style="relative"),
    )
    filters: Sequence[Filter] = (
        Search("name"),
        Choice(
            "status",
            gettext_lazy("Status"),
            options=[("in_review", gettext_lazy("With the deal desk")), ("approved", gettext_lazy("Protected"))],
            many=True,
        ),
        Period("submitted_at", gettext_lazy("Submitted")),
    )
    views: Sequence[View] = (View("mine", gettext_lazy("Mine")), View("late", gettext_lazy("Late")))
    bulk = (BulkAction("approve", gettext_lazy("Approve"), run=lambda request, rows: None),)
    default_sort = "-submitted_at"
    deals = DEALS

    @cached_property
    def slice(self) -> Slice:
        return Slice(self.deals, "next" if self.deals else None, None)

    @cached_property
    def counts(self) -> dict[str, int]:
        return {"shown": len(self.deals), "everything": len(self.deals), "view_mine": 2, "view_late": 1}


class EmptyList(SampleList):
    key = "nothing"
    views: Sequence[View] = ()
    filters: Sequence[Filter] = ()
    deals: list[SampleDeal] = []
    empty = Empty(
        gettext_lazy("No deals yet"),
        gettext_lazy("A registered deal is protected from other partners. Register the first one; it takes a minute."),
        action=gettext_lazy("Register a deal"),
        url_name="ui:styleguide",
        icon="file-plus",
    )
