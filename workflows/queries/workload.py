"""Who has what: the open questions by person and by role, what is late, and what will be today."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Coalesce, Now

from prm.kernel import clock
from prm.kernel.identity import roles
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import current
from workflows.models import HumanTask

SHOWN = 50
# as yes or no, never unknown: a claim that was never made has no end either
CLAIMED = Q(claimed_by__isnull=False, claim_until__isnull=False, claim_until__gt=Now())


@dataclass(frozen=True, slots=True)
class Load:
    """What lies with one person, or with a role for whoever takes it first."""

    name: str
    key: str  # a membership's id, or "role:<role>"
    open: int = 0
    claimed: int = 0
    late: int = 0
    today: int = 0
    snoozed: int = 0
    person: Membership | None = None
    away: bool = False
    stand_in: Membership | None = None
    holders: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """The whole picture of a moment."""

    people: tuple[Load, ...]
    roles: tuple[Load, ...]
    late: tuple[HumanTask, ...]
    today: tuple[HumanTask, ...]
    open_count: int
    late_count: int
    today_count: int
    unowned_count: int

    @property
    def away(self) -> tuple[Load, ...]:
        return tuple(load for load in self.people if load.away)


def workload(now: datetime) -> Workload:
    """Every open task by who has it: its owner, else whoever has claimed it, else its role. Those put aside count
    as theirs and are told apart.
    """
    tasks = HumanTask.objects.filter(status="open")
    late, today = Q(due_at__lt=now), Q(due_at__gte=now, due_at__lt=end_of_day(now))
    figures = {
        "open": Count("id"),
        "late": Count("id", filter=late),
        "today": Count("id", filter=today),
        "snoozed": Count("id", filter=Q(snoozed_until__gt=now)),
    }
    held = tasks.exclude(nobodys()).annotate(holder=Coalesce("owner_id", "claimed_by_id"))
    owned = {row["holder"]: row for row in held.values("holder").annotate(**figures)}
    waiting = {row["role"]: row for row in tasks.filter(nobodys()).values("role").annotate(**figures)}
    live = tasks.filter(CLAIMED)
    claims = dict(live.values_list("claimed_by_id").annotate(count=Count("id")).values_list("claimed_by_id", "count"))
    staff = list(Membership.objects.filter(partner=None, ended_at=None).select_related("delegate").order_by("name"))
    people = tuple(
        _person(person, owned.get(person.pk, {}), claims.get(person.pk, 0), clock.local_date(now))
        for person in staff
        if person.pk in owned or person.pk in claims or set(person.roles) - {"auditor"}
    )
    gone = tuple(_gone(pk, row) for pk, row in owned.items() if pk not in {person.pk for person in staff})
    by_role = tuple(_role(role, row, staff) for role, row in sorted(waiting.items()))
    return Workload(
        people=tuple(sorted((*gone, *people), key=lambda load: (-load.late, -load.today, -load.open, load.name))),
        roles=by_role,
        late=_shown(tasks.filter(late)),
        today=_shown(tasks.filter(today)),
        open_count=sum(load.open for load in (*gone, *people, *by_role)),
        late_count=sum(load.late for load in (*gone, *people, *by_role)),
        today_count=sum(load.today for load in (*gone, *people, *by_role)),
        unowned_count=sum(load.open for load in by_role),
    )


def nobodys() -> Q:
    """Waits for whoever takes it: it has no owner, and nobody works on it."""
    return Q(owner=None) & ~CLAIMED


def held_by(membership_id: UUID | None) -> Q:
    """Is somebody's own: theirs, or nobody's and claimed by them."""
    return Q(owner_id=membership_id) | (Q(owner=None, claimed_by_id=membership_id) & CLAIMED)


def end_of_day(now: datetime) -> datetime:
    """Midnight where the vendor is."""
    return datetime.combine(clock.local_date(now) + timedelta(days=1), time(0), tzinfo=current().zone)


def is_away(person: Membership, today: date) -> bool:
    """Whether the person has said that they are away on this day."""
    begun = person.away_from is not None and person.away_from <= today
    return begun and (person.away_until is None or today <= person.away_until)


def tasks_of(key: str) -> "list[HumanTask]":
    """The open tasks of a person (by membership id) or of a role ("role:ops"), the most pressing first."""
    tasks = HumanTask.objects.filter(status="open").select_related("owner", "claimed_by")
    if key.startswith("role:"):
        tasks = tasks.filter(nobodys(), role=key.removeprefix("role:"))
    else:
        try:
            tasks = tasks.filter(held_by(UUID(key)))
        except ValueError:
            return []
    return list(tasks.order_by("due_at", "opened_at")[:200])


def _person(person: Membership, row: Mapping[str, Any], claimed: int, today: date) -> Load:
    away = is_away(person, today)
    load = Load(
        name=str(person),
        key=str(person.pk),
        claimed=claimed,
        person=person,
        away=away,
        stand_in=person.delegate if away else None,
    )
    return _with(load, row)


def _gone(pk: UUID, row: Mapping[str, Any]) -> Load:
    """Somebody who has left with tasks in hand: nobody answers these unless they are moved."""
    person = Membership.objects.filter(pk=pk).first()
    return _with(Load(name=str(person or pk), key=str(pk), person=person, away=True), row)


def _role(role: str, row: Mapping[str, Any], staff: list[Membership]) -> Load:
    holders = sum(1 for person in staff if role in person.roles)
    return _with(Load(name=str(roles.label(role)), key=f"role:{role}", holders=holders), row)


def _with(load: Load, row: Mapping[str, Any]) -> Load:
    return replace(load, **{name: row.get(name, 0) for name in ("open", "late", "today", "snoozed")})


def _shown(tasks: Any) -> tuple[HumanTask, ...]:
    return tuple(tasks.select_related("owner").order_by("due_at", "id")[:SHOWN])
