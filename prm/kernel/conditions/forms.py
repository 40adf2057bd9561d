"""The condition builder as a form field, for the console and for Django's admin alike."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.conditions.entry import ROOT, Entered, entered
from prm.kernel.conditions.facts import FactSchema, choices_read_once, schema_named
from prm.kernel.conditions.rows import Drawing
from prm.kernel.conditions.tree import ALWAYS, ConditionError
from prm.kernel.conditions.validation import canonical, validate
from prm.kernel.conditions.wording import sentence


class ConditionWidget(forms.Widget):
    """Rows of field, comparison and value in nested groups; each button redraws them through htmx."""

    template_name = "ui/condition_builder.html"
    use_fieldset = True

    class Media:
        css = {"all": ("css/conditions.css",)}
        js = ("django_htmx/htmx-2.min.js", "js/htmx-settings.js")

    def __init__(self, schema: FactSchema | str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self._schema = schema

    @cached_property
    def schema(self) -> FactSchema:
        """Looked up when first needed: apps register their facts while they load."""
        return schema_named(self._schema) if isinstance(self._schema, str) else self._schema

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Entered | None:
        return entered(data, name, self.schema)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-{ROOT}-join" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-{ROOT}-join" if id_ else id_

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        given = dict(attrs or {})
        return draw(
            self.schema,
            name,
            given.get("id") or f"id_{name}",
            value,
            described_by=given.get("aria-describedby", ""),
            disabled=bool(given.get("disabled")),
        )


class ConditionField(forms.Field):
    """A condition over a schema of facts; cleans to its one written form."""

    widget: Any = ConditionWidget
    default_error_messages = {"required": gettext_lazy("Add at least one rule.")}

    def __init__(self, schema: FactSchema | str, **options: Any) -> None:
        options.setdefault("widget", ConditionWidget(schema))
        options.setdefault("required", False)
        super().__init__(**options)

    @property
    def schema(self) -> FactSchema:
        schema: FactSchema = self.widget.schema
        return schema

    def clean(self, value: Any) -> dict[str, Any]:
        tree = value if value is not None else ALWAYS
        if problems := validate(tree, self.schema):
            raise ValidationError(_told([problem.message for problem in problems]), code="invalid")
        if self.required and not tree.get("rules"):
            raise ValidationError(self.error_messages["required"], code="required")
        return canonical(tree, self.schema)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return canonical(initial, self.schema) != canonical(data, self.schema)
        except ConditionError:
            return True


def draw(
    schema: FactSchema,
    name: str,
    ident: str,
    tree: Any,
    *,
    focus: str = "",
    described_by: str = "",
    disabled: bool = False,
    quiet: bool = False,
) -> SafeString:
    """The builder as HTML. What somebody typed is shown with its problems, unless `quiet`."""
    with choices_read_once():
        context = _context(schema, name, ident, tree, focus=focus, quiet=quiet)
    context |= {"described_by": described_by, "disabled": disabled}
    return mark_safe(render_to_string(ConditionWidget.template_name, context))  # noqa: S308 our own template


def _context(schema: FactSchema, name: str, ident: str, tree: Any, *, focus: str, quiet: bool) -> dict[str, Any]:
    told = validate(tree, schema) if isinstance(tree, Entered) and not quiet else []
    return {
        "box": Drawing(schema, name, ident, told, focus).box(tree),
        "name": name,
        "id": ident,
        "sentence": told_or_none(tree, schema),
        "edit_url": f"{reverse('conditions:edit', args=[schema.name, name])}?{urlencode({'id': ident})}",
        "preview_url": reverse("conditions:preview", args=[schema.name, name]),
    }


def told_or_none(tree: Any, schema: FactSchema) -> str | None:
    """The sentence of the tree; None while it is incomplete."""
    return None if validate(tree, schema) else sentence(tree, schema)


def _told(messages: list[str]) -> str:
    if len(messages) == 1:
        return messages[0]
    return ngettext(
        "%(count)d row isn't complete. It is marked.",
        "%(count)d rows aren't complete. They are marked.",
        len(messages),
    ) % {"count": len(messages)}
