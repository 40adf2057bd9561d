"""Bringing a whole program in from text files: everything or nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from prm.kernel import audit
from prm.kernel.automation.parts import Document, Part, PartRefused, Taken, Taking, parts
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.models import Tenant
from workflows.definition.beside import beside
from workflows.definition.comparing import Change
from workflows.definition.files import HEAD, BadFiles, FileProblem, read_files
from workflows.queries.programs import changes_of


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one file: added, changed, drafted, published or unchanged."""

    file: str
    outcome: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do."""

    lines: tuple[Line, ...]

    @property
    def changed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.outcome != "unchanged")

    @property
    def counts(self) -> dict[str, int]:
        return dict(sorted(Counter(line.outcome for line in self.lines).items()))


def import_program(
    *,
    files: Mapping[str, str],
    actor: Actor,
    now: datetime,
    publisher: Actor | None = None,
    note: str = "",
    dry_run: bool = False,
) -> Report:
    """Take a program's files in. Workflows and rules become drafts, which `publisher`, a second person, may
    publish at once; what is not in the files stays as it is. With `dry_run` nothing stays.

    Raises BadFiles with every problem; then nothing has changed.
    """
    found = read_files(files, frozenset(part.folder for part in parts()))
    taking = Taking(actor, now, note[:300], publisher)
    try:
        with transaction.atomic():
            report = _take(found, taking)
            if report.changed and not dry_run:
                audit.record(
                    "program.imported", target=Tenant.objects.get(), actor=actor, at=now, after=dict(report.counts)
                )
            transaction.set_rollback(dry_run)
    finally:
        current().memory.clear()  # what was read meanwhile may never have been
    return report


def check_program(*, files: Mapping[str, str]) -> list[FileProblem]:
    """What is wrong with files, without taking them in. Outside of a vendor, what needs none is checked."""
    try:
        found = read_files({HEAD: _HEAD_TEXT, **files}, frozenset(part.folder for part in parts()))
    except BadFiles as bad:
        return bad.problems
    problems: list[FileProblem] = []
    with beside(found.get("workflows", {})):
        for part in parts():
            for name, document in sorted(found.get(part.folder, {}).items()):
                problems += _problems(part, name, document)
    return problems


_HEAD_TEXT = '{"format": 1, "what": "program"}'


def _take(found: Mapping[str, Mapping[str, Document]], taking: Taking) -> Report:
    lines: list[Line] = []
    problems: list[FileProblem] = []
    for part in parts():
        for name, document in _in_order(found.get(part.folder, {})):
            file = f"{part.folder}/{name}.json"
            if told := _problems(part, name, document):
                problems += told
                continue
            try:
                with transaction.atomic():
                    taken = part.take(document, taking)
            except PartRefused as refused:
                problems += [FileProblem(file, path, why) for path, why in refused.troubles]
                continue
            lines.append(Line(file, taken.outcome, _changes(part.folder, taken, document)))
    if problems:
        raise BadFiles(problems)
    return Report(tuple(lines))


def _changes(folder: str, taken: Taken, document: Document) -> tuple[Change, ...]:
    if taken.held is None or taken.outcome == "unchanged":
        return ()
    return tuple(changes_of(folder, taken.held, document))


def _problems(part: Part, name: str, document: Document) -> list[FileProblem]:
    file = f"{part.folder}/{name}.json"
    try:
        own = part.name_of(document)
    except PartRefused as refused:
        return [FileProblem(file, path, why) for path, why in refused.troubles]
    if own != name:
        return [
            FileProblem(file, "", _("The file's name does not agree with what is in it, “%(name)s”.") % {"name": own})
        ]
    return [FileProblem(file, path, why) for path, why in part.troubles(document)]


def _in_order(documents: Mapping[str, Document]) -> list[tuple[str, Document]]:
    """By name, but those that others run as a part of themselves first."""
    ordered: dict[str, Document] = {}

    def add(name: str, on_the_way: frozenset[str]) -> None:
        if name in ordered or name in on_the_way or name not in documents:
            return
        for other in sorted(_runs(documents[name])):
            add(other, on_the_way | {name})
        ordered[name] = documents[name]

    for name in sorted(documents):
        add(name, frozenset())
    return list(ordered.items())


def _runs(part: object) -> set[str]:
    """The keys of workflows that a tree runs as blocks."""
    if isinstance(part, Mapping):
        own = {str(part["workflow"])} if part.get("type") == "subworkflow" and "workflow" in part else set()
        return own.union(*(_runs(inner) for inner in part.values()))
    if isinstance(part, list):
        return set().union(*(_runs(inner) for inner in part))
    return set()
