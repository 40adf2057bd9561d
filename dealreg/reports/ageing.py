"""How long deals stand where they are: by status and age, the oldest first."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from dealreg.reports.filters import AGES, STANDING, aged
from dealreg.reports.lists import AgeingDeals
from prm.kernel.ui import formats
from prm.kernel.ui.exports import Head, Table
from prm.kernel.ui.states import tone_and_word


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    status: str
    label: str
    cells: tuple[Cell, ...]
    total: Cell


class Ageing:
    """The figures over the rows of a list, whatever status and age it is narrowed to itself."""

    def __init__(self, rows: AgeingDeals) -> None:
        self.list = rows
        self.ages = [str(label) for _key, _low, _high, label in AGES]

    @cached_property
    def rows(self) -> list[Standing]:
        now = formats.now(self.list.request)
        counts = {key: Count("pk", filter=aged(key, now)) for key, _low, _high, _label in AGES}
        open_ones = self.list.without("status", "age").order_by()
        named = {f"age_{key}": count for key, count in counts.items()}
        found = {row["status"]: row for row in open_ones.values("status").annotate(**named)}
        return [self._row(status.value, found.get(status.value, {})) for status in STANDING]

    def _row(self, status: str, counted: dict[str, Any]) -> Standing:
        cells = tuple(Cell(counted.get(f"age_{key}", 0), self._url(status, key)) for key, _low, _high, _label in AGES)
        total = Cell(sum(cell.count for cell in cells), self._url(status, None))
        return Standing(status, str(tone_and_word("registration", status)[1]), cells, total)

    def _url(self, status: str, age: str | None) -> str:
        return self.list.url(status=status, age=age)

    @property
    def bars(self) -> list[tuple[str, list[int]]]:
        return [(row.label, [cell.count for cell in row.cells]) for row in self.rows]

    def table(self) -> Table:
        heads = [Head(_("Status")), *(Head(label, "number") for label in self.ages), Head(_("All"), "number")]
        rows = [[row.label, *(cell.count for cell in row.cells), row.total.count] for row in self.rows]
        return Table.of("ageing", _("Ageing"), heads, rows)
