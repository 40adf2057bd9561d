"""Records that the audit knows: where each has its page, and which of its fields it can tell of any day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Field:
    """A field as entries name it in `before` and `after`. `show` says a stored value in words."""

    name: str
    label: Text
    show: Callable[[Any], Any] = str


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record. `target_type` is its model in small letters; `now` reads the fields as they are now,
    for what no entry tells (None: not there any more)."""

    target_type: str
    label: Text
    url_name: str = ""
    fields: tuple[Field, ...] = ()
    now: Callable[[UUID], Mapping[str, Any] | None] | None = None
    roles: frozenset[str] = field(default_factory=frozenset)


_records: dict[str, Record] = {}


def register_record(record: Record) -> None:
    """Let entries about it link to its page, and tell it as it stood on any day."""
    _records[record.target_type] = record


def record_of(target_type: str) -> Record | None:
    return _records.get(target_type)


def known_types() -> list[tuple[str, Text]]:
    """Every kind with its word, by word."""
    return sorted(((one.target_type, one.label) for one in _records.values()), key=lambda pair: str(pair[1]))


def url_of(target_type: str, target_id: UUID) -> str:
    """The page of a record; empty where it has none."""
    record = _records.get(target_type)
    if record is None or not record.url_name:
        return ""
    try:
        return reverse(record.url_name, args=[target_id])
    except NoReverseMatch:
        return ""
