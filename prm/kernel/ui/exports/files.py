"""A table as CSV or XLSX, row by row into a file: memory stays flat, and nothing in it is a formula."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from prm.kernel.ui.exports.tables import Head, Table
from prm.kernel.ui.lists.columns import neutral

LIMIT = 200_000  # rows
TOLD_EVERY = 500
LONGEST = 32_000  # characters of a spreadsheet's cell
EXACT = 15  # digits that a spreadsheet keeps of a number
_SHAPES = {"money": "#,##0.00", "percent": "0.0%", "date": "yyyy-mm-dd", "when": "yyyy-mm-dd hh:mm"}
_WIDTHS = {"text": 28, "money": 16, "number": 12, "percent": 10, "date": 12, "when": 17}

Told = Callable[[int], None]


class TooMany(ValueError):
    """More rows than a file takes."""


def write(table: Table, kind: str, file: IO[bytes], zone: tzinfo, told: Told) -> int:
    """Write the table; says how many rows it has. Raises TooMany."""
    return (_write_xlsx if kind == "xlsx" else _write_csv)(table, file, zone, told)


class _Rows:
    """The rows of a table, counted on their way."""

    def __init__(self, table: Table, told: Told) -> None:
        self.table, self.told, self.count = table, told, 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self.table.rows():
            self.count += 1
            if self.count > LIMIT:
                raise TooMany
            yield row
            if self.count % TOLD_EVERY == 0:
                self.told(self.count)


def _write_csv(table: Table, file: IO[bytes], zone: tzinfo, told: Told) -> int:
    """UTF-8 with a byte order mark, so that spreadsheets read umlauts."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer, rows = csv.writer(text), _Rows(table, told)
    writer.writerow(neutral(head.label) for head in table.heads)
    writer.writerows([_plain(cell, zone) for cell in row] for row in rows)
    text.flush()
    text.detach()
    return rows.count


def _plain(cell: Any, zone: tzinfo) -> str:
    """ISO dates in the reader's zone, plain figures, harmless text."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, (int, float, Decimal)) else neutral(str(cell))


def _write_xlsx(table: Table, file: IO[bytes], zone: tzinfo, told: Told) -> int:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(table.title))
    for index, head in enumerate(table.heads, 1):
        sheet.column_dimensions[get_column_letter(index)].width = _WIDTHS.get(head.kind, 28)
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, head.label) for head in table.heads])
    rows = _Rows(table, told)
    for row in rows:
        sheet.append([_typed(sheet, head, cell, zone) for head, cell in zip(table.heads, row, strict=True)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.heads))}{rows.count + 1}"
    book.save(file)
    return rows.count


def _sheet_name(title: str) -> str:
    return "".join(" " if char in r"[]:*?/\'" else char for char in title)[:31].strip() or "Export"


def _bold(sheet: Any, label: str) -> Any:
    cell = WriteOnlyCell(sheet, _text(label))
    cell.font = Font(bold=True)
    return cell


def _typed(sheet: Any, head: Head, value: Any, zone: tzinfo) -> Any:
    """Numbers and days as what they are; a number of more digits than a spreadsheet keeps stays text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > EXACT:
        value = str(value)
    if isinstance(value, datetime):
        value = value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    if not isinstance(value, (int, float, Decimal, date)):
        return _text(str(value))
    shape = _SHAPES.get(head.kind)
    if shape is None:
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = shape
    return cell


def _text(text: str) -> str:
    return str(ILLEGAL_CHARACTERS_RE.sub("", neutral(text)))[:LONGEST]
