"""What becomes of registrations, and how fast they are answered: by month of submission, partner, region."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from babel import dates
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg.reports.filters import APPROVED, DECIDED, IN_CONFLICT, REJECTED, WON
from dealreg.reports.lists import CohortDeals
from prm.kernel.ui import formats
from prm.kernel.ui.exports import Head, Table

MONTHS = 12
PER_PAGE = 25
WAIT: Any = ExpressionWrapper(F("decided_at") - F("submitted_at"), output_field=DurationField())
BY: dict[str, tuple[Any, str, str, Any]] = {
    "month": (gettext_lazy("Month"), "month", "month", ""),
    "partner": (gettext_lazy("Partner"), "partner_id", "partner__name", ""),
    "region": (gettext_lazy("Region"), "territory_id", "territory__name", gettext_lazy("No region")),
    "cam": (gettext_lazy("Channel manager"), "owner_cam_id", "owner_cam__name", gettext_lazy("Nobody")),
}


class Median(Aggregate):
    """The middle of what was measured, between two where there is no one middle."""

    name = "median"
    template = "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


class NinetyFifth(Aggregate):
    """95 of 100 are no longer than this."""

    name = "ninety_fifth"
    template = "PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


MEASURES: dict[str, Any] = {
    "registered": Count("pk"),
    "decided": Count("pk", filter=DECIDED),
    "approved": Count("pk", filter=APPROVED),
    "rejected": Count("pk", filter=REJECTED),
    "won": Count("pk", filter=WON),
    "conflicts": Count("pk", filter=IN_CONFLICT),
    "median": Median(WAIT, filter=DECIDED),
    "p95": NinetyFifth(WAIT, filter=DECIDED),
}


@dataclass(slots=True)
class Line:
    """The figures of one group, or of all."""

    key: str
    label: str
    registered: int = 0
    decided: int = 0
    approved: int = 0
    rejected: int = 0
    won: int = 0
    conflicts: int = 0
    median: timedelta | None = None
    p95: timedelta | None = None
    first: date | None = None

    @property
    def approval_rate(self) -> float | None:
        return _share(self.approved, self.decided)

    @property
    def win_rate(self) -> float | None:
        return _share(self.won, self.approved)

    @property
    def conflict_rate(self) -> float | None:
        return _share(self.conflicts, self.registered)

    @property
    def median_hours(self) -> float | None:
        return _hours(self.median)

    @property
    def p95_hours(self) -> float | None:
        return _hours(self.p95)


class Outcomes:
    """The figures over what a list's filters leave; without a period chosen, of the last twelve months."""

    def __init__(self, rows: CohortDeals, deals_url: str) -> None:
        self.list, self.deals_url = rows, deals_url
        self.by = rows.params.get("by") if rows.params.get("by") in BY else "month"
        self.zone = formats.zone(rows.request)
        self.today = formats.now(rows.request).astimezone(self.zone).date()
        self.first, self.last = self._period()

    def _period(self) -> tuple[date, date]:
        value = self.list.wanted.get("submitted_at")
        one = next(one for one in self.list.filters if one.key == "submitted_at")
        first, last = one.days(value, self.list.request) if value else (None, None)  # type: ignore[attr-defined]
        last = last or self.today
        return first or _months_before(last, MONTHS - 1), last

    def _within(self, first: date, last: date) -> "QuerySet[Any]":
        bounds = [datetime(day.year, day.month, day.day, tzinfo=self.zone) for day in (first, last + timedelta(days=1))]
        return self.list.without("submitted_at").filter(submitted_at__gte=bounds[0], submitted_at__lt=bounds[1])

    @cached_property
    def _rows(self) -> "QuerySet[Any]":
        return self._within(self.first, self.last).order_by()

    @cached_property
    def total(self) -> Line:
        return Line("", _("All"), **self._rows.aggregate(**MEASURES))

    @cached_property
    def before(self) -> Line:
        """The same number of days just before."""
        days = (self.last - self.first).days + 1
        earlier = self._within(self.first - timedelta(days=days), self.first - timedelta(days=1))
        return Line("", "", **earlier.order_by().aggregate(**MEASURES))

    @cached_property
    def months(self) -> list[Line]:
        return self._lines("month")

    @cached_property
    def lines(self) -> list[Line]:
        """The groups that the reader chose, the oldest month or the most registrations first."""
        return self.months if self.by == "month" else self._lines(str(self.by))

    def _lines(self, by: str) -> list[Line]:
        _label, path, name, none = BY[by]
        rows = self._rows.annotate(month=TruncMonth("submitted_at", tzinfo=self.zone)) if by == "month" else self._rows
        groups = rows.annotate(row_key=F(path), row_name=F(name)).values("row_key", "row_name").annotate(**MEASURES)
        found = [self._line(by, dict(group), none) for group in groups]
        if by == "month":
            return sorted(found, key=lambda line: line.first or date.min)
        return sorted(found, key=lambda line: (-line.registered, line.label.casefold()))

    def _line(self, by: str, group: dict[str, Any], none: Any) -> Line:
        key, name = group.pop("row_key"), group.pop("row_name")
        if by == "month":
            day = key.astimezone(self.zone).date()
            return Line(day.isoformat(), _month(day), first=day, **group)
        return Line(str(key) if key else "none", str(name or none), **group)

    def link(self, line: Line, outcome: str | None = None) -> str:
        """The deals behind a figure."""
        first, last = self.first, self.last
        changes: dict[str, Any] = {"by": None, "page": None, "submitted_at": None, "outcome": outcome}
        if line.first is not None:
            first, last = max(first, line.first), min(last, _months_before(line.first, -1) - timedelta(days=1))
        elif line.key:
            changes[str(self.by)] = line.key
        changes |= {"submitted_at_from": first.isoformat(), "submitted_at_to": last.isoformat()}
        return f"{self.deals_url}?{self.list.query(**changes)}"

    def trend(self, name: str) -> float | None:
        """By how much a rate moved against the stretch before, in hundredths of the whole."""
        now, before = getattr(self.total, name), getattr(self.before, name)
        return None if now is None or before is None else now - before

    def turned(self, **changes: Any) -> str:
        return f"{self.list.request.path}?{self.list.query(**{'page': None, **changes})}"

    @cached_property
    def page_number(self) -> int:
        asked = self.list.params.get("page", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
        return max(1, min(number, self.pages))

    @property
    def pages(self) -> int:
        return -(-len(self.lines) // PER_PAGE) or 1

    @property
    def shown(self) -> list[dict[str, Any]]:
        begin = (self.page_number - 1) * PER_PAGE
        return [self._linked(line) for line in self.lines[begin : begin + PER_PAGE]]

    @property
    def foot(self) -> dict[str, Any]:
        return self._linked(self.total)

    def _linked(self, line: Line) -> dict[str, Any]:
        urls = {name: self.link(line, name) for name in ("decided", "approved", "rejected", "won", "conflict")}
        return {"line": line, "registered": self.link(line), **urls}

    def table(self) -> Table:
        heads = [
            Head(str(BY[str(self.by)][0])),
            Head(_("Registered"), "number"),
            Head(_("Decided"), "number"),
            Head(_("Approved"), "number"),
            Head(_("Declined"), "number"),
            Head(_("Won"), "number"),
            Head(_("In conflict"), "number"),
            Head(_("Approval rate"), "percent"),
            Head(_("Win rate"), "percent"),
            Head(_("Conflict rate"), "percent"),
            Head(_("Median hours"), "number"),
            Head(_("95 of 100 within hours"), "number"),
        ]
        rows = [
            [
                line.label, line.registered, line.decided, line.approved, line.rejected, line.won, line.conflicts,
                line.approval_rate, line.win_rate, line.conflict_rate, line.median_hours, line.p95_hours,
            ]
            for line in (*self.lines, self.total)
        ]  # fmt: skip
        return Table.of("outcomes", _("What became of registrations"), heads, rows)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _hours(wait: timedelta | None) -> float | None:
    return None if wait is None else round(wait.total_seconds() / 3600, 2)


def _months_before(day: date, count: int) -> date:
    """The first of the month so many months before that of `day`."""
    years, month = divmod(day.month - 1 - count, 12)
    return date(day.year + years, month + 1, 1)


def _month(day: date) -> str:
    return str(dates.format_skeleton("yMMM", day, locale=formats.locale()))
