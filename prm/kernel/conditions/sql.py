"""Conditions as a Django Q that agrees with Python, empty values included.

Each comparison is written so that the database never sees "unknown": `column IS NOT NULL AND …` is plainly
false for an empty column, and its negation plainly true.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains as ArrayContains
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.db.models.fields.json import DataContains
from django.db.models.functions import Cast, Collate, Left, Lower, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from django.db.models.sql import Query
from django.utils.translation import gettext as _

from prm.kernel.conditions import folding
from prm.kernel.conditions.facts import FactSchema, Orm
from prm.kernel.conditions.operators import CHANGES, DAYS
from prm.kernel.conditions.python import anchor_of, bounds
from prm.kernel.conditions.tree import Group, Leaf, parsed

NEVER = Q(pk__in=[])


class NotQueryable(ValueError):
    """The condition can be judged for one subject, but not counted in the database."""


def to_q(tree: Any, schema: FactSchema, *, now: datetime | None = None, today: date | None = None) -> Q:
    """The condition as a filter on the schema's model.

    Raises ConditionError when malformed, NotQueryable for facts that no column holds and for changes.
    """
    return _Writer(model_of(schema), now, today).group(parsed(tree, schema))


def model_of(schema: FactSchema) -> type[models.Model]:
    """The model whose rows are the schema's subjects; raises NotQueryable when there is none."""
    if schema.model is None:
        raise NotQueryable(_("There is no list of %(subject)s to count.") % {"subject": schema.label})
    return apps.get_model(schema.model) if isinstance(schema.model, str) else schema.model


@dataclass(frozen=True)
class _Column:
    """Where a fact is found: its path from the model or an expression, its field, whether many rows may hold it."""

    path: Any
    field: Any
    many: bool

    @property
    def at(self) -> Any:
        return F(self.path) if isinstance(self.path, str) else self.path

    @property
    def is_text(self) -> bool:
        return isinstance(self.field, (models.CharField, models.TextField))

    @property
    def empty(self) -> Q:
        return ~self.filled

    @property
    def filled(self) -> Q:
        there = Q(IsNull(self.at, False))
        if isinstance(self.field, (ArrayField, models.JSONField)):
            return there & ~_no_items(self)
        return there & ~Q(Exact(self.at, Value(""))) if self.is_text else there

    def stored(self, value: str) -> Any:
        """The value as the column stores it; raises ValidationError when it can't be stored there."""
        field = self.field.target_field if self.field.is_relation else self.field
        return field.to_python(value)


class _Writer:
    def __init__(self, model: type[models.Model], now: datetime | None, today: date | None) -> None:
        self.model, self.now, self.today = model, now, today

    def group(self, group: Group) -> Q:
        parts = [self.group(node) if isinstance(node, Group) else self.leaf(node) for node in group.nodes]
        if not parts:
            return NEVER if group.negated else Q()
        joined = Q(*parts, _connector=Q.OR if group.combinator == "or" else Q.AND)
        return ~joined if group.negated else joined

    def leaf(self, leaf: Leaf) -> Q:
        if leaf.operator in CHANGES:
            raise NotQueryable(
                _("%(field)s: a change is known at an event only, so it can't be counted now.")
                % {"field": leaf.fact.label}
            )
        column = self._column(leaf)
        if leaf.fact.type == "list":
            return _ManyValues(self.model, column).leaf(leaf)
        if leaf.operator == "is_empty":
            return column.empty
        if leaf.operator == "is_not_empty":
            return column.filled
        if leaf.operator in DAYS:
            anchor = anchor_of(leaf.fact, self.now, self.today)
            return column.filled & _between(column.at, bounds(leaf.operator, leaf.value, anchor))
        return _compared(leaf, column)

    def _column(self, leaf: Leaf) -> _Column:
        column = _column(self.model, leaf.fact.orm, self.today)
        if column is None:
            raise NotQueryable(_("%(field)s isn't stored, so it can't be counted.") % {"field": leaf.fact.label})
        if not _suits(column, leaf.fact.type):
            raise NotQueryable(
                _("%(field)s is stored in another form, so it can't be counted.") % {"field": leaf.fact.label}
            )
        return column


def _column(model: type[models.Model], path: Orm | None, today: date | None) -> _Column | None:
    if path is None or (callable(path) and today is None):
        return None
    if not isinstance(path, str):
        found = path(today)
        return _Column(found, found.output_field, many=False)
    try:
        steps, field, _targets, rest = Query(model).names_to_path(path.split("__"), model._meta)
    except FieldError:
        return None
    return None if rest else _Column(path, field, any(step.m2m for step in steps))


def _suits(column: _Column, fact_type: str) -> bool:
    """Whether the column's values are of the fact's type, so that SQL judges as Python does."""
    if fact_type == "list":
        return column.many or isinstance(column.field, (ArrayField, models.JSONField))
    if column.many or (fact_type == "text" and not column.is_text):
        return False
    is_moment = isinstance(column.field, models.DateTimeField)
    return is_moment == (fact_type == "datetime")


def _compared(leaf: Leaf, column: _Column) -> Q:
    """A comparison with one column; false when the column is empty."""
    if leaf.fact.type == "text":
        return column.filled & _TEXTS[leaf.operator](_Folded(column.at), leaf.value)
    if leaf.fact.type not in ("choice", "id"):
        return column.filled & _TESTS[leaf.operator](column.at, leaf.value)
    return column.filled & _coded(leaf, column)


def _coded(leaf: Leaf, column: _Column) -> Q:
    """A code compared as the column stores it; what it can't store equals nothing."""
    wanted = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    among = _among(column.at, [value for code in wanted for value in _storable(column, code)])
    return ~among if leaf.operator in ("!=", "not_in") else among


def _storable(column: _Column, code: str) -> Iterable[Any]:
    try:
        value = column.stored(code)
    except (ValidationError, ValueError):
        return ()
    return (value,) if str(value) == code else ()


class _ManyValues:
    """Lists: an array, a JSON list, or the rows of a relation."""

    def __init__(self, model: type[models.Model], column: _Column) -> None:
        self.model, self.column = model, column

    def leaf(self, leaf: Leaf) -> Q:
        if leaf.operator == "is_empty":
            return ~self._filled()
        if leaf.operator == "is_not_empty":
            return self._filled()
        wanted = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        found = Q(*(self._has(code) for code in wanted), _connector=Q.OR)
        return self._filled() & (~found if leaf.operator == "not_in" else found)

    def _filled(self) -> Q:
        if not self.column.many:
            return self.column.filled
        return self._related(self.column.filled)

    def _has(self, code: str) -> Q:
        if not self.column.many:
            return _holds_item(self.column, code)
        values = list(_storable(self.column, code))
        return self._related(Q((f"{self.column.path}__in", values)))

    def _related(self, condition: Q) -> Q:
        rows = self.model._base_manager.filter(condition, pk=OuterRef("pk"))
        return Q(Exists(rows))


def _holds_item(column: _Column, code: str) -> Q:
    if isinstance(column.field, ArrayField):
        texts = ArrayField(models.TextField())
        return Q(ArrayContains(Cast(column.at, texts), Cast(Value([code], texts), texts)))
    return Q(DataContains(column.at, Value([code], models.JSONField())))


def _no_items(column: _Column) -> Q:
    if isinstance(column.field, ArrayField):
        items = Func(column.at, function="cardinality", output_field=models.IntegerField())
        return Q(Exact(items, 0))
    none, null = Value([], models.JSONField()), Value(None, models.JSONField())
    return Q(Exact(column.at, none)) | Q(Exact(column.at, null))


class _Folded(Func):
    """`folding.fold` in SQL: ASCII by the C collation, accented Latin letters by our own table."""

    function = "translate"
    output_field = models.TextField()

    def __init__(self, expression: Any) -> None:
        super().__init__(Lower(Collate(expression, "C")), Value(folding.UPPER), Value(folding.LOWER))


def _text_among(text: Any, values: Any) -> Q:
    return _among(text, [folding.fold(value) for value in values])


def _among(expression: Any, values: Iterable[Any]) -> Q:
    wanted = list(values)
    return Q(In(expression, wanted)) if wanted else NEVER


def _between(expression: Any, pair: Any) -> Q:
    low, high = pair
    return Q(GreaterThanOrEqual(expression, low)) & Q(LessThanOrEqual(expression, high))


_Test = Callable[[Any, Any], Q]
_TESTS: Mapping[str, _Test] = MappingProxyType(
    {
        "=": lambda column, value: Q(Exact(column, value)),
        "!=": lambda column, value: ~Q(Exact(column, value)),
        "<": lambda column, value: Q(LessThan(column, value)),
        "<=": lambda column, value: Q(LessThanOrEqual(column, value)),
        ">": lambda column, value: Q(GreaterThan(column, value)),
        ">=": lambda column, value: Q(GreaterThanOrEqual(column, value)),
        "before": lambda column, value: Q(LessThan(column, value)),
        "after": lambda column, value: Q(GreaterThan(column, value)),
        "between": _between,
        "in": _among,
        "not_in": lambda column, values: ~_among(column, values),
    }
)
_TEXTS: Mapping[str, _Test] = MappingProxyType(
    {
        "=": lambda text, value: Q(Exact(text, folding.fold(value))),
        "!=": lambda text, value: ~Q(Exact(text, folding.fold(value))),
        "contains": lambda text, value: Q(GreaterThan(StrIndex(text, Value(folding.fold(value))), 0)),
        "starts_with": lambda text, value: Q(Exact(Left(text, len(value)), folding.fold(value))),
        "in": _text_among,
        "not_in": lambda text, values: ~_text_among(text, values),
    }
)
