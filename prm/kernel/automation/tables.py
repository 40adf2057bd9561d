"""Text files with rows and columns: read whatever a spreadsheet program saves, write what none executes."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
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


def _rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, cells))
            if len(rows) > MOST_ROWS + 1:
                raise Unreadable(_("The file has more than {most} rows. Split it.").format(most=MOST_ROWS))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(_("Line {line} can't be read: {why}.").format(line=line, why=error)) from error
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
