"""Configuration that has no rules of its own: kept and dropped with an audit row each."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import models

from prm.kernel import audit
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.calendars import holidays_for
from prm.kernel.reference.models import Calendar, Holiday


def values_of(record: models.Model) -> dict[str, Any]:
    """The record's own columns, as the audit keeps them; of what rests encrypted only that it is there."""
    skipped = ("id", "tenant_id")
    names = [field.attname for field in record._meta.local_concrete_fields if field.attname not in skipped]
    return {name: _kept(getattr(record, name), sealed=name.startswith("sealed_")) for name in names}


def _kept(value: Any, *, sealed: bool) -> Any:
    return f"#{sha256(str(value).encode()).hexdigest()[:8]}" if sealed and value else value


def keep_record(*, record: models.Model, before: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Save a row of configuration; `before` is what it held, empty for a new one."""
    record.save()
    after = values_of(record)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    if not changed:
        return
    audit.record(
        "configuration.changed" if before else "configuration.added",
        target=record,
        actor=actor,
        at=now,
        before={name: before.get(name) for name in changed} if before else {},
        after=changed,
    )


def drop_record(*, record: models.Model, actor: Actor, now: datetime) -> None:
    """Delete a row of configuration; what it held stays in the audit."""
    audit.record("configuration.removed", target=record, actor=actor, at=now, before=values_of(record))
    record.delete()


def seed_holidays(
    *, calendar: Calendar, country: str, years: range, actor: Actor, now: datetime, subdivision: str = ""
) -> int:
    """Add a country's public holidays to a calendar; days that are there stay. Returns how many are new.

    Raises ValueError for a country or subdivision that the table does not have.
    """
    days = holidays_for(country, subdivision or None, years)
    held = set(calendar.holidays.values_list("day", flat=True))
    fresh = [Holiday(calendar=calendar, day=day, name=name[:120]) for day, name in days.items() if day not in held]
    Holiday.objects.bulk_create(fresh)
    if fresh:
        audit.record(
            "calendar.holidays_seeded",
            target=calendar,
            actor=actor,
            at=now,
            after={"country": country, "subdivision": subdivision, "days": len(fresh)},
        )
    return len(fresh)
