"""Makes one plausible row of any tenant model, so that the wall can be tried on every table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models

_MOMENT = datetime(2026, 1, 5, 12, tzinfo=UTC)
_BY_TYPE: tuple[tuple[type[models.Field[Any, Any]], Callable[[], Any]], ...] = (
    (models.UUIDField, uuid4),
    (models.BooleanField, lambda: False),
    (models.DateTimeField, lambda: _MOMENT),
    (models.DateField, lambda: date(2026, 1, 5)),
    (models.TimeField, lambda: time(9)),
    (models.DurationField, lambda: timedelta(0)),
    (models.DecimalField, lambda: Decimal(1)),
    (models.FloatField, lambda: 0.0),
    (models.IntegerField, lambda: uuid4().int % 30_000),
    (models.JSONField, dict),
    (models.GenericIPAddressField, lambda: "192.0.2.1"),
    (models.BinaryField, lambda: b"x"),
    (ArrayField, list),
)


@dataclass(frozen=True)
class Row:
    """A row to insert: its model and a value for each column. `before` are the rows it stands on."""

    model: type[models.Model]
    values: dict[str, Any]
    before: tuple["Row", ...] = field(default=())

    def chain(self) -> Iterator["Row"]:
        for row in self.before:
            yield from row.chain()
        yield self


def row_of(model: type[models.Model], tenant: UUID, partner: UUID) -> Row:
    """A row of `tenant`, and of `partner` where rows of the model belong to one."""
    wall: Any = model.wall  # type: ignore[attr-defined]
    kind, _, through = wall.partner.partition(":")
    parent = None
    if kind == "child":
        relation: Any = model._meta.get_field(through)
        parent = row_of(relation.related_model, tenant, partner)
    values: dict[str, Any] = {str(f.column): value_of(f) for f in model._meta.local_concrete_fields if _wanted(f)}
    values["id"], values["tenant_id"] = new_id(model), tenant
    if parent is not None:
        values[str(relation.column)] = parent.values["id"]
    if kind == "own":
        values[wall.partner_column] = partner
    values.update(_shown_to_partners(wall.partner_where))
    return Row(model, values, (parent,) if parent is not None else ())


def new_id(model: type[models.Model]) -> Any:
    """A key that no row has."""
    return uuid4() if isinstance(model._meta.pk, models.UUIDField) else uuid4().int >> 66


def value_of(f: models.Field[Any, Any]) -> Any:
    """A value of the field's type: its default, its first choice, or a small one."""
    if isinstance(f, models.ForeignKey):
        return uuid4()
    if f.has_default() and not callable(f.default):
        return f.get_db_prep_save(f.get_default(), connection=_owner())
    if f.flatchoices:
        return f.flatchoices[0][0]
    for kind, make in _BY_TYPE:
        if isinstance(f, kind):
            value = make()
            return f.get_db_prep_save(value, connection=_owner())
    return uuid4().hex[: f.max_length or 32]


def _wanted(f: models.Field[Any, Any]) -> bool:
    """Only what must be given: not the keys (set by hand), nor what the database fills in or leaves empty."""
    if f.column in ("id", "tenant_id"):
        return False
    return not f.null and f.db_default is models.NOT_PROVIDED and not f.generated


def _shown_to_partners(where: str) -> dict[str, Any]:
    """The value that a `column = 'value'` or a bare `column` asks for, so that the row is one that partners see."""
    if where.isidentifier():
        return {where: True}
    column, equals, value = where.partition(" = ")
    return {column: value.strip("'")} if equals and value.startswith("'") and " " not in value else {}


def _owner() -> Any:
    from django.db import connections

    return connections["owner"]
