"""Form fields of the designer: a time with its unit, rows of a table, and a value with its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.conditions import Fact

MOST_ROWS = 30
_UNITS = ((1440, gettext_lazy("days")), (60, gettext_lazy("hours")), (1, gettext_lazy("minutes")))


class Drawn(forms.Widget):
    """A widget of several controls, drawn by its own template."""

    use_fieldset = True
    template_name = ""

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else id_

    def drawn(self, name: str, value: Any) -> dict[str, Any]:
        raise NotImplementedError

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        given = {**self.attrs, **(attrs or {})}
        context = {
            "name": name,
            "id": given.get("id", f"id_{name}"),
            "described_by": given.get("aria-describedby", ""),
            "invalid": "aria-invalid" in given,
            **self.drawn(name, value),
        }
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308 our own template


class DurationWidget(Drawn):
    """A whole number and its unit."""

    template_name = "workflows/designer/duration.html"

    def __init__(self, business: bool) -> None:
        super().__init__()
        self.business = business

    def drawn(self, name: str, value: Any) -> dict[str, Any]:
        units = _UNITS[1:] if self.business else _UNITS
        if isinstance(value, tuple):
            number, size = value
        elif isinstance(value, int) and value:
            size = next(size for size, _label in units if value % size == 0)
            number = value // size
        else:
            number, size = "", 60
        return {"number": number, "units": [(unit, label, unit == size) for unit, label in units]}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        number, unit = data.get(f"{name}_0", ""), data.get(f"{name}_1", "60")
        return (number.strip(), int(unit) if unit in ("1", "60", "1440") else 60)


class DurationField(forms.Field):
    """Minutes, typed as people say them."""

    def __init__(self, *, business: bool = True, **options: Any) -> None:
        super().__init__(widget=DurationWidget(business), required=False, **options)

    def clean(self, value: Any) -> int | None:
        number, size = value
        if not number:
            return None
        if not str(number).isascii() or not str(number).isdigit() or not 0 < int(number) * size <= 527_040:
            raise ValidationError(_("Write a whole number, up to a year."))
        return int(number) * size

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _changed(self, initial, data)


@dataclass(frozen=True)
class Col:
    """One column of a table of rows. `kind` is text, number, select, checks or source."""

    key: str
    label: Any
    kind: str = "text"
    choices: Sequence[Any] = field(default=())


class RowsWidget(Drawn):
    """Rows with one blank at the end; a row that is emptied goes away."""

    template_name = "workflows/designer/rows.html"

    def __init__(self, columns: Sequence[Col], noun: Any) -> None:
        super().__init__()
        self.columns, self.noun = columns, noun

    def drawn(self, name: str, value: Any) -> dict[str, Any]:
        rows = [row for row in (value if isinstance(value, list) else []) if isinstance(row, Mapping)][:MOST_ROWS]
        drawn = [
            {"number": number, "cells": [self._cell(name, number, column, row) for column in self.columns]}
            for number, row in enumerate([*rows, {}])
        ]
        return {"rows": drawn, "noun": self.noun}

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-{self.columns[0].key}" if id_ else id_

    def _cell(self, name: str, number: int, column: Col, row: Mapping[str, Any]) -> dict[str, Any]:
        value = row.get(column.key, [] if column.kind == "checks" else "")
        chosen = {str(one) for one in value} if isinstance(value, list) else {str(value)}
        options: list[Any] = [(key, label, key in chosen) for key, label in column.choices]
        known = {key for key, _label, _is in options}
        if column.kind in ("select", "checks"):
            options += [(one, one, True) for one in sorted(chosen - known - {""})]
        return {
            "name": f"{name}-{number}-{column.key}",
            "label": column.label,
            "kind": column.kind,
            "value": value,
            "options": options,
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        rows = []
        for number in range(MOST_ROWS):
            names = {column.key: f"{name}-{number}-{column.key}" for column in self.columns}
            row: dict[str, Any] = {
                column.key: data.getlist(names[column.key])
                if column.kind == "checks"
                else data.get(names[column.key], "").strip()
                for column in self.columns
            }
            if any(row[column.key] for column in self.columns if column.kind != "select" or len(self.columns) == 1):
                rows.append(row)
        return rows


class RowsField(forms.Field):
    """A list of dicts, one for each row."""

    def __init__(self, columns: Sequence[Col], noun: Any, **options: Any) -> None:
        super().__init__(widget=RowsWidget(columns, noun), required=False, **options)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = value or []
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((data or []) != (initial or []))


class SourceWidget(Drawn):
    """A value written here, or where it comes from."""

    template_name = "workflows/designer/source.html"

    def __init__(self, fact: Fact, sources: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        self.fact, self.sources = fact, sources

    def drawn(self, name: str, value: Any) -> dict[str, Any]:
        chosen, typed = self.parts(value)
        known = {key for _group, choices in self.sources for key, _label in choices}
        literal = self.fact.choice_list()
        if self.fact.type == "bool":
            literal = [("true", _("yes")), ("false", _("no"))]
        return {
            "chosen": chosen,
            "typed": typed,
            "groups": [
                (group, [(key, label, key == chosen) for key, label in choices]) for group, choices in self.sources
            ],
            "stray": chosen if chosen and chosen not in known else "",
            "label": self.fact.label,
            "kind": {"money": "number", "number": "number", "date": "date"}.get(self.fact.type, "text"),
            "options": [(key, label, key == typed) for key, label in literal],
        }

    def parts(self, value: Any) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        for kind in ("from", "parameter"):
            if isinstance(value, Mapping) and kind in value:
                return f"{kind}:{value[kind]}", ""
        if isinstance(value, bool):
            return "", "true" if value else "false"
        if isinstance(value, list):
            return "", ", ".join(map(str, value))
        return "", "" if value is None else str(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, str]:
        return data.get(f"{name}_0", ""), data.get(f"{name}_1", "").strip()


class SourceField(forms.Field):
    """A parameter's value as the tree has it: plain, {"from": …} or {"parameter": …}; None is left out."""

    def __init__(self, fact: Fact, sources: Sequence[tuple[str, Any]], **options: Any) -> None:
        super().__init__(widget=SourceWidget(fact, sources), required=False, label=fact.label, **options)
        self.fact = fact

    def clean(self, value: Any) -> Any:
        source, typed = value
        kind, _colon, name = source.partition(":")
        if kind in ("from", "parameter") and name:
            return {kind: name}
        if not typed:
            return None
        return self._typed(typed)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.widget.parts(initial) != data)

    def _typed(self, typed: str) -> Any:
        if self.fact.type == "bool":
            return typed == "true"
        if self.fact.type == "list":
            return [part.strip() for part in typed.split(",") if part.strip()]
        if self.fact.type in ("number", "money"):
            try:
                number = Decimal(typed)
            except InvalidOperation:
                raise ValidationError(_("Write a number, such as 1000.00.")) from None
            if not number.is_finite():
                raise ValidationError(_("Write a number, such as 1000.00."))
        return typed


class PercentsField(forms.CharField):
    """Whole percentages, separated by commas."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=60, **options)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:  # type: ignore[override]
        parts = [part.strip().rstrip("%").strip() for part in str(super().clean(value)).split(",")]
        found = [part for part in parts if part]
        if not all(part.isascii() and part.isdigit() and 0 < int(part) < 100 for part in found):
            raise ValidationError(_("Write percentages between 1 and 99, such as 50, 80."))
        return sorted({int(part) for part in found})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _changed(self, initial or [], data)


def _changed(field: forms.Field, initial: Any, data: Any) -> bool:
    """Whether what was typed means something else; what can't be read is a change."""
    try:
        return bool(field.clean(data) != initial)
    except ValidationError:
        return True


def choice(label: Any, choices: Sequence[tuple[str, Any]], current: Any, *, none: Any = None, **options: Any) -> Any:
    """A select that also shows what is chosen now, should nobody offer it any more."""
    known = list(choices)
    value = current if isinstance(current, str) else ""
    if value and value not in {key for key, _label in known}:
        known.append((value, _("%(value)s (not offered any more)") % {"value": value[:60]}))
    if none is not None or not value:
        known.insert(0, ("", none if none is not None else _("Choose…")))
    return forms.ChoiceField(label=label, choices=known, required=False, **options)


def checks(label: Any, choices: Sequence[tuple[str, Any]], current: Any, **options: Any) -> Any:
    """Boxes to tick; those ticked now are there even if nobody offers them any more."""
    known = list(choices)
    values = [str(one) for one in current] if isinstance(current, list) else []
    known += [(value, value) for value in values if value not in {key for key, _label in known}]
    return forms.MultipleChoiceField(
        label=label, choices=known, required=False, widget=forms.CheckboxSelectMultiple, **options
    )
