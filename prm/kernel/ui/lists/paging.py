"""Keyset pages: a cursor holds the last row's sort value and id, so page 1,000 costs what page 1 does."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Q, QuerySet

from prm.kernel.ui.lists.columns import resolve


@dataclass(frozen=True, slots=True)
class Order:
    """An order by one path, then by id in the same direction; nulls stand last either way."""

    path: str
    descending: bool
    nullable: bool

    @classmethod
    def of(cls, queryset: "QuerySet[Any]", sort: str) -> "Order":
        path = sort.removeprefix("-")
        return cls(path, sort.startswith("-"), _nullable(queryset, path))

    def by(self, *, backwards: bool) -> list[Any]:
        down = self.descending != backwards
        terms: list[Any] = []
        for path in (self.path, "pk") if self.path not in ("pk", "id") else ("pk",):
            nulls = self.nullable and path == self.path
            last = (True if not backwards else None) if nulls else None
            first = (True if backwards else None) if nulls else None
            term = (
                F(path).desc(nulls_first=first, nulls_last=last)
                if down
                else F(path).asc(nulls_first=first, nulls_last=last)
            )
            terms.append(term)
        return terms

    def beyond(self, value: Any, pk: Any, *, backwards: bool) -> Q:
        """The rows after (or, backwards, before) the one with this value and id."""
        more = "lt" if self.descending != backwards else "gt"
        if self.path in ("pk", "id"):
            return Q(**{f"pk__{more}": pk})
        tied = Q(**{f"pk__{more}": pk})
        if value is None:
            same = Q(**{f"{self.path}__isnull": True}) & tied
            return same | Q(**{f"{self.path}__isnull": False}) if backwards else same
        further = Q(**{f"{self.path}__{more}": value}) | (Q(**{self.path: value}) & tied)
        return further | Q(**{f"{self.path}__isnull": True}) if self.nullable and not backwards else further


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, and the cursors to the pages beside it."""

    rows: list[Any]
    after: str | None
    before: str | None


def slice_of(queryset: "QuerySet[Any]", order: Order, size: int, *, after: str = "", before: str = "") -> Slice:
    """One page. A cursor that can't be read is the first page."""
    backwards = bool(before)
    mark = _decode(queryset, order, before or after)
    if mark is None:
        backwards = False
    else:
        queryset = queryset.filter(order.beyond(*mark, backwards=backwards))
    rows, more = _found(queryset.order_by(*order.by(backwards=backwards)), size)
    if backwards:
        rows.reverse()
    ends = (rows[-1], rows[0]) if rows else (None, None)
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (more if backwards else mark is not None)
    return Slice(rows, _encode(order, ends[0]) if has_next else None, _encode(order, ends[1]) if has_previous else None)


def _found(ordered: "QuerySet[Any]", size: int) -> tuple[list[Any], bool]:
    """The first rows, and whether there are more.

    What the rows name beside them is joined to these alone: a table is not joined to be sorted. One that goes
    between the two questions is missing on its page, which is not the last for that.
    """
    if not ordered.query.select_related:
        found = list(ordered[: size + 1])
        return found[:size], len(found) > size
    ids = list(ordered.values_list("pk", flat=True)[: size + 1])
    return list(ordered.filter(pk__in=ids[:size])) if ids else [], len(ids) > size


def _encode(order: Order, row: Any) -> str:
    value = resolve(row, order.path) if order.path not in ("pk", "id") else None
    text = None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return urlsafe_b64encode(json.dumps([text, str(row.pk)]).encode()).decode().rstrip("=")


def _decode(queryset: "QuerySet[Any]", order: Order, cursor: str) -> tuple[Any, Any] | None:
    if not cursor or len(cursor) > 2000:
        return None
    try:
        text, pk = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        field = _field(queryset, order.path)
        value = field.to_python(text) if text is not None and field is not None else text
        return value, queryset.model._meta.pk.to_python(pk)
    except (ValueError, TypeError, ValidationError, binascii.Error):
        return None


def _field(queryset: "QuerySet[Any]", path: str) -> "Field[Any, Any] | None":
    """The field at the end of a path, or of an annotation."""
    annotations = queryset.query.annotations
    if path in annotations:
        output: Field[Any, Any] | None = getattr(annotations[path], "output_field", None)
        return output
    return _fields(queryset, path)[-1] if path not in ("pk", "id") else None


def _fields(queryset: "QuerySet[Any]", path: str) -> Sequence[Any]:
    model: Any = queryset.model
    fields = []
    for name in path.split("__"):
        field = model._meta.get_field(name)
        fields.append(field)
        model = field.related_model
    return fields


def _nullable(queryset: "QuerySet[Any]", path: str) -> bool:
    if path in ("pk", "id"):
        return False
    if path in queryset.query.annotations:
        return True
    try:
        return any(field.null for field in _fields(queryset, path))
    except FieldDoesNotExist:
        return True
