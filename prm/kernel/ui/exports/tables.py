"""What a page hands over when an export asks it for its table.

The task calls the page's own view with the asker's own roles and filters, so an export can hold nothing that the
page would not show. A list's page does all of this by itself; another page says `@offers_table` and answers
`TableResponse(table)` when `is_asked(request)`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Head:
    """A column's title and kind: text money number percent date when."""

    label: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is read row by row. Cells are str, Decimal, int, float, bool, date, aware datetime or None."""

    key: str
    title: str
    heads: Sequence[Head]
    count: Callable[[], int]
    rows: Callable[[], Iterable[Sequence[Any]]]

    @classmethod
    def of(cls, key: str, title: str, heads: Sequence[Head], rows: Sequence[Sequence[Any]]) -> "Table":
        """A table that is there already, such as a report's figures."""
        return cls(key, title, heads, lambda: len(rows), lambda: rows)


class TableResponse(HttpResponse):
    """The answer of a page that an export asked: never sent to anybody."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table


def offers_table(view: View) -> View:
    """Mark a view whose page can be exported."""
    view.offers_table = True  # type: ignore[attr-defined]
    return view


def is_asked(request: HttpRequest) -> bool:
    """Whether an export asks, rather than a reader's browser; nothing that is sent to us can set this."""
    return getattr(request, "asked_for_table", False) is True
