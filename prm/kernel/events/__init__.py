"""Publish what happened, and react to it exactly once.

`publish()` writes the event and one delivery per handler in the caller's transaction. The relay
(prm/kernel/events/relay.py) runs the handlers; Redis only hints that there is something to do.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, transaction

from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import deciding, tenant_id
from prm.kernel.tenancy.ids import uuid7


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an app publishes: ids and a snapshot, nothing that must be looked up to be understood.

    `facts` is what workflows may ask about it; with `before` set, conditions can ask "changed to".
    """

    name: ClassVar[str]
    subject_id: UUID
    partner_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        document: dict[str, Any] = jsonable({f.name: getattr(self, f.name) for f in fields(self)})
        return document


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event as a handler gets it. `id` is the cause to name in whatever follows from it."""

    id: UUID
    name: str
    subject_id: UUID
    partner_id: UUID | None
    payload: Mapping[str, Any]
    at: datetime
    cause: str = ""

    @property
    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self.payload.get("facts", {})
        return facts


Handler = Callable[[Delivered, datetime], None]
_handlers: dict[str, tuple[Callable[[str], bool], Handler]] = {}


def handler(*names: str, name: str, when: Callable[[str], bool] | None = None) -> Callable[[Handler], Handler]:
    """Register a reaction. `name` is its receipt's name and must never change.

    `when` picks by event name; it is asked as the vendor whenever an event is published.
    """

    def register(function: Handler) -> Handler:
        if name in _handlers and _handlers[name][1] is not function:
            raise ValueError(f"Two handlers are called {name!r}.")
        _handlers[name] = (when or (lambda event_name: event_name in names), function)
        return function

    return register


def handlers_of(event_name: str) -> list[str]:
    return sorted(name for name, (wants, _) in _handlers.items() if wants(event_name))


def handler_named(name: str) -> Handler | None:
    entry = _handlers.get(name)
    return entry[1] if entry else None


_because: ContextVar[str] = ContextVar("because", default="")


@contextmanager
def because(cause: str) -> Iterator[None]:
    """Everything published inside names this cause, unless it names its own."""
    token = _because.set(cause)
    try:
        yield
    finally:
        _because.reset(token)


def publish(event: Event, *, at: datetime, cause: str = "", after: timedelta = timedelta(0)) -> UUID:
    """Write the event and its deliveries; they are seen only if this transaction commits.

    `after` holds the deliveries back for so long, by the machine's clock: what can be undone until then.
    """
    from prm.kernel.events.relay import hint

    identity = uuid7()
    with deciding(), connection.cursor() as cursor:
        handlers = handlers_of(event.name)
        cursor.execute(
            _PUBLISH,
            {
                "id": identity,
                "tenant": tenant_id(),
                "name": event.name,
                "subject": event.subject_id,
                "partner": event.partner_id,
                "payload": json.dumps(event.payload()),
                "cause": cause or _because.get(),
                "at": at,
                "handlers": handlers,
                "after": after.total_seconds(),
                "deliveries": [uuid7() for _name in handlers],
            },
        )
    transaction.on_commit(hint, robust=True)
    return identity


_PUBLISH = """
WITH told AS (
  INSERT INTO events_eventrow (id, tenant_id, position, name, subject_id, partner_id, payload, cause, at, recorded_at)
  VALUES (%(id)s, %(tenant)s, nextval('events_position'), %(name)s, %(subject)s, %(partner)s, %(payload)s::jsonb,
          %(cause)s, %(at)s, statement_timestamp())
  RETURNING id, tenant_id, subject_id, position
)
INSERT INTO events_delivery (id, tenant_id, event_id, handler, subject_id, position, state, attempt, fence,
                             not_before, error)
SELECT d.id, told.tenant_id, told.id, d.handler, told.subject_id, told.position, 'pending', 0, 0,
       statement_timestamp() + %(after)s * interval '1 second', ''
FROM told, unnest(%(deliveries)s::uuid[], %(handlers)s::text[]) AS d(id, handler)
"""
