"""Form fields: label, control, help and error, wired for a screen reader."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.template import Library
from django.utils.safestring import SafeString

register = Library()

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "checkbox"),
    (forms.CheckboxSelectMultiple, "checkbox"),  # before its own base, RadioSelect
    (forms.RadioSelect, "radio"),
    (forms.Textarea, "textarea"),
    (forms.SelectMultiple, "select"),
    (forms.Select, "select"),
    (forms.FileInput, "file-input"),
)


@register.inclusion_tag("ui/field.html")
def field(
    bound: BoundField, label: Any = None, help: Any = None, rule: Any = "", key: str = "", **attrs: Any
) -> dict[str, Any]:
    """One field. `rule` is the name of a rule that reads it, shown beside the label.

    Further attributes go to the control, with `_` for `-`: hx_get="…", autocomplete="off".
    """
    widget = bound.field.widget
    return {
        "field": bound,
        "label": bound.label if label is None else label,
        "help": bound.help_text if help is None else help,
        "control": _control(bound, key, attrs),
        "errors": bound.errors,
        "is_check": isinstance(widget, forms.CheckboxInput),
        "is_group": isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)),
        "is_hidden": bound.is_hidden,
        "optional": not bound.field.required and not isinstance(widget, forms.CheckboxInput),
        "rule": rule,
    }


def _control(bound: BoundField, key: str, attrs: dict[str, Any]) -> SafeString:
    base = "input"
    for kind, name in _CLASSES:
        if isinstance(bound.field.widget, kind):
            base = name
            break
    own = bound.field.widget.attrs
    given: dict[str, Any] = {name.replace("_", "-"): value for name, value in attrs.items()}
    given["class"] = " ".join(filter(None, (base, own.get("class", ""), given.get("class", ""))))
    bound.field.widget.attrs = {**own, "class": given["class"]}  # a group's own controls carry it too
    if key:
        given["data-key"] = key
    if ids := _described_by(bound):
        given["aria-describedby"] = ids
    if bound.errors:
        given["aria-invalid"] = "true"
    return bound.as_widget(attrs=given)


def _described_by(bound: BoundField) -> str:
    parts = [f"{bound.auto_id}-error"] if bound.errors else []
    return " ".join([*parts, f"{bound.auto_id}-help"] if bound.help_text else parts)


@register.inclusion_tag("ui/fields.html")
def fields(form: forms.BaseForm) -> dict[str, Any]:
    """Every field of a form, one under the other."""
    return {"form": form}


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """What is wrong, above the form: errors of the whole, and links to the fields that have one."""
    wrong = [bound for bound in form if bound.errors and not bound.is_hidden]
    return {"form": form, "wrong": wrong, "whole": form.non_field_errors()}
