"""Files too long to hold: rows one at a time, and a sentence for whatever is wrong with the file."""

import codecs
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from django.utils.translation import gettext as _

from prm.kernel.automation.tables import MAGIC, Unreadable, rows_of, sniffed

CHUNK = 1 << 20
SAMPLE = 20_000
BY_MARK = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

NumberedRow = tuple[int, dict[str, str]]


@contextmanager
def streamed(path: Path, wanted: Sequence[str], encoding: str = "") -> Iterator[Iterator[NumberedRow]]:
    """(line, {column: text}) for each row of a CSV file, packed as .gz or not. Raises Unreadable with a sentence.

    Every wanted column must stand in the first line, in any order; others are left aside. Without `encoding`
    the file is UTF-8, or what its byte order mark says.
    """
    try:
        encoding = _checked(path, encoding)
        with io.TextIOWrapper(_opened(path), encoding=encoding, newline="") as text:
            yield _rows(text, wanted, path, encoding)
    except (OSError, EOFError) as why:
        raise Unreadable(_("The file can't be read: %(why)s") % {"why": why}) from None


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _checked(path: Path, encoding: str) -> str:
    """The encoding, once the whole file has been seen to be in it."""
    with _opened(path) as raw:
        begins = raw.read(SAMPLE)
        _is_text(begins)
        encoding = encoding or next((name for mark, name in BY_MARK.items() if begins.startswith(mark)), "utf-8")
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError:
            raise Unreadable(_("“%(name)s” is no encoding we know.") % {"name": encoding[:40]}) from None
        line, chunk = 1, begins
        while chunk:
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as why:
                line += why.object[: why.start].count(b"\n")
                raise _not_in(encoding, line) from None
            chunk = raw.read(CHUNK)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise _not_in(encoding, line) from None
    return encoding


def _not_in(encoding: str, line: int) -> Unreadable:
    text = _("Line %(line)s is not written in %(encoding)s. Save the file as UTF-8, or say with --encoding what it is.")
    return Unreadable(text % {"line": line, "encoding": encoding})


def _is_text(begins: bytes) -> None:
    if not begins.strip():
        raise Unreadable(_("The file is empty. Its first line must hold the headings."))
    for magic, kind in MAGIC.items():
        if begins.startswith(magic):
            raise Unreadable(_("This is a file of the kind {kind}. Save it as CSV first.").format(kind=kind))
    if b"\0" in begins and not begins.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable(_("This is no text file: it holds NUL characters. Save it as CSV first."))


def _rows(text: Iterator[str], wanted: Sequence[str], path: Path, encoding: str) -> Iterator[NumberedRow]:
    with _opened(path) as raw:
        sample = codecs.getincrementaldecoder(encoding)().decode(raw.read(SAMPLE))
    rows = rows_of(text, sniffed(sample))
    header = [cell.strip().strip("\ufeff").casefold() for cell in next(rows, (1, []))[1]]
    if lacking := [name for name in wanted if name not in header]:
        raise Unreadable(
            _("The file lacks the column %(columns)s. Its first line is: %(header)s")
            % {"columns": ", ".join(lacking), "header": ", ".join(header)[:200]}
        )
    places = [(name, header.index(name)) for name in wanted]
    found = False
    for line, cells in rows:
        found = True
        yield line, {name: cells[at].strip() if at < len(cells) else "" for name, at in places}
    if not found:
        raise Unreadable(_("The file holds headings only: there is nothing below its first line."))
