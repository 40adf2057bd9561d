"""A record as it stood on any day, rebuilt from what its entries say was before and after.

The last entry up to that day that names a field tells its value; the last that changed it tells who set it, for
entries repeat what stays as it is. Where none names it, the first later entry tells what it was before; where no
entry ever names it, it is as it is now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.records import Field, Record

MOST = 5000


@dataclass(frozen=True, slots=True)
class Stood:
    """One field on that day; `entry` is what made it so, None when it was so from the beginning."""

    field: Field
    value: Any
    known: bool
    entry: AuditEntry | None = None

    @property
    def shown(self) -> Any:
        """The value in words; nothing is nothing."""
        return self.field.show(self.value) if self.value not in (None, "", []) else None


@dataclass(frozen=True, slots=True)
class Standing:
    """The record on that day, the entry before it and the entry after it."""

    existed: bool
    fields: tuple[Stood, ...]
    last: AuditEntry | None
    following: AuditEntry | None
    erased: bool


def as_of(record: Record | None, target_type: str, target_id: UUID, moment: datetime) -> Standing | None:
    """The record at a moment; None where the audit knows nothing of it."""
    entries = list(
        AuditEntry.objects.filter(target_id=target_id, target_type=target_type).order_by("at", "recorded_at", "pk")[
            :MOST
        ]
    )
    if not entries:
        return None
    earlier = [entry for entry in entries if entry.at <= moment]
    later = entries[len(earlier) :]
    today = record.now(target_id) if record and record.now else None
    fields = record.fields if record and record.fields else _fields_of(entries)
    return Standing(
        existed=bool(earlier),
        fields=tuple(_stood(field, earlier, later, today) for field in fields),
        last=earlier[-1] if earlier else None,
        following=later[0] if later else None,
        erased=any(not entry.what_salt for entry in entries),
    )


def _stood(field: Field, earlier: Sequence[AuditEntry], later: Sequence[AuditEntry], today: Any) -> Stood:
    naming = [entry for entry in earlier if field.name in entry.after]
    if naming:
        return Stood(field, naming[-1].after[field.name], True, _set_by(field.name, naming))
    for entry in later:
        if field.name in entry.before:
            return Stood(field, entry.before[field.name], True)
        if field.name in entry.after:
            return Stood(field, None, True)  # it was set for the first time
    if today is not None and field.name in today:
        return Stood(field, today[field.name], True)
    return Stood(field, None, False)


def _set_by(name: str, naming: Sequence[AuditEntry]) -> AuditEntry | None:
    """The last entry after which the field is not as it was before; None where it was so before the first."""
    changed = None if name in naming[0].before and naming[0].before[name] == naming[0].after[name] else naming[0]
    for one, following in pairwise(naming):
        if following.after[name] != one.after[name]:
            changed = following
    return changed


def _fields_of(entries: Iterable[AuditEntry]) -> tuple[Field, ...]:
    """Of a kind that nobody registered: every field that an entry names."""
    names = sorted({name for entry in entries for name in (*entry.before, *entry.after)})
    return tuple(Field(name, name, _plain) for name in names)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
