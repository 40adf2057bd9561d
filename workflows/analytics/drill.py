"""From a figure to the runs behind it: filters of the run list that say the same as the facts."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.ui.lists import Choice
from prm.kernel.ui.lists.filters import Filter, Params
from workflows.models import RunEvent

HUMAN = Q(block_type="approval") | Q(kind__in=["vote", "retry", "incident", "incident_resolved"])
FIGURES = (
    ("open", _("On their way")),
    ("completed", _("Completed")),
    ("cancelled", _("Ended early")),
    ("touchless", _("Touchless")),
    ("touched", _("Touched by somebody")),
    ("exception", _("With an incident")),
    ("in_time", _("In time")),
    ("late", _("Late")),
)


class Figure(Choice):
    """The runs that one figure of the analytics page counts."""

    def __init__(self) -> None:
        super().__init__("figure", _("Figure"), options=FIGURES)

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return _FIGURES[value[0]]()


class Passed(Filter):
    """The runs that went through a block: `block`, or `block=outcome`."""

    template = "workflows/passed_filter.html"

    def __init__(self) -> None:
        super().__init__("passed", _("Went through"))

    def read(self, params: Params, request: HttpRequest) -> str | None:
        return (params.get(self.key) or [""])[-1].strip()[:130] or None

    def q(self, value: str, request: HttpRequest) -> Q:
        block, _equals, outcome = value.partition("=")
        events = _events().filter(block=block, kind__in=["step", "branch", "arrived"])
        return Q(Exists(events.filter(value=outcome) if outcome else events))


def _events() -> "QuerySet[RunEvent]":
    return RunEvent.objects.filter(run=OuterRef("pk")).order_by()


def _completed(*more: Q) -> Q:
    found = Q(status="ended")
    for one in more:
        found &= one
    return found


def _promise(kept: bool) -> Q:
    """Ended runs with a clock that was in time, or was not. What waits for the partner is neither."""
    moves = _events().filter(kind="step", block_type__startswith="sla_").exclude(value="unchanged")
    later = RunEvent.objects.filter(
        run=OuterRef("run"), kind="step", block_type__startswith="sla_", id__gt=OuterRef("id")
    ).exclude(value="unchanged")
    paused = Exists(moves.filter(~Exists(later), block_type="sla_pause"))
    broken = Exists(_events().filter(Q(kind="sla_breached") | Q(kind="step", block_type="sla_stop", value="late")))
    return _completed(Q(Exists(moves.filter(block_type="sla_start"))), ~Q(paused), ~Q(broken) if kept else Q(broken))


_FIGURES: dict[str, Any] = {
    "open": lambda: Q(status="running"),
    "completed": _completed,
    "cancelled": lambda: Q(status="cancelled"),
    "touchless": lambda: _completed(~Q(Exists(_events().filter(HUMAN)))),
    "touched": lambda: _completed(Q(Exists(_events().filter(HUMAN)))),
    "exception": lambda: _completed(Q(Exists(_events().filter(kind="incident")))),
    "in_time": lambda: _promise(True),
    "late": lambda: _promise(False),
}
