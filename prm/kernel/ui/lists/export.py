"""A list as CSV: the rows that are filtered, the columns that are shown, nothing that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from django.http import HttpRequest, HttpResponse

from prm.kernel.ui.lists.columns import Column, neutral

LIMIT = 10_000


def as_csv(request: HttpRequest, name: str, columns: Sequence[Column], rows: Iterable[Any]) -> HttpResponse:
    """An attachment in UTF-8 with a byte order mark, so that spreadsheets read umlauts."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(neutral(title) for title in _titles(columns))
    writer.writerows(_cells(request, columns, row) for row in rows)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _titles(columns: Sequence[Column]) -> list[str]:
    titles = []
    for column in columns:
        titles.append(str(column.label))
        if column.kind == "money":
            titles.append(f"{column.label} (ISO 4217)")
    return titles


def _cells(request: HttpRequest, columns: Sequence[Column], row: Any) -> list[str]:
    cells = []
    for column in columns:
        cells.append(column.plain(row, request))
        if column.kind == "money":
            cells.append(column.currency_of(row))
    return cells
