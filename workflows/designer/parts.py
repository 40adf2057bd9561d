"""What a form of the designer is made of: each part reads one thing of a block and writes it back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from prm.kernel.conditions.forms import ConditionField
from workflows.designer.fields import DurationField, checks, choice
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


def put(block: Block, key: str, value: Any) -> None:
    """Set a part of a block; what is empty is left out."""
    if value is None or value == "" or value == [] or value == {}:
        block.pop(key, None)
    else:
        block[key] = value


def _keep(key: str) -> Write:
    return lambda block, value: put(block, key, value)


def text(block: Mapping[str, Any], key: str, label: Any, *, most: int = 200, **options: Any) -> Part:
    field = forms.CharField(label=label, required=False, max_length=most, **options)
    return Part(key, field, block.get(key, ""), _keep(key))


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


def tick(block: Mapping[str, Any], key: str, label: Any, choices: Iterable[tuple[str, Any]], **options: Any) -> Part:
    current = block.get(key) or []
    return Part(key, checks(label, list(choices), current, **options), current, _keep(key))


def duration(
    block: Mapping[str, Any], key: str, label: Any, offers: Offers, *, business: bool = True, **options: Any
) -> list[Part]:
    """A time; or one of the workflow's settings."""
    return with_setting(
        Part(key, DurationField(label=label, business=business, **options), block.get(key), _keep(key)), block, offers
    )


def number(
    block: Mapping[str, Any], key: str, label: Any, offers: Offers, *, least: int, most: int, **options: Any
) -> list[Part]:
    field = forms.IntegerField(label=label, required=False, min_value=least, max_value=most, **options)
    return with_setting(Part(key, field, block.get(key), _keep(key)), block, offers)


def with_setting(part: Part, block: Mapping[str, Any], offers: Offers) -> list[Part]:
    """The part, and beside it the settings that could stand in its place."""
    current = block.get(part.name)
    setting = str(current["parameter"]) if isinstance(current, Mapping) and "parameter" in current else ""
    if not offers.parameters and not setting:
        return [part]

    def write(changed: Block, value: Any) -> None:
        if value:
            changed[part.name] = {"parameter": value}
        elif setting:
            changed.pop(part.name, None)

    label = _("%(field)s: taken from") % {"field": part.field.label}
    beside = choice(label, offers.parameters, setting, none=_("Written here"))
    chosen = Part(f"{part.name}_setting", beside, setting, write, reshapes=True)
    return [chosen] if setting else [part, chosen]


def condition(block: Mapping[str, Any], key: str, label: Any, offers: Offers, **options: Any) -> list[Part]:
    """A condition on the facts that are known; nothing while the trigger isn't chosen."""
    if offers.schema is None:
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
