"""Promises on a walk: how much business time each clock has used, and whether it was in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prm.kernel.reference.calendars import BusinessHours

NONE = timedelta(0)


@dataclass(slots=True)
class Clock:
    """`since` is None while it stands."""

    minutes: int
    calendar: str
    since: datetime | None = None
    used: timedelta = NONE


@dataclass(slots=True)
class Clocks:
    """The clocks of one walk. `promises` says of each: running, in_time or late."""

    hours: Mapping[str, BusinessHours]
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    promises: dict[str, str] = field(default_factory=dict)
    _known: dict[str, Clock] = field(default_factory=dict)

    def turn(self, verb: str, name: str, data: Mapping[str, Any], at: datetime) -> str:
        """Do what an SLA block says; gives its answer."""
        if verb == "sla_start":
            return self._start(name, data, at)
        clock = self._known.get(name)
        if clock is None or (verb != "sla_stop" and (clock.since is None) == (verb == "sla_pause")):
            return "unchanged"
        if verb == "sla_resume":
            clock.since = at
            return "resumed"
        self._halt(name, clock, at)
        if verb == "sla_pause":
            return "paused"
        del self._known[name]
        return self.promises[name]

    def end(self, at: datetime) -> None:
        """The run is over: what still counts, stops."""
        for name, clock in self._known.items():
            if clock.since is not None:
                self._halt(name, clock, at)

    def _start(self, name: str, data: Mapping[str, Any], at: datetime) -> str:
        clock = self._known.get(name)
        self.promises[name] = "running"
        if clock is not None:
            clock.since = clock.since or at
            return "taken_up"
        policy = self.policies.get(str(data.get("policy")), {})
        minutes, calendar = (data.get(part) or policy.get(part) for part in ("minutes", "calendar"))
        self._known[name] = Clock(int(minutes or 0), str(calendar or ""), at)
        return "started"

    def _halt(self, name: str, clock: Clock, at: datetime) -> None:
        clock.used += self._spent(clock, at)
        clock.since = None
        self.promises[name] = "late" if clock.used > timedelta(minutes=clock.minutes) else "in_time"

    def _spent(self, clock: Clock, at: datetime) -> timedelta:
        hours = self.hours.get(clock.calendar)
        if clock.since is None or clock.since >= at:
            return NONE
        return hours.time_between(clock.since, at) if hours else at - clock.since
