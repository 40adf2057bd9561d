"""The form of a block, or of the workflow's head, and what it writes back into the tree."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from workflows.designer import blockparts, headparts
from workflows.designer.fields import Drawn, RowsField
from workflows.designer.offers import Offers
from workflows.designer.parts import Part
from workflows.designer.trees import Block, ways

PREFIX = "b"


@dataclass(frozen=True)
class Section:
    """Fields that belong together; those of a case or a branch carry its number."""

    fields: Sequence[BoundField]
    way: int | None = None
    name: str = ""
    empty: bool = True


class PartsForm(forms.Form):
    """A form made of parts. Nothing in it is required: the lint says what is missing, where it is missing."""

    def __init__(self, parts: Sequence[Part], subject: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data, prefix=PREFIX, initial={part.name: part.value for part in parts})
        self.parts, self.subject = parts, subject
        for part in parts:
            if part.reshapes:
                part.field.widget.attrs["data-reshapes"] = ""
            self.fields[part.name] = part.field

    def written(self) -> Block:
        """The subject with everything that was typed well; what was not stays as it was."""
        changed: Block = deepcopy(dict(self.subject))
        self.is_valid()
        for part in self.parts:
            if part.name in self.cleaned_data and part.name in self.changed_data and self._was_asked(part):
                part.write(changed, self.cleaned_data[part.name])
        return changed

    def _was_asked(self, part: Part) -> bool:
        """Whether the browser's form had this field at all; boxes that are all off send nothing."""
        if isinstance(part.field, forms.MultipleChoiceField):
            return f"{self.add_prefix(part.name)}-asked" in self.data
        if isinstance(part.field, RowsField):
            return any(name.startswith(f"{self.add_prefix(part.name)}-0-") for name in self.data)
        widget, name = part.field.widget, self.add_prefix(part.name)
        if isinstance(widget, Drawn):
            return f"{name}_0" in self.data
        return not widget.value_omitted_from_data(self.data, self.files, name)

    def sections(self) -> list[Section]:
        """The fields in their groups, in order."""
        groups: dict[str, list[BoundField]] = {}
        for part in self.parts:
            groups.setdefault(part.group, []).append(self[part.name])
        found = {way.number: way for way in ways(self.subject, "")}
        made = []
        for group, fields in groups.items():
            number = int(group.partition(":")[2]) if group else None
            way = found.get(number) if number is not None else None
            made.append(Section(fields, number, way.name if way else "", not (way and way.blocks)))
        return made


def block_form(block: Mapping[str, Any], offers: Offers, data: Any = None) -> PartsForm:
    return PartsForm(blockparts.parts_of(block, offers), block, data)


def head_form(tree: Mapping[str, Any], offers: Offers, data: Any = None) -> PartsForm:
    return PartsForm(headparts.parts_of(tree, offers), tree, data)
