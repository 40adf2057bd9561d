"""Publish what happened, and react to it exactly once.

`publish()` writes the event and one delivery per handler in the caller's transaction. The relay
(prm/kernel/events/relay.py) runs the handlers; Redis only hints that there is something to do.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
ManyHandler = Callable[[Sequence[Delivered], datetime], None]
_handlers: dict[str, tuple[Callable[[str], bool], ManyHandler, Any, bool]] = {}


def handler(*names: str, name: str, when: Callable[[str], bool] | None = None) -> Callable[[Handler], Handler]:
    """Register a reaction. `name` is its receipt's name and must never change.

    `when` picks by event name; it is asked as the vendor whenever an event is published.
    """

    def register(function: Handler) -> Handler:
        def one_by_one(events: Sequence[Delivered], now: datetime) -> None:
            for event in events:
                with because(event.cause):  # what follows from it goes back to the same origin
                    function(event, now)

        _register(name, names, when, one_by_one, function, many=False)
        return function

    return register


def handler_of_many(*names: str, name: str) -> Callable[[ManyHandler], ManyHandler]:
    """Register a reaction that takes several events at once, of different subjects; alone where one of them fails."""

    def register(function: ManyHandler) -> ManyHandler:
        _register(name, names, None, function, function, many=True)
        return function

    return register


def _register(
    name: str,
    names: Sequence[str],
    when: Callable[[str], bool] | None,
    react: ManyHandler,
    function: Any,
    *,
    many: bool,
) -> None:
    if name in _handlers and _handlers[name][2] is not function:
        raise ValueError(f"Two handlers are called {name!r}.")
    _handlers[name] = (when or (lambda event_name: event_name in names), react, function, many)


def handlers_of(event_name: str) -> list[str]:
    return sorted(name for name, (wants, *_) in _handlers.items() if wants(event_name))


def handler_named(name: str) -> ManyHandler | None:
    entry = _handlers.get(name)
    return entry[1] if entry else None


def takes_many(name: str) -> bool:
    entry = _handlers.get(name)
    return entry is not None and entry[3]


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
    return publish_all([event], at=at, cause=cause, after=after)[0]


def publish_all(
    several: Sequence[Event], *, at: datetime, cause: str = "", after: timedelta = timedelta(0)
) -> list[UUID]:
    """The same for many events in one statement; they happened in the order in which they are given."""
    from prm.kernel.events.relay import hint

    if not several:
        return []
    ids = [uuid7() for _event in several]
    with deciding(), connection.cursor() as cursor:
        wanted = {name: handlers_of(name) for name in {event.name for event in several}}
        deliveries = [(pk, name) for pk, event in zip(ids, several, strict=True) for name in wanted[event.name]]
        cursor.execute(
            _PUBLISH,
            {
                "tenant": tenant_id(),
                "ids": ids,
                "names": [event.name for event in several],
                "subjects": [event.subject_id for event in several],
                "partners": [event.partner_id for event in several],
                "payloads": [json.dumps(event.payload()) for event in several],
                "cause": cause or _because.get(),
                "at": at,
                "after": after.total_seconds(),
                "deliveries": [uuid7() for _delivery in deliveries],
                "of": [pk for pk, _name in deliveries],
                "handlers": [name for _pk, name in deliveries],
            },
        )
    transaction.on_commit(hint, robust=True)
    return ids


_PUBLISH = """
WITH told AS (
  INSERT INTO events_eventrow (id, tenant_id, position, name, subject_id, partner_id, payload, cause, at, recorded_at)
  SELECT e.id, %(tenant)s, nextval('events_position'), e.name, e.subject_id, e.partner_id, e.payload::jsonb, %(cause)s,
         %(at)s, statement_timestamp()
  FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(subjects)s::uuid[], %(partners)s::uuid[], %(payloads)s::text[])
    AS e(id, name, subject_id, partner_id, payload)
  RETURNING id, tenant_id, subject_id, position
)
INSERT INTO events_delivery (id, tenant_id, event_id, handler, subject_id, position, state, attempt, fence,
                             not_before, error)
SELECT d.id, told.tenant_id, told.id, d.handler, told.subject_id, told.position, 'pending', 0, 0,
       statement_timestamp() + %(after)s * interval '1 second', ''
FROM told JOIN unnest(%(deliveries)s::uuid[], %(of)s::uuid[], %(handlers)s::text[]) AS d(id, event_id, handler)
  ON d.event_id = told.id
"""
