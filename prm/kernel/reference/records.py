"""Rows of configuration as documents and back: by their codes, with the rows that belong to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from prm.kernel.automation.parts import Document, PartRefused, Taken, Taking, Trouble
from prm.kernel.reference.actions import drop_record, keep_record, values_of

PARKED = 10_000


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that belong to a record, as a list of its document.

    `key` tells one from another, `refers` gives, for a foreign key, what it names. `text` names the one field of
    rows that are written as plain texts, and `position` the field that keeps their order. `ranked` is a number that
    no two of them may share.
    """

    name: str
    model: type[models.Model]
    parent: str
    key: str
    fields: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    text: str = ""
    position: str = ""
    ranked: str = ""
    rows: tuple["Rows", ...] = ()
    refers: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, row: models.Model) -> str:
        """What tells this row from the others."""
        named = getattr(row, self.key)
        return str(getattr(named, self.refers[self.key]) if self.key in self.refers else named)


@dataclass(frozen=True, slots=True)
class RecordPart:
    """A model whose rows are documents, named by `key`. `refers` gives, for a foreign key, what it names.

    `check` tells what the model alone can't; `before` makes room, such as for the one default. Where a vendor
    has one row at most, `single` names its document and there is no key.
    """

    folder: str
    order: int
    model: type[models.Model]
    key: str
    fields: tuple[str, ...]
    refers: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Rows, ...] = ()
    single: str = ""
    check: Callable[[Any], Iterable[Trouble]] = lambda record: ()
    before: Callable[[Any, Taking], None] = lambda record, taking: None

    def documents(self, *, drafts: bool = False) -> dict[str, Document]:
        if self.single:
            held = self.model._default_manager.first()
            return {self.single: self._document(held)} if held else {}
        records = self.model._default_manager.order_by(self.key)
        return {str(getattr(record, self.key)): self._document(record) for record in records}

    def name_of(self, document: Document) -> str:
        if self.single:
            return self.single
        name = document.get(self.key)
        if not isinstance(name, str) or not name:
            raise PartRefused((self.key, _("This is missing: it names the record.")))
        return name

    def troubles(self, document: Document) -> Iterator[Trouble]:
        yield from _shape(document, self.fields, self.rows, "")

    def take(self, document: Document, taking: Taking) -> Taken:
        if troubles := list(self.troubles(document)):
            raise PartRefused(*troubles)
        named = {} if self.single else {self.key: document[self.key]}
        held = self.model._default_manager.filter(**named).first()
        before = self._document(held) if held else None
        if before == document:
            return Taken("unchanged", before)
        record = held or self.model()
        values = values_of(record) if held else {}
        _fill(record, {name: document[name] for name in self.fields}, self.refers, "")
        if told := list(self.check(record)):
            raise PartRefused(*told)
        self.before(record, taking)
        _keep(record, values, taking, "")
        for rows in self.rows:
            _take_rows(record, rows, document[rows.name], taking, f"{rows.name}.")
        if before is None:
            return Taken("added")
        return Taken("unchanged" if self._document(record) == before else "changed", before)

    def _document(self, record: models.Model) -> dict[str, Any]:
        return _plain(record, self.fields, self.refers, self.rows)


def _plain(
    record: models.Model, fields: Sequence[str], refers: Mapping[str, str], rows: Sequence[Rows]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in fields:
        value = getattr(record, name)
        found[name] = _json(getattr(value, refers[name]) if name in refers and value is not None else value)
    return found | {one.name: _listed(record, one) for one in rows}


def _listed(parent: models.Model, rows: Rows) -> list[Any]:
    found = _rows_of(parent, rows)
    if rows.text:
        return [getattr(row, rows.text) for row in found]
    return [_plain(row, rows.fields, rows.refers, rows.rows) for row in found]


def _rows_of(parent: models.Model, rows: Rows) -> Iterable[models.Model]:
    found = rows.model._default_manager.filter(**{rows.parent: parent}).order_by(*(rows.order or (rows.key,)))
    return found.select_related(*rows.refers) if rows.refers else found


def _json(value: Any) -> Any:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


# --- the way back --------------------------------------------------------------------------------


def _shape(document: Any, fields: Sequence[str], rows: Sequence[Rows], path: str) -> Iterator[Trouble]:
    if not isinstance(document, Mapping):
        yield path.rstrip("."), _("This is a JSON object.")
        return
    wanted = {*fields, *(one.name for one in rows)}
    for name in sorted(wanted - set(document)):
        yield f"{path}{name}", _("This is missing.")
    for name in sorted(set(document) - wanted):
        yield f"{path}{name}", _("Nobody knows what this means here.")
    for one in rows:
        items = document.get(one.name, [])
        if not isinstance(items, list):
            yield f"{path}{one.name}", _("This is a list.")
            continue
        for index, item in enumerate(items):
            here = f"{path}{one.name}.{index}"
            if one.text:
                if not isinstance(item, str):
                    yield here, _("This is a text.")
            else:
                yield from _shape(item, one.fields, one.rows, f"{here}.")
        if not one.text:
            yield from _doubles(one, items, f"{path}{one.name}")


def _doubles(rows: Rows, items: Sequence[Any], path: str) -> Iterator[Trouble]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        key = str(item.get(rows.key)) if isinstance(item, Mapping) else ""
        if key in seen:
            yield f"{path}.{index}", _("“%(key)s” is in this list twice.") % {"key": key[:60]}
        seen.add(key)


def _fill(record: models.Model, values: Mapping[str, Any], refers: Mapping[str, str], path: str) -> None:
    """Set the fields from JSON, each strictly of its kind. Raises PartRefused."""
    troubles: list[Trouble] = []
    for name, value in values.items():
        column = record._meta.get_field(name)
        assert isinstance(column, models.Field)
        try:
            setattr(record, name, _named(column, value, refers[name]) if name in refers else _read(column, value))
        except ValidationError as error:
            troubles.append((f"{path}{name}", " ".join(error.messages)))
    if troubles:
        raise PartRefused(*troubles)


def _named(column: Any, value: Any, key: str) -> models.Model | None:
    """The record that a foreign key names by its code."""
    if value is None and column.null:
        return None
    found = column.remote_field.model._default_manager.filter(**{key: str(value)[:200]}).first()
    if found is None:
        raise ValidationError(_("There is no “%(name)s”.") % {"name": str(value)[:60]})
    record: models.Model = found
    return record


def _read(column: Any, value: Any) -> Any:
    if value is None:
        if column.null:
            return None
        raise ValidationError(_("This can't be empty."))
    if not _KINDS.get(column.get_internal_type(), _is_text)(value):
        raise ValidationError(_("This has the wrong type."))
    return column.clean(value, None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_decimal(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "BooleanField": lambda value: isinstance(value, bool),
    "PositiveIntegerField": _is_whole,
    "PositiveSmallIntegerField": _is_whole,
    "IntegerField": _is_whole,
    "DecimalField": _is_decimal,
    "ArrayField": lambda value: isinstance(value, list) and all(_is_whole(v) or _is_text(v) for v in value),
}


def _keep(record: models.Model, before: Mapping[str, Any], taking: Taking, path: str) -> None:
    try:
        with transaction.atomic():
            keep_record(record=record, before=before, actor=taking.actor, now=taking.now)
    except IntegrityError as error:
        why = str(error).split("\n")[0]
        raise PartRefused((path.rstrip("."), _("It collides with another record: %(why)s") % {"why": why})) from error


def _take_rows(parent: models.Model, rows: Rows, items: Sequence[Any], taking: Taking, path: str) -> None:
    """Make a record's rows as the list says: those that it does not name go."""
    held = _held(parent, rows)
    wanted = {str(index if rows.text else item[rows.key]): (index, item) for index, item in enumerate(items)}
    for key in sorted(set(held) - set(wanted)):
        _drop(held[key], taking, path)
    before = {key: values_of(row) for key, row in held.items()}
    if rows.ranked and held:
        kept = rows.model._default_manager.filter(**{rows.parent: parent})
        kept.update(**{rows.ranked: F(rows.ranked) + PARKED})
    for key, (index, item) in wanted.items():
        row = held.get(key) or rows.model(**{rows.parent: parent})
        here = f"{path}{index}."
        told = {rows.text: item} if rows.text else {name: item[name] for name in rows.fields}
        _fill(row, told, rows.refers, here)
        if rows.position:
            setattr(row, rows.position, index)
        _keep(row, before.get(key, {}), taking, here)
        for deeper in rows.rows:
            _take_rows(row, deeper, item[deeper.name], taking, f"{here}{deeper.name}.")


def _held(parent: models.Model, rows: Rows) -> dict[str, models.Model]:
    """The rows that are there, by their key; plain texts by their place."""
    return {str(index) if rows.text else rows.name_of(row): row for index, row in enumerate(_rows_of(parent, rows))}


def _drop(row: models.Model, taking: Taking, path: str) -> None:
    try:
        with transaction.atomic():
            drop_record(record=row, actor=taking.actor, now=taking.now)
    except (ProtectedError, IntegrityError) as error:
        told = _("“%(name)s” is in use, so the file has to keep it.") % {"name": row}
        raise PartRefused((path.rstrip("."), told)) from error
