"""Sharing tasks among the people of a role: each in turn, or whoever has least to do. The absent are left out."""

from datetime import date
from hashlib import sha256
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q

from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import tenant_id
from workflows.models import HumanTask


def choose(kind: str, role: str, today: date) -> UUID | None:
    """One of those who hold the role and are here today; None when nobody is.

    Two tasks at the same instant don't go to the same person: choosing is done one at a time for a role.
    """
    _one_at_a_time(role)
    here = list(
        Membership.objects.filter(partner=None, ended_at=None, roles__contains=[role])
        .exclude(roles=["auditor"])
        .exclude(Q(away_from__lte=today) & (Q(away_until=None) | Q(away_until__gte=today)))
        .values_list("pk", "name")
    )
    if not here:
        return None
    load, last = _tasks([pk for pk, _name in here])
    if kind == "round_robin":
        load = {}
    chosen: UUID = min(here, key=lambda one: (load.get(one[0], 0), last.get(one[0], 0.0), one[1], one[0]))[0]
    return chosen


def _tasks(people: list[UUID]) -> tuple[dict[UUID, int], dict[UUID, float]]:
    """How many tasks each has open, and when each was last given one."""
    rows = (
        HumanTask.objects.filter(owner__in=people)
        .values("owner")
        .annotate(open=Count("pk", filter=Q(status__in=["open", "deciding"])), last=Max("opened_at"))
        .values_list("owner", "open", "last")
    )
    load = {owner: number for owner, number, _last in rows}
    last = {owner: moment.timestamp() for owner, _number, moment in rows}
    return load, last


def _one_at_a_time(role: str) -> None:
    key = int.from_bytes(sha256(f"assign:{tenant_id()}:{role}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
