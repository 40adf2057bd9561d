"""Sharing tasks among the people of a role: each in turn, or whoever has least to do. The absent are left out."""

from datetime import date
from uuid import UUID

from django.db.models import Count, Max, Q, TextField
from django.db.models.functions import Cast

from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.lines import stand_in_line
from workflows.models import HumanTask


def choose(kind: str, role: str, today: date, *, but: UUID | None = None) -> UUID | None:
    """One of those who hold the role and are here today, `but` only where nobody else is; None when nobody is.

    Two tasks at the same instant don't go to the same person: choosing is done one at a time for a role.
    """
    stand_in_line("workflows.assign", role)
    here = list(
        Membership.objects.filter(partner=None, ended_at=None, roles__contains=[role])
        .exclude(roles=["auditor"])
        .exclude(Q(away_from__lte=today) & (Q(away_until=None) | Q(away_until__gte=today)))
        .values_list("pk", "name")
    )
    if not here:
        return None
    given = _tasks([pk for pk, _name in here])

    def turn(one: tuple[UUID, str]) -> tuple[bool, int, str, str, UUID]:
        open_now, last = given.get(one[0], (0, ""))
        return one[0] == but, 0 if kind == "round_robin" else open_now, last, one[1], one[0]

    return min(here, key=turn)[0]


def _tasks(people: list[UUID]) -> dict[UUID, tuple[int, str]]:
    """How many tasks each has open, and the id of the last one: ids are made in line, so they sort as given.

    Times would not: they are those of transactions, and who begins first may come to the line last.
    """
    rows = (
        HumanTask.objects.filter(owner__in=people)
        .values("owner")
        .annotate(
            open=Count("pk", filter=Q(status__in=["open", "deciding"])),
            last=Max(Cast("pk", TextField())),
        )
        .values_list("owner", "open", "last")
    )
    return {owner: (number, last) for owner, number, last in rows}
