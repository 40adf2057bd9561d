"""From a figure to the runs behind it: filters of the run list that say the same as the facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.ui import formats
from prm.kernel.ui.lists import Choice
from prm.kernel.ui.lists.filters import Filter, Params
from workflows.analytics.queries import AGES
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
AGED = (
    ("age0", _("On their way for under a day")),
    ("age1", _("On their way for 1 to 3 days")),
    ("age2", _("On their way for 3 to 7 days")),
    ("age3", _("On their way for 7 to 30 days")),
    ("age4", _("On their way for over 30 days")),
)


class Figure(Choice):
    """The runs that one figure of the analytics page counts."""

    def __init__(self) -> None:
        super().__init__("figure", _("Figure"), options=(*FIGURES, *AGED))

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        name = value[0]
        return _of_age(int(name[3:]), formats.now(request)) if name.startswith("age") else _FIGURES[name]()


class Ended(Filter):
    """The runs that ended with this result."""

    template = "workflows/passed_filter.html"

    def __init__(self) -> None:
        super().__init__("result", _("Result"))

    def read(self, params: Params, request: HttpRequest) -> str | None:
        return _printable(params.get(self.key))[:60] or None

    def q(self, value: str, request: HttpRequest) -> Q:
        return Q(status="ended", result=value)

    def control(self, value: Any, request: HttpRequest) -> dict[str, Any]:
        return {**super().control(value, request), "hint": _("Result, as the workflow names it")}


@dataclass(frozen=True, slots=True)
class Story:
    """Something that happened in a run, on these days (both included) where they are given."""

    text: str
    first: date | None = None
    last: date | None = None

    def within(self, request: HttpRequest) -> Q:
        zone, when = formats.zone(request), Q()
        if self.first:
            when &= Q(at__gte=datetime.combine(self.first, time.min, tzinfo=zone))
        if self.last:
            when &= Q(at__lt=datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=zone))
        return when


class Passed(Filter):
    """The runs in which something happened: `block` or `block=outcome` (they went through it), `incident:block`,
    `here:block` (they wait there now), `asked:role,@block` (that role, or in that block somebody by name, answered).
    """

    template = "workflows/passed_filter.html"
    suffixes = ("", "_from", "_to")

    def __init__(self) -> None:
        super().__init__("passed", _("Went through"))

    def read(self, params: Params, request: HttpRequest) -> Story | None:
        text = _printable(params.get(self.key))[:400]
        first, last = (_day(params.get(f"{self.key}{end}")) for end in self.suffixes[1:])
        return Story(text, first, last) if text else None

    def q(self, value: Story, request: HttpRequest) -> Q:
        kind, _colon, what = value.text.partition(":")
        return _STORIES.get(kind, _went)(what if kind in _STORIES else value.text, value.within(request))

    def words(self, value: Story, request: HttpRequest) -> str:
        days = [formats.day(day) if day else "…" for day in (value.first, value.last)]
        return f"{value.text}, {' – '.join(days)}" if value.first or value.last else value.text

    def control(self, value: Story | None, request: HttpRequest) -> dict[str, Any]:
        text = value.text if value else ""
        return {**super().control(text, request), "hint": _("Block, or block=outcome")}


def _went(what: str, within: Q) -> Q:
    block, _equals, outcome = what.partition("=")
    events = _events().filter(within, block=block, kind__in=["step", "branch", "arrived"])
    return Q(Exists(events.filter(value=outcome) if outcome else events))


def _had_incident(block: str, within: Q) -> Q:
    return Q(Exists(_events().filter(within, kind="incident", block=block)))


def _stands_at(block: str, within: Q) -> Q:
    """Its last wait in the block is not over (queries.standing_at counts the same)."""
    over = RunEvent.objects.filter(
        Q(kind="step", block=OuterRef("block")) | Q(kind="cancelled_branch"), run=OuterRef("run"), id__gt=OuterRef("id")
    )
    waits = _events().filter(~Exists(over), kind="waiting", block=block)
    return Q(Exists(waits), status="running")


def _asked(whom: str, within: Q) -> Q:
    """A question was answered that these roles, or in these blocks somebody by name, had been asked."""
    named = {one for one in whom.split(",") if one}
    blocks = [one[1:] for one in named if one.startswith("@")]
    before = RunEvent.objects.filter(
        run=OuterRef("run"), block=OuterRef("block"), kind="waiting", id__lt=OuterRef("id")
    ).order_by("-id")
    asked = before.annotate(asked=KeyTextTransform("role", "detail")).values("asked")[:1]
    role = Coalesce(Subquery(asked), Value(""), output_field=TextField())
    answers = _events().filter(within, Exists(before), kind="step", block_type="approval").annotate(role=role)
    return Q(Exists(answers.filter(Q(role__in=named - {""}) | Q(role="", block__in=blocks))))


def _of_age(number: int, now: datetime) -> Q:
    """On their way for so long: the ages of queries.AGES."""
    found = Q(status="running")
    if number < len(AGES):
        found &= Q(started_at__gt=now - AGES[number])
    return found & Q(started_at__lte=now - AGES[number - 1]) if number else found


def _printable(values: "Sequence[str] | None") -> str:
    return "".join(char for char in (values or [""])[-1] if char.isprintable()).strip()


def _day(values: "Sequence[str] | None") -> date | None:
    try:
        day = date.fromisoformat((values or [""])[-1])
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


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
_STORIES: dict[str, Callable[[str, Q], Q]] = {"incident": _had_incident, "here": _stands_at, "asked": _asked}
