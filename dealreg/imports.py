"""Rows of files as deal registration reads them, before anything is written."""

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from pathlib import Path

from django.utils.text import slugify
from django.utils.translation import gettext as _

from prm.kernel.automation.tables import MOST_BYTES, Unreadable, read_table, unclosed
from prm.kernel.matching.normalise import MOST_NAMES

CUSTOMER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "company", "customer", "account", "accountname", "firma", "kunde"),
    "domain": ("domain", "website", "web", "url", "webseite"),
    "country": ("country", "land", "countrycode"),
    "city": ("city", "town", "ort", "stadt"),
    "external_id": ("externalid", "id", "crmid", "accountid", "reference"),
    "aliases": ("aliases", "alias", "othernames", "formernames", "formername", "aka", "dba"),
    "parent": ("parent", "parentid", "parentaccountid", "parentexternalid"),
    "is_house": ("ishouse", "house", "houseaccount"),
    "is_blocked": ("isblocked", "blackout", "blocked"),
}
DEAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customer_name": ("customername", "customer", "company", "account", "kunde"),
    "customer_domain": ("customerdomain", "domain", "website"),
    "customer_country": ("customercountry", "country", "land"),
    "customer_city": ("customercity", "city", "ort"),
    "contact_name": ("contactname", "contact", "kontakt"),
    "contact_email": ("contactemail", "email", "mail"),
    "name": ("name", "dealname", "deal", "opportunity", "title"),
    "amount": ("amount", "value", "betrag"),
    "currency": ("currency", "waehrung"),
    "expected_close_on": ("expectedcloseon", "closedate", "expectedclose", "close"),
    "vertical": ("vertical", "industry", "branche"),
    "product_lines": ("productlines", "productline", "products", "product"),
    "notes": ("notes", "note", "comment", "bemerkung"),
    "deal_type": ("dealtype", "type", "art"),
    "program": ("program", "programme", "programm"),
    "reseller": ("reseller", "endreseller", "haendler"),
    "external_id": ("externalid", "id", "reference"),
}


class UnreadableFile(ValueError):
    """The file as a whole can't be read: told in a sentence."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer of a file. `aliases` are its other and former names, `parent` the CRM's id of its parent."""

    name: str
    domain: str = ""
    country: str = ""
    city: str = ""
    external_id: str = ""
    is_house: bool = False
    is_blocked: bool = False
    aliases: tuple[str, ...] = ()
    parent: str = ""


@dataclass(slots=True)
class ImportSummary:
    """What came of the rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: "ImportSummary") -> "ImportSummary":
        return ImportSummary(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A row by column, the line of the file on which it begins, and how the file calls its columns."""

    line: int
    values: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    broken: str = ""  # the heading of a cell that opens a quotation mark which nothing closes

    def called(self, reason_key: str) -> str:
        """The file's heading for the field that a reason is about."""
        name = reason_key.partition(".")[0]
        return self.headings.get(name, name)

    def key(self, *salt: str) -> str:
        """The same row is the same deal, however often the file is brought in."""
        given = {name: text for name, text in self.values.items() if text}
        told = self.values.get("external_id") or dumps(given, sort_keys=True)
        return sha256("\x1f".join((*salt, told)).encode()).hexdigest()


def read_rows(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> Iterator[Row]:
    """The file's rows under our names for its columns; a .gz is unpacked first. Raises UnreadableFile."""
    try:
        table = read_table(_bytes(path))
    except Unreadable as why:
        raise UnreadableFile(str(why)) from None
    where = _where(table.header, columns)
    if lacking := [name for name in required if name not in where]:
        raise UnreadableFile(
            _("The file lacks the column %(columns)s. Its first line is: %(header)s")
            % {"columns": ", ".join(lacking), "header": ", ".join(table.header)[:200]}
        )
    headings = {name: table.header[at] for name, at in where.items()}
    for line, cells in table.rows:
        values = {name: cells[at].strip() if at < len(cells) else "" for name, at in where.items()}
        at = unclosed(cells)
        yield Row(line, values, headings, "" if at is None else (table.header[at : at + 1] or ["?"])[0])


def customer_row(row: Row) -> CustomerRow:
    values = row.values
    return CustomerRow(
        values["name"][:300],
        values.get("domain", "")[:255],
        values.get("country", ""),
        values.get("city", "")[:160],
        values.get("external_id", "")[:80],
        _yes(values.get("is_house", "")),
        _yes(values.get("is_blocked", "")),
        other_names(values.get("aliases", "")),
        values.get("parent", "")[:80],
    )


def other_names(cell: str) -> tuple[str, ...]:
    """Names with | or ; between them, each once."""
    names = (" ".join(name.split())[:300] for name in re.split(r"[|;]", cell))
    return tuple(dict.fromkeys(filter(None, names)))[:MOST_NAMES]


def _bytes(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                return packed.read(MOST_BYTES + 1)
        return path.read_bytes()
    except OSError as why:
        raise UnreadableFile(_("The file can't be opened: %(why)s") % {"why": why}) from None


def _where(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    names = [slugify(cell.replace("_", "")).replace("-", "") for cell in header]
    return {
        column: names.index(alias)
        for column, aliases in columns.items()
        for alias in [next((a for a in aliases if a in names), None)]
        if alias
    }


def _yes(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "y", "x", "ja")
