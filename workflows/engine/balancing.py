"""Sharing tasks among the people of a role: each in turn, or whoever has least to do. The absent are left out."""

from datetime import date
from uuid import UUID

from django.db.models import Count, Max, Q

from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.lines import stand_in_line
from workflows.models import HumanTask


def choose(kind: str, role: str, today: date) -> UUID | None:
    """One of those who hold the role and are here today; None when nobody is.

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

    def turn(one: tuple[UUID, str]) -> tuple[int, int, float, str, UUID]:
        """Many runs may share this transaction, so what was given since it began counts before the last time."""
        open_now, since, last = given.get(one[0], (0, 0, 0.0))
        return 0 if kind == "round_robin" else open_now, since, last, one[1], one[0]

    return min(here, key=turn)[0]


def _tasks(people: list[UUID]) -> dict[UUID, tuple[int, int, float]]:
    """How many tasks each has open, how many came since this transaction began, and when the last one did."""
    rows = (
        HumanTask.objects.filter(owner__in=people)
        .values("owner")
        .annotate(
            open=Count("pk", filter=Q(status__in=["open", "deciding"])),
            since=Count("pk", filter=Q(opened_at__gte=current().now)),
            last=Max("opened_at"),
        )
        .values_list("owner", "open", "since", "last")
    )
    return {owner: (number, since, last.timestamp()) for owner, number, since, last in rows}
