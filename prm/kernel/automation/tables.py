"""Text files with rows and columns: read whatever a spreadsheet program saves, write what none executes."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
MOST_LINES = 200  # in one cell; more are a quotation mark that was never closed
DELIMITERS = ",;\t|"
EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")

# What a file begins with when it is no text, and what it then is.
MAGIC = {
    b"PK\x03\x04": "Excel (.xlsx) or ZIP",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
}


class Unreadable(ValueError):
    """The file is no table of text; the message says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as rows; `rows` are (line in the file, cells), so that a problem can be found again."""

    header: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str
    delimiter: str


def read_table(data: bytes) -> Table:
    """Read a CSV file of unknown encoding and delimiter. Raises Unreadable with a sentence for the user."""
    if len(data) > MOST_BYTES:
        raise Unreadable(_("The file is larger than {most} MB. Split it.").format(most=MOST_BYTES // 1024 // 1024))
    text, encoding = decoded(data)
    if "\0" in text:
        raise Unreadable(_("This is no text file: it holds NUL characters. Save it as CSV first."))
    delimiter = sniffed(text)
    rows = _rows(text, delimiter)
    if not rows:
        raise Unreadable(_("The file is empty. Its first line must hold the headings."))
    header = [cell.strip() for cell in rows[0][1]]
    if len(header) > MOST_COLUMNS:
        raise Unreadable(_("The file has more than {most} columns.").format(most=MOST_COLUMNS))
    if len(rows) < 2:
        raise Unreadable(_("The file holds headings only: there is nothing below its first line."))
    return Table(header, rows[1:], encoding, delimiter)


def decoded(data: bytes) -> tuple[str, str]:
    """The text and its encoding: what the byte order mark says, else UTF-8, else Western European."""
    for magic, kind in MAGIC.items():
        if data.startswith(magic):
            raise Unreadable(_("This is a file of the kind {kind}. Save it as CSV first.").format(kind=kind))
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decode(data, encoding), encoding
    if guess := _wide(data):
        return _decode(data, guess), guess
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "latin-1"


def sniffed(text: str) -> str:
    """The delimiter that cuts the first lines most evenly; a comma when nothing does."""
    sample = text[:20_000]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def neutral(cell: object) -> str:
    """A cell that no spreadsheet program takes for a formula (ASVS 1.2.10)."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(EXECUTED) or text.startswith(EXECUTED) else text


def write_table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file that Excel opens as UTF-8 and never executes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([neutral(cell) for cell in header])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode("utf-8")


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row. Raises Unreadable.

    A quotation mark that is opened and not closed spoils its own line alone: that line is cut as it stands, with its
    mark (`unclosed` finds it), and the next line is a row again.
    """
    ahead, source, line, width = deque[str](), iter(lines), 1, 0
    while (first := _line(ahead, source)) is not None:
        held = [first]
        try:
            while (cells := _cells(held, delimiter)) is None and len(held) < MOST_LINES:
                if (more := _line(ahead, source)) is None:
                    break
                held.append(more)
        except csv.Error as error:
            raise Unreadable(_("Line {line} can't be read: {why}.").format(line=line, why=error)) from error
        if not cells or (len(held) > 1 and _swallowed(held, len(cells), width, delimiter)):
            ahead.extendleft(reversed(held[1:]))
            del held[1:]
            cells = next(csv.reader(held, delimiter=delimiter, quoting=csv.QUOTE_NONE))
        if any(cell.strip() for cell in cells):
            width = width or len(cells)
            yield line, cells
        line += len(held)


def unclosed(cells: Sequence[str]) -> int | None:
    """Where a quotation mark opens that nothing closes; None in a row that is whole."""
    return next((at for at, cell in enumerate(cells) if cell[:1] == '"' and cell.count('"') % 2), None)


def unclosed_text() -> str:
    return _("A quotation mark is opened here and never closed. Close it, or take it away.")


def _line(ahead: deque[str], source: Iterator[str]) -> str | None:
    return ahead.popleft() if ahead else next(source, None)


def _cells(held: list[str], delimiter: str) -> list[str] | None:
    """The row that these lines are; None while a quotation mark is open, nothing where one closes amid a cell."""
    try:
        return next(csv.reader(held, delimiter=delimiter, strict='"' in held[0]), [])
    except csv.Error as error:
        if "end of data" in str(error):
            return None
        if "expected after" not in str(error):
            raise
    return next(csv.reader(held, delimiter=delimiter)) if len(held) == 1 else []


def _swallowed(held: list[str], cells: int, width: int, delimiter: str) -> bool:
    """Whether whole rows stand in a cell of several lines: it never had so many lines of its own."""
    between = [len(next(csv.reader([line], delimiter=delimiter))) for line in held[1:-1]]
    return bool(width) and (cells != width or (width > 2 and bool(between) and set(between) == {width}))


def _rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    rows = list(islice(rows_of(io.StringIO(text, newline=""), delimiter), MOST_ROWS + 2))
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable(_("The file has more than {most} rows. Split it.").format(most=MOST_ROWS))
    return rows


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(_("The file says that it is {encoding} but is not.").format(encoding=encoding)) from error


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    sample = data[:400]
    if len(sample) < 8 or len(data) % 2:
        return ""
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 4
    return "utf-16-le" if high > half > low else "utf-16-be" if low > half > high else ""


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    lines = sample.splitlines()[:20]
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return (0, 0)
    if not widths or widths[0] < 2:
        return (0, 0)
    return (widths.count(widths[0]), widths[0])
