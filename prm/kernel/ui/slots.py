"""Parts of a record's page that another app fills: the partner's page shows its deals without knowing deals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Slot:
    """`context(request, record_id)` gives what `template` shows; None leaves the slot out."""

    key: str
    label: str | Promise
    template: str
    context: Callable[[HttpRequest, Any], dict[str, Any] | None]
    order: int = 50


_slots: dict[str, dict[str, Slot]] = {}


def register_slot(record: str, slot: Slot) -> None:
    """Show a part on every page of a kind of record: `register_slot("partner", Slot("deals", …))`."""
    _slots.setdefault(record, {})[slot.key] = slot


def filled(record: str, request: HttpRequest, record_id: UUID | None) -> list[tuple[Slot, SafeString]]:
    """The slots of one record, or of a page that is about none, drawn, in order."""
    ordered = sorted(_slots.get(record, {}).values(), key=lambda slot: (slot.order, slot.key))
    drawn = ((slot, slot.context(request, record_id)) for slot in ordered)
    return [(slot, render_to_string(slot.template, context, request)) for slot, context in drawn if context is not None]
