"""What the analytics page shows: the choice of time and versions, and every figure with the runs behind it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.kernel.identity import roles
from prm.kernel.ui import formats
from workflows.analytics import queries
from workflows.analytics.figures import Figures, Spread, Week
from workflows.definition import BrokenDefinition, Line, outline
from workflows.definition.drawing import Drawing, drawing_of
from workflows.models import Workflow, WorkflowVersion
from workflows.templatetags import analytics as analytics_tags

PRESETS = (30, 90, 365)
USUAL = 90
FURTHEST = 3660  # days
ENDS = ("started", "ended")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which days (both included, in the reader's zone) and which versions. What makes no sense is left out."""

    first: date
    last: date
    zone: tzinfo
    version: int | None = None
    heat: str = "visits"

    @classmethod
    def of(cls, request: HttpRequest) -> "Choice":
        zone = formats.zone(request)
        today = formats.now(request).astimezone(zone).date()
        last = _day(request.GET.get("until", "")) or today
        days = _number(request.GET.get("days", "")) or USUAL
        first = _day(request.GET.get("since", "")) or last - timedelta(days=min(days, FURTHEST) - 1)
        if first > last:
            first, last = last, first
        first = max(first, last - timedelta(days=FURTHEST))
        heat = "time" if request.GET.get("heat") == "time" else "visits"
        return cls(first, last, zone, _number(request.GET.get("version", "")), heat)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(0), tzinfo=self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=self.zone)

    def query(self, **changes: Any) -> str:
        """The choice as a query string, with changes."""
        kept = {"since": self.first.isoformat(), "until": self.last.isoformat(), "version": self.version}
        kept |= {"heat": self.heat if self.heat != "visits" else None} | changes
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 99_999 else None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One line of the outline with what happened there."""

    line: Line
    visits: int
    heat: int  # 0 cold to 5 hot
    width: float  # of its bar, in percent
    dwelling: Spread
    standing: int
    incidents: int
    url: str
    here: str  # the runs that stand there now
    troubled: str  # those with an incident there


class Page:
    """One look at a workflow."""

    def __init__(self, request: HttpRequest, workflow: Workflow) -> None:
        self.request, self.workflow, self.choice = request, workflow, Choice.of(request)

    @cached_property
    def versions(self) -> list[WorkflowVersion]:
        return queries.versions_of(self.workflow.pk)

    @cached_property
    def chosen(self) -> list[WorkflowVersion]:
        """The version that was asked for, else all of them."""
        found = [version for version in self.versions if version.number == self.choice.version]
        return found or self.versions

    @property
    def one(self) -> WorkflowVersion | None:
        """The version whose tree is drawn: the one asked for, else the newest."""
        return self.chosen[0] if self.chosen else None

    @property
    def is_all(self) -> bool:
        return len(self.chosen) == len(self.versions) and len(self.versions) != 1

    @cached_property
    def _facts(self) -> list[Any]:
        """Of all versions, so that one question serves the page and the comparison."""
        ids = [version.pk for version in self.versions]
        return queries.facts_of(ids, self.choice.since, self.choice.until, str(self.choice.zone))

    def figures_of(self, versions: list[WorkflowVersion]) -> Figures:
        ids = {version.pk for version in versions}
        facts = [fact for fact in self._facts if fact.version_id in ids]
        return Figures(facts, minutes_by_hand=self.workflow.minutes_by_hand)

    @cached_property
    def figures(self) -> Figures:
        return self.figures_of(self.chosen)

    @cached_property
    def open(self) -> queries.Standing:
        return queries.open_runs([version.pk for version in self.chosen], formats.now(self.request))

    @cached_property
    def ages(self) -> list[tuple[str, int, str, str]]:
        words = (_("under a day"), _("1 to 3 days"), _("3 to 7 days"), _("7 to 30 days"), _("over 30 days"))
        pairs = enumerate(zip(words, self.open.ages, strict=True))
        return [(word, count, "", self.runs(of="", figure=f"age{number}")) for number, (word, count) in pairs]

    @cached_property
    def results(self) -> list[tuple[str, int, str, str]]:
        """How runs ended, with those that did."""
        return [(result, count, "", self.runs(result=result)) for result, count in self.figures.results]

    @cached_property
    def compared(self) -> list[tuple[WorkflowVersion, Figures]]:
        """Versions side by side, the newest first; those without a run in this time are left out."""
        pairs = [(version, self.figures_of([version])) for version in self.versions]
        return [(version, figures) for version, figures in pairs if figures.started or figures.completed][:6]

    @property
    def oldest_age(self) -> str:
        since = self.open.oldest
        return formats.span(formats.now(self.request) - since) if since else ""

    @property
    def query_visits(self) -> str:
        return self.choice.query(heat=None)

    @property
    def query_time(self) -> str:
        return self.choice.query(heat="time")

    @cached_property
    def comparison(self) -> list[tuple[str, list[tuple[Any, str]]]]:
        """The figures that tell versions apart, a row each, every one with the runs behind it."""
        shares, times = analytics_tags.share, analytics_tags.lasting
        rows: tuple[tuple[str, str, Callable[[Figures], Any]], ...] = (
            (_("Started"), "started", lambda one: formats.number(one.started)),
            (_("Completed"), "completed", lambda one: formats.number(one.completed)),
            (_("Touchless"), "touchless", lambda one: shares(one.touchless_rate)),
            (_("With an incident"), "exception", lambda one: shares(one.exception_rate)),
            (_("In time"), "in_time", lambda one: shares(one.attainment)),
            (_("Median time"), "completed", lambda one: times(one.cycle.p50)),
            (_("95 of 100 within"), "completed", lambda one: times(one.cycle.p95)),
            (_("Of that waiting"), "completed", lambda one: shares(one.waiting_share)),
            (_("From question to answer, median"), "touched", lambda one: times(one.spread("asked").p50)),
            (_("Time saved"), "touchless", lambda one: analytics_tags.minutes(one.minutes_saved)),
        )
        return [
            (label, [(of(figures), self._link(figure, version.pk)) for version, figures in self.compared])
            for label, figure, of in rows
        ]

    # --- where the time goes ----------------------------------------------------------------------

    @cached_property
    def tree(self) -> Mapping[str, Any]:
        if self.one is None:
            return {}
        return WorkflowVersion.objects.values_list("tree", flat=True).get(pk=self.one.pk) or {}

    @cached_property
    def lines(self) -> list[Line]:
        try:
            return outline(self.tree) if self.tree else []
        except (BrokenDefinition, KeyError, TypeError, AttributeError):
            return []

    @cached_property
    def heat(self) -> list[HeatRow]:
        """The outline of the tree with its heat: how often, or for how long in all."""
        standing = queries.standing_at([version.pk for version in self.chosen])
        dwelling, visits = self.figures.dwelling, self.figures.visits
        by_time = self.choice.heat == "time"
        amounts = {block: spread.seconds for block, spread in dwelling.items()} if by_time else dict(visits)
        top = max((amounts.get(line.block, 0) for line in self.lines if line.block), default=0) or 1
        return [
            HeatRow(
                line=line,
                visits=visits[line.block],
                heat=-(-5 * amounts.get(line.block, 0) // top),
                width=round(100 * amounts.get(line.block, 0) / top, 1),
                dwelling=dwelling.get(line.block, Spread()),
                standing=standing.get(line.block, 0),
                incidents=self.figures.troubles[line.block],
                url=self.happened(line.block) if line.block and visits[line.block] else "",
                here=self.runs(of="", passed=f"here:{line.block}"),
                troubled=self.happened(f"incident:{line.block}"),
            )
            for line in self.lines
        ]

    @cached_property
    def branches(self) -> list[dict[str, Any]]:
        """Every branch with its ways and how often each was taken."""
        found = []
        for item in self._items("branch", "parallel"):
            ways = self.figures.ways(item.get("id", ""))
            if not ways:
                continue
            rows = [(label, ways[key], self.happened(f"{item['id']}={key}")) for key, label in _ways(item)]
            found.append({"name": _called(item), "rows": rows, "total": sum(ways.values())})
        return found

    def _items(self, *kinds: str) -> list[Mapping[str, Any]]:
        return [item for item in _walk(self.tree.get("blocks")) if item.get("type") in kinds and item.get("id")]

    # --- who -------------------------------------------------------------------------------------

    @cached_property
    def by_role(self) -> list[tuple[str, Spread, str]]:
        assigned = {item["id"]: (item.get("assign") or {}).get("kind") for item in self._items("approval")}
        whom: dict[str, set[str]] = defaultdict(set)

        def naming(block: str, role: str) -> str:
            name = _asked(role, assigned.get(block))
            whom[name].add(role or f"@{block}")
            return name

        found = self.figures.by_role(naming)
        return [(name, spread, self.happened("asked:" + ",".join(sorted(whom[name])))) for name, spread in found]

    # --- the runs behind a figure -------------------------------------------------------------------

    def runs(self, *, of: str = "ended", **filters: Any) -> str:
        """The run list, narrowed to what a figure counts: runs that ended (or began) in this time."""
        period = {f"{of}_at_from": self.choice.first.isoformat(), f"{of}_at_to": self.choice.last.isoformat()}
        kept = {"workflow": self.workflow.pk, **(period if of else {}), **filters}
        if not self.is_all and self.one is not None:
            kept.setdefault("version", self.one.pk)
        return f"{reverse('workflows:runs')}?{urlencode(kept)}"

    def happened(self, what: str) -> str:
        """The runs in which something happened in this time, whenever they began or end."""
        first, last = self.choice.first.isoformat(), self.choice.last.isoformat()
        return self.runs(of="", passed=what, passed_from=first, passed_to=last)

    def _link(self, figure: str, version: Any) -> str:
        if figure == "started":
            return self.runs(of="started", version=version)
        return self.runs(figure=figure, version=version)

    @cached_property
    def drawing(self) -> Drawing | None:
        """The tree as a diagram; None for one that can't be drawn."""
        try:
            return drawing_of(self.tree) if self.lines else None
        except (BrokenDefinition, KeyError, TypeError, AttributeError, ValueError):
            return None

    @cached_property
    def heats(self) -> dict[str, int]:
        """How hot each block is, for the diagram."""
        return {row.line.block: row.heat for row in self.heat if row.line.block}

    @cached_property
    def weeks(self) -> list[tuple[Week, str, str, str]]:
        """Each week of the trend with the runs that began, those that completed, and the touchless ones in it."""
        return [(week, *self._week(week.begins)) for week in self.figures.weeks]

    def _week(self, monday: date) -> tuple[str, str, str]:
        first, last = max(monday, self.choice.first), min(monday + timedelta(days=6), self.choice.last)
        days = {name: {f"{name}_at_from": first.isoformat(), f"{name}_at_to": last.isoformat()} for name in ENDS}
        return (
            self.runs(of="", **days["started"]),
            self.runs(of="", figure="completed", **days["ended"]),
            self.runs(of="", figure="touchless", **days["ended"]),
        )

    @cached_property
    def links(self) -> dict[str, str]:
        """The runs behind every figure of the first row."""
        ended = ("completed", "cancelled", "touchless", "touched", "exception", "in_time", "late")
        return {
            "started": self.runs(of="started"),
            "open": self.runs(of="", figure="open", sort="started_at"),
            **{name: self.runs(figure=name) for name in ended},
        }


def _walk(items: Any) -> Any:
    """Every block of a tree, whatever it nests."""
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, Mapping):
            continue
        yield item
        for case in item.get("cases") or item.get("branches") or ():
            yield from _walk(case.get("blocks"))
        yield from _walk(item.get("otherwise"))


def _ways(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    ways = [
        (str(way.get("id") or ""), str(way.get("name") or way.get("id") or ""))
        for way in item.get("cases") or item.get("branches") or ()
    ]
    return [*ways, ("otherwise", _("Otherwise"))] if item["type"] == "branch" else ways


def _called(item: Mapping[str, Any]) -> str:
    return str(item.get("name") or item.get("title") or item["id"])


def _asked(role: str, kind: str | None) -> str:
    if role:
        return str(roles.label(role))
    return _("Channel manager") if kind == "cam" else _("A person by name")
