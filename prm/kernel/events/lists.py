"""Deliveries on the one list component: what is parked comes first."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.events.bulk import RETRY, SKIP
from prm.kernel.events.models import Delivery
from prm.kernel.ui.lists import Choice, Column, Empty, List, Period, Search, View

STATES = (("parked", _("Parked")), ("pending", _("On its way")), ("skipped", _("Given up")))


class Deliveries(List):
    key = "deliveries"
    title = _("Undelivered events")
    noun = (_("delivery"), _("deliveries"))
    default_sort = "-position"
    columns = (
        Column("event", _("Event"), value=lambda d: d.event.name, link=lambda d: f"{d.pk}/"),
        Column("handler", _("For"), sort="handler"),
        Column("state", _("State"), kind="status", states="delivery", sort="state"),
        Column("attempt", _("Tries"), kind="number", sort="attempt"),
        Column("at", _("Happened"), kind="when", value=lambda d: d.event.at, sort="event__at"),
        Column("error", _("Last error"), value=lambda d: d.error.strip().rsplit("\n", 1)[-1][:120]),
    )
    filters = (
        Search("handler", "event__name"),
        Choice("state", _("State"), options=STATES, many=True),
        Period("not_before", _("Due")),
    )
    views = (
        View("parked", _("Parked"), {"state": ["parked"]}),
        View("pending", _("On their way"), {"state": ["pending"]}),
    )
    bulk = (RETRY, SKIP)
    empty = Empty(_("Everything was delivered"), _("An event that a handler could not take six times is parked here."))

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return Delivery.objects.exclude(state="done").select_related("event")
