"""The audit on the one list component: who did what to what, and what was refused."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.kernel.audit.areas import areas
from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.records import known_types, url_of
from prm.kernel.audit.search import Beginnings, begins
from prm.kernel.audit.words import word_of
from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.ui.lists import Choice, Column, Empty, Flag, List, Period, View

MOST = 10_000  # rows are counted so far
KINDS = (
    ("person", _("A person")),
    ("workflow", _("A workflow")),
    ("token", _("A program with a key")),
    ("system", _("The system")),
)


class Area(Choice):
    """Actions that begin alike."""

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(*(begins("action", f"{prefix}.") for prefix in value), _connector=Q.OR)


def who(entry: AuditEntry) -> str:
    """The actor; with the person behind it when somebody was viewing as another."""
    return f"{entry.actor_name} ({entry.impersonator})" if entry.impersonator else entry.actor_name


class Entries(List):
    key = "audit"
    most = MOST
    title = _("Audit")
    noun = (_("entry"), _("entries"))
    default_sort = "-at"
    columns = (
        Column(
            "action",
            _("Action"),
            value=lambda entry: word_of(entry.action),
            sort="action",
            link=lambda entry: reverse("audit:entry", args=[entry.pk]),
            sub=lambda entry: entry.action,
        ),
        Column("target_name", _("About"), link=lambda entry: url_of(entry.target_type, entry.target_id)),
        Column("actor_name", _("Who"), value=who, kind="person", sort="actor_name"),
        Column("at", _("When"), kind="when", sort="at", style="full"),
        Column("outcome", _("Decision"), value=lambda entry: entry.decision and outcome_word(entry.decision.outcome)),
        Column("key", _("Action's key"), value="action", kind="code", optional=True),
        Column("target_type", _("Kind"), kind="code", optional=True),
        Column("cause", _("Cause"), kind="code", optional=True),
        Column("request_id", _("Request"), kind="code", optional=True),
    )
    filters = (
        Beginnings(),
        Area("area", _("Area"), options=lambda request: areas(), many=True),
        Choice("by", _("Done by"), options=KINDS, many=True, field="actor_kind"),
        Choice("about", _("Kind"), options=lambda request: known_types(), many=True, field="target_type"),
        Flag("allowed", _("Allowed"), field="decision__allowed"),
        Period("at", _("When")),
    )
    views = (
        View("people", _("By people"), {"by": ["person"]}),
        View("refused", _("Refused"), {"allowed": ["no"]}),
        View("settings", _("Settings and rules"), {"area": ["configuration", "rules", "workflow", "branding"]}),
        View("access", _("Access"), {"area": ["access", "membership", "person", "invitation", "token"]}),
    )
    empty = Empty(_("Nothing has happened yet"), _("Every action leaves one entry here that nobody can change."))

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return AuditEntry.objects.select_related("decision")

    @cached_property
    def counts(self) -> dict[str, int]:
        """Counts up to a limit: an audit has no end, and nobody pages through more."""
        asked = {"shown": self._q(self.view, self.wanted), "everything": Q()}
        asked |= {f"view_{view.key}": self._q(view, {}) for view in self.views}
        asked |= {f"saved_{view.pk.hex}": self._saved_q(view) for view in self.saved}
        return {name: AuditEntry.objects.filter(q)[:MOST].count() for name, q in asked.items()}
