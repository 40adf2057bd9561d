"""What can be brought in from a file: each app registers an importer for the things that it owns.

An importer says which columns it reads, how a cell becomes a value, and how one row is brought in:
`run` looks its row up by a natural key first, so that the same file twice changes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _

from prm.kernel.automation.tables import unclosed, unclosed_text
from prm.kernel.identity.actors import Actor

log = logging.getLogger(__name__)
Text = str | Promise
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
FAILED = "failed"
MOST_CHARACTERS = 2_000


class ImportProblem(ValueError):
    """A row can't be brought in: why, in a sentence, and in which column (empty for the whole row)."""

    def __init__(self, text: Text, column: str = "") -> None:
        super().__init__(str(text))
        self.text, self.column = str(text), column


class Later(Exception):
    """This row must wait, and all behind it: it is tried again, and nothing is wrong with it."""


@dataclass(frozen=True)
class ImportColumn:
    """A column that an importer reads. `aliases` are other headings that mean the same."""

    key: str
    label: Text
    required: bool = False
    help: Text = ""
    aliases: tuple[str, ...] = ()
    parse: Callable[[str], Any] = str

    def names(self) -> set[str]:
        return {folded(name) for name in (self.key, str(self.label), *self.aliases)}


@dataclass(frozen=True)
class Importer:
    """A kind of thing that files bring in. `run` answers created, updated or unchanged, or raises Later.

    `chunk` is how many rows share a transaction.
    """

    key: str
    label: Text
    columns: tuple[ImportColumn, ...]
    run: Callable[[Mapping[str, Any], Actor, datetime], str]
    roles: frozenset[str] = frozenset({"admin", "ops"})
    order: int = 50
    help: Text = ""
    chunk: int = 200

    def column(self, key: str) -> ImportColumn | None:
        return next((column for column in self.columns if column.key == key), None)

    def guess(self, header: Sequence[str]) -> dict[str, int]:
        """Which heading is which column: by name first, then by the start of the name."""
        names = [folded(cell) for cell in header]
        mapping: dict[str, int] = {}
        for exact in (True, False):
            for column in self.columns:
                free = (i for i, name in enumerate(names) if name and i not in mapping.values())
                if column.key not in mapping and (at := _match(column, names, free, exact)) is not None:
                    mapping[column.key] = at
        return mapping

    def missing(self, mapping: Mapping[str, int]) -> list[ImportColumn]:
        """The required columns that no heading was mapped to."""
        return [column for column in self.columns if column.required and column.key not in mapping]


@dataclass(slots=True)
class Tally:
    """What came of a run of rows: counts by result, and each problem as (line, column label, reason)."""

    counts: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[int, str, str]] = field(default_factory=list)
    done: int = 0
    waits: bool = False

    def add(self, result: str) -> None:
        self.done += 1
        self.counts[result] = self.counts.get(result, 0) + 1


importers: dict[str, Importer] = {}


def register_importer(importer: Importer) -> None:
    importers[importer.key] = importer


def offered(roles: Iterable[str]) -> list[Importer]:
    """The importers that somebody with these roles may use, in order."""
    mine = [importer for importer in importers.values() if importer.roles.intersection(roles)]
    return sorted(mine, key=lambda importer: (importer.order, importer.key))


def run_rows(
    importer: Importer,
    mapping: Mapping[str, int],
    rows: Iterable[tuple[int, Sequence[str]]],
    actor: Actor,
    now: datetime,
) -> Tally:
    """Bring rows in, each on its own: a bad row is told with line, column and reason, and leaves nothing."""
    tally = Tally()
    for line, cells in rows:
        values, problems = read_row(importer, mapping, cells)
        if not problems:
            try:
                result, problems = _run_one(importer, values, actor, now)
            except Later:
                tally.waits = True
                break
            tally.add(result)
        else:
            tally.add(FAILED)
        tally.errors += [(line, _label(importer, problem.column), problem.text) for problem in problems]
    return tally


def read_row(
    importer: Importer, mapping: Mapping[str, int], cells: Sequence[str]
) -> tuple[dict[str, Any], list[ImportProblem]]:
    """The row's values by column, with None for empty cells, and every problem found in it."""
    values: dict[str, Any] = {}
    problems: list[ImportProblem] = []
    if (broken := unclosed(cells)) is not None:
        return {}, [ImportProblem(unclosed_text(), next((key for key, at in mapping.items() if at == broken), ""))]
    for column in importer.columns:
        at = mapping.get(column.key)
        text = cells[at].strip() if at is not None and at < len(cells) else ""
        try:
            values[column.key] = _value(column, text)
        except ImportProblem as problem:
            problems.append(ImportProblem(problem.text, column.key))
        except ValidationError as error:
            problems.append(ImportProblem(" ".join(error.messages), column.key))
        except (ValueError, ArithmeticError):
            problems.append(ImportProblem(_("“{text}” can't be read here.").format(text=text[:80]), column.key))
    return values, problems


def folded(text: str) -> str:
    """A heading without case, accents, spaces and signs."""
    return slugify(text.replace("_", " "), allow_unicode=False).replace("-", "").replace("_", "")


def _value(column: ImportColumn, text: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        raise ImportProblem(_("The cell is longer than {most} characters.").format(most=MOST_CHARACTERS))
    if text:
        return column.parse(text)
    if column.required:
        raise ImportProblem(_("This must not be empty."))
    return None


def _run_one(
    importer: Importer, values: Mapping[str, Any], actor: Actor, now: datetime
) -> tuple[str, list[ImportProblem]]:
    try:
        with transaction.atomic():
            return importer.run(values, actor, now), []
    except ImportProblem as problem:
        return FAILED, [problem]
    except ValidationError as error:
        return FAILED, problems_of(error)
    except DatabaseError as error:
        log.warning("a row of %s failed: %s", importer.key, type(error).__name__)
        return FAILED, [ImportProblem(_("The database refused this row: it clashes with another."))]


def problems_of(error: ValidationError) -> list[ImportProblem]:
    """A model's complaints as problems of columns."""
    if not hasattr(error, "error_dict"):
        return [ImportProblem(" ".join(error.messages))]
    return [
        ImportProblem(" ".join(messages), "" if name == "__all__" else name)
        for name, messages in error.message_dict.items()
    ]


def _label(importer: Importer, key: str) -> str:
    column = importer.column(key)
    return str(column.label) if column else key


def _match(column: ImportColumn, names: list[str], free: Iterable[int], exact: bool) -> int | None:
    mine = column.names()
    if exact:
        return next((i for i in free if names[i] in mine), None)
    long = [name for name in mine if len(name) > 3]
    return next((i for i in free if any(names[i].startswith(name) for name in long)), None)
