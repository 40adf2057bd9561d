"""What a form of the designer is made of: each part reads one thing of a block and writes it back."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from prm.kernel.conditions.forms import ConditionField
from workflows.designer.fields import DurationField, SourceField, checks, choice
from workflows.designer.offers import Offers
from workflows.designer.trees import Block

Write = Callable[[Block, Any], None]


@dataclass(frozen=True)
class Part:
    """One field of a form. `reshapes`: the form looks otherwise once it is changed."""

    name: str
    field: forms.Field
    value: Any
    write: Write
    reshapes: bool = False
    group: str = ""
    fits: tuple[str, ...] = ()  # types of settings that can stand in its place


def put(block: Block, key: str, value: Any) -> None:
    """Set a part of a block; what is empty is left out."""
    if value is None or value == "" or value == [] or value == {}:
        block.pop(key, None)
    else:
        block[key] = value


def _keep(key: str) -> Write:
    return lambda block, value: put(block, key, value)


def text(
    block: Mapping[str, Any], key: str, label: Any, *, most: int = 200, settable: bool = False, **options: Any
) -> Part:
    field = forms.CharField(label=label, required=False, max_length=most, **options)
    return Part(key, field, block.get(key, ""), _keep(key), fits=("text",) if settable else ())


def pick(
    block: Mapping[str, Any],
    key: str,
    label: Any,
    choices: Iterable[tuple[str, Any]],
    *,
    reshapes: bool = False,
    none: Any = None,
    **options: Any,
) -> Part:
    current = block.get(key)
    field = choice(label, list(choices), current, none=none, **options)
    return Part(key, field, current, _keep(key), reshapes)


def tick(
    block: Mapping[str, Any],
    key: str,
    label: Any,
    choices: Iterable[tuple[str, Any]],
    *,
    people: bool = False,
    **options: Any,
) -> Part:
    given = block.get(key)
    current = given if isinstance(given, (list, Mapping)) else []
    field = checks(label, list(choices), current, **options)
    return Part(key, field, current, _keep(key), fits=("recipients",) if people else ())


def duration(block: Mapping[str, Any], key: str, label: Any, *, business: bool = True, **options: Any) -> Part:
    """A time, typed as people say it."""
    field = DurationField(label=label, business=business, **options)
    return Part(key, field, block.get(key), _keep(key), fits=("minutes",))


def number(block: Mapping[str, Any], key: str, label: Any, *, least: int, most: int, **options: Any) -> Part:
    field = forms.IntegerField(label=label, required=False, min_value=least, max_value=most, **options)
    return Part(key, field, block.get(key), _keep(key), fits=("count",))


def with_settings(parts: Iterable[Part], offers: Offers) -> Iterator[Part]:
    """The parts; where one of the workflow's settings stands in a value's place or could, a choice of them."""
    for part in parts:
        chosen = setting_of(part.value) if not isinstance(part.field, SourceField) else ""
        fitting = [(key, label) for key, label, kind in offers.settings if kind in part.fits]
        if not chosen and not fitting:
            yield part
            continue
        if not chosen:
            yield part
        label = _("%(field)s: taken from") % {"field": part.field.label}
        field = choice(label, fitting, chosen, none=_("Written here"))
        yield replace(part, name=f"{part.name}_setting", field=field, value=chosen, write=_set(part), reshapes=True)


def _set(part: Part) -> Write:
    return lambda block, value: part.write(block, {"parameter": value} if value else None)


def setting_of(value: Any) -> str:
    """The key of the setting that stands for the value."""
    return str(value["parameter"]) if isinstance(value, Mapping) and set(value) == {"parameter"} else ""


def condition(block: Mapping[str, Any], key: str, label: Any, offers: Offers, **options: Any) -> list[Part]:
    """A condition on the facts that are known; nothing while the trigger isn't chosen, or where settings are in it."""
    if offers.schema is None or '"parameter"' in json.dumps(block.get(key) or {}):
        return []
    field = ConditionField(schema=offers.schema, label=label, **options)

    def write(changed: Block, value: Any) -> None:
        changed[key] = value if value.get("rules") else {}

    return [Part(key, field, block.get(key) or {}, write)]


def answer(block: Mapping[str, Any]) -> Part:
    """The name under which later blocks ask for the answer."""
    field = forms.RegexField(
        r"^[a-z][a-z0-9_-]{0,39}$",
        label=_("Remember the answer as"),
        required=False,
        help_text=_("Branches after this block can ask for it. Small letters, digits and _."),
        error_messages={"invalid": _("Use small letters, digits and _, and begin with a letter.")},
    )
    return Part("save_as", field, block.get("save_as", ""), _keep("save_as"))
