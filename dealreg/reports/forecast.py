"""The weighted forecast: what may come, by month and by whatever the reader turns it to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from babel import dates
from django.db.models import Case, Count, DateField, F, Sum, Value, When, Window
from django.db.models.functions import Cast, RowNumber, TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg.models import PipelineStage
from dealreg.queries.worth import by_line, probabilities, rates
from dealreg.reports.lists import PipelineDeals
from prm.kernel.clock import local_date
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui import formats
from prm.kernel.ui.exports import Head, Table

PASSED, LATER = date(1, 1, 1), date(9999, 1, 1)  # the slots before and after the months
MONTHS = (6, 12)
PER_PAGE = 25
ON_A_BOARD = 8
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Pivot:
    """What the rows are: the filter that narrows to one of them, where its id and its name are found."""

    key: str
    label: Any
    path: str
    name: str
    none: Any = ""


PIVOTS = {
    "console": (
        Pivot("partner", gettext_lazy("Partner"), "partner_id", "partner__name"),
        Pivot("region", gettext_lazy("Region"), "territory_id", "territory__name", gettext_lazy("No region")),
        Pivot("cam", gettext_lazy("Channel manager"), "owner_cam_id", "owner_cam__name", gettext_lazy("Nobody")),
        Pivot("line", gettext_lazy("Product line"), "product_line_id", "product_line__name"),
        Pivot("stage", gettext_lazy("Stage"), "pipeline_stage", "pipeline_stage"),
    ),
    "portal": (
        Pivot("stage", gettext_lazy("Stage"), "pipeline_stage", "pipeline_stage"),
        Pivot("line", gettext_lazy("Product line"), "product_line_id", "product_line__name"),
        Pivot("owner", gettext_lazy("Registered by"), "submitted_by_id", "submitted_by__name", gettext_lazy("Nobody")),
    ),
}
FIGURES = (("likely", gettext_lazy("Weighted")), ("worth", gettext_lazy("Value")), ("deals", gettext_lazy("Deals")))


@dataclass(slots=True)
class Sum3:
    """Deals, what they are worth, and what of it is likely to come."""

    deals: int = 0
    worth: Decimal = Decimal(0)
    likely: Decimal = Decimal(0)
    url: str = ""

    def add(self, deals: int, worth: Decimal, likely: Decimal) -> None:
        self.deals, self.worth, self.likely = self.deals + deals, self.worth + worth, self.likely + likely


@dataclass(slots=True)
class Row:
    key: str
    label: str
    slots: dict[date, Sum3] = field(default_factory=dict)
    total: Sum3 = field(default_factory=Sum3)
    cells: list[Sum3] = field(default_factory=list)


class Forecast:
    """The forecast over the rows that a list's filters leave. `audience` is console or portal."""

    def __init__(self, rows: PipelineDeals, audience: str, deals_url: str) -> None:
        self.list, self.deals_url, self.pivots = rows, deals_url, PIVOTS[audience]
        asked = rows.params
        self.pivot = next((one for one in self.pivots if one.key == asked.get("by")), self.pivots[0])
        self.months = 12 if asked.get("months") == "12" else 6
        self.figure = asked.get("figure") if asked.get("figure") in dict(FIGURES) else "likely"
        self.today = local_date(rows.request.now)  # type: ignore[attr-defined]
        self.currency = vendor_currency()

    # --- the columns --------------------------------------------------------------------------------

    @cached_property
    def slots(self) -> list[tuple[date, str, date | None, date | None]]:
        """Slot, title, first and last day: those whose day has passed, the months, what is later."""
        first = self.today.replace(day=1)
        months = [_month(first, index) for index in range(self.months + 1)]
        named = [
            (month, _name(month), max(month, self.today), after - timedelta(days=1))
            for month, after in pairwise(months)
        ]
        passed = (PASSED, _("Date passed"), None, self.today - timedelta(days=1))
        return [passed, *named, (LATER, _("Later"), months[-1], None)]

    def _slot(self, path: str) -> Any:
        """Which column a deal belongs to, in SQL."""
        return Case(
            When(**{f"{path}__lt": self.today}, then=Value(PASSED)),
            When(**{f"{path}__gte": self.slots[-1][2]}, then=Value(LATER)),
            default=Cast(TruncMonth(path), DateField()),
            output_field=DateField(),
        )

    # --- the rows -----------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[Row]:
        """One row each, what is likely to bring most first."""
        found: dict[str, Row] = {}
        for key, name, slot, deals, worth, likely in self._groups():
            known = key not in (None, "")
            row = found.setdefault(str(key) if known else NOBODY, Row(str(key) if known else NOBODY, self._named(name)))
            row.slots.setdefault(slot, Sum3()).add(deals, worth, likely)
            row.total.add(deals, worth, likely)
        for row in found.values():
            row.total.url = self._url({self.pivot.key: row.key})
            row.cells = [self._cell(row, slot) for slot in self.slots]
        return sorted(found.values(), key=lambda row: (-row.total.likely, row.label.casefold()))

    def _groups(self) -> Any:
        pivot, deals = self.pivot, self.list.filtered.filter(worth__isnull=False)
        names = ("row_key", "row_name", "slot", "n", "w", "l")
        if pivot.key == "line":
            return by_line(deals, self._slot("expected_close_on"), self.list.line)
        of = deals.annotate(slot=self._slot("expected_close_on"), row_key=F(pivot.path), row_name=F(pivot.name))
        of = of.order_by().values("row_key", "row_name", "slot")
        return of.annotate(n=Count("pk"), w=Sum("worth"), l=Sum("likely")).values_list(*names)

    def _named(self, name: Any) -> str:
        if self.pivot.key == "stage":
            return str(PipelineStage(name).label)
        return str(name or self.pivot.none)

    def _cell(self, row: Row, slot: tuple[date, str, date | None, date | None]) -> Sum3:
        cell = row.slots.get(slot[0], Sum3())
        if cell.deals:
            cell.url = self._url({self.pivot.key: row.key}, slot)
        return cell

    @cached_property
    def columns(self) -> list[Sum3]:
        """The totals under the columns."""
        totals = []
        for index, slot in enumerate(self.slots):
            total = Sum3(url=self._url({}, slot))
            for row in self.rows:
                cell = row.cells[index]
                total.add(cell.deals, cell.worth, cell.likely)
            totals.append(total)
        if self.pivot.key == "line" and not self.list.line:
            self._count_deals_once(totals)
        return totals

    def _count_deals_once(self, totals: Sequence[Sum3]) -> None:
        """A deal of two lines stands in two rows, and counts once in the totals."""
        counted = self.list.filtered.filter(worth__isnull=False).order_by()
        found = dict(
            counted.annotate(slot=self._slot("expected_close_on"))
            .values("slot")
            .annotate(n=Count("pk"))
            .values_list("slot", "n")
        )
        for slot, total in zip(self.slots, totals, strict=True):
            total.deals = found.get(slot[0], 0)

    @cached_property
    def total(self) -> Sum3:
        total = Sum3(url=self._url({"rate": "known"}))
        for column in self.columns:
            total.add(column.deals, column.worth, column.likely)
        return total

    def _url(self, narrowed: dict[str, Any], slot: Any = None) -> str:
        changes = {"by": None, "months": None, "figure": None, "page": None, "rate": "known", **narrowed}
        if slot is not None:
            changes |= {"close": None, "close_from": None, "close_to": None} | self._within(slot)
        return f"{self.deals_url}?{self.list.query(**changes)}"

    def _within(self, slot: Any) -> dict[str, str]:
        """A cell of a report that is narrowed to some days leads to those of its own days that are among them."""
        first, last = self._chosen
        low = max((day for day in (slot[2], first) if day), default=None)
        high = min((day for day in (slot[3], last) if day), default=None)
        days = {"close_from": low, "close_to": high}
        return {name: day.isoformat() for name, day in days.items() if day}

    @cached_property
    def _chosen(self) -> tuple[date | None, date | None]:
        value = self.list.wanted.get("close")
        one = next(one for one in self.list.filters if one.key == "close")
        return one.days(value, self.list.request) if value else (None, None)  # type: ignore[attr-defined]

    # --- what can't be counted ------------------------------------------------------------------------

    @cached_property
    def unknown(self) -> list[tuple[str, int, Decimal, str]]:
        """Currencies without a rate today: how many deals, how much in it, and those deals."""
        without = self.list.filtered.filter(worth__isnull=True).order_by().values("currency")
        return [
            (code, deals, amount, f"{self.deals_url}?{self.list.query(rate='unknown', by=None, figure=None)}")
            for code, deals, amount in without.annotate(n=Count("pk"), a=Sum("amount")).values_list(
                "currency", "n", "a"
            )
        ]

    @property
    def rates(self) -> list[tuple[str, Decimal]]:
        return [(code, rate) for code, rate in rates(self.today) if code != self.currency]

    # --- by stage ---------------------------------------------------------------------------------------

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        """The board: every stage with its sums and its largest deals."""
        rows = self.list.filtered
        sums = {
            stage: Sum3(deals, worth or Decimal(0), likely or Decimal(0))
            for stage, deals, worth, likely in rows.order_by()
            .values("pipeline_stage")
            .annotate(n=Count("pk"), w=Sum("worth"), l=Sum("likely"))
            .values_list("pipeline_stage", "n", "w", "l")
        }
        place = Window(RowNumber(), partition_by="pipeline_stage", order_by=F("worth").desc(nulls_last=True))
        cards: dict[str, list[Any]] = {}
        for deal in rows.annotate(place=place).filter(place__lte=ON_A_BOARD).order_by("pipeline_stage", "place"):
            cards.setdefault(deal.pipeline_stage, []).append(deal)
        return [
            {
                "label": stage.label,
                "probability": probabilities()[stage.value],
                "sum": sums.get(stage.value, Sum3()),
                "deals": cards.get(stage.value, []),
                "more": max(0, sums.get(stage.value, Sum3()).deals - ON_A_BOARD),
                "url": f"{self.deals_url}?{self.list.query(stage=stage.value)}",
            }
            for stage in PipelineStage
        ]

    # --- for the page, the file, the API ------------------------------------------------------------------

    @cached_property
    def page_number(self) -> int:
        asked = self.list.params.get("page", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
        return max(1, min(number, self.pages))

    @property
    def pages(self) -> int:
        return -(-len(self.rows) // PER_PAGE) or 1

    @property
    def shown(self) -> list[Row]:
        begin = (self.page_number - 1) * PER_PAGE
        return self.rows[begin : begin + PER_PAGE]

    def turned(self, **changes: Any) -> str:
        return f"{self.list.request.path}?{self.list.query(**{'page': None, **changes})}"

    @property
    def chart(self) -> list[tuple[str, Decimal, Decimal, str]]:
        return [(slot[1], one.worth, one.likely, one.url) for slot, one in zip(self.slots, self.columns, strict=True)]

    def table(self) -> Table:
        """Every row with what is weighted by month, and all three totals."""
        months = [Head(slot[1], "money") for slot in self.slots]
        totals = [Head(_("Weighted"), "money"), Head(_("Value"), "money"), Head(_("Deals"), "number")]
        heads = [Head(str(self.pivot.label)), *months, *totals, Head(_("Currency"))]
        lines = [(row.label, row.cells, row.total) for row in self.rows]
        lines.append((_("All"), self.columns, self.total))
        rows = [
            [label, *(cell.likely for cell in cells), total.likely, total.worth, total.deals, self.currency]
            for label, cells, total in lines
        ]
        return Table.of("forecast", _("Forecast"), heads, rows)


def _month(first: date, index: int) -> date:
    years, month = divmod(first.month - 1 + index, 12)
    return date(first.year + years, month + 1, 1)


def _name(month: date) -> str:
    return str(dates.format_skeleton("yMMM", month, locale=formats.locale()))
