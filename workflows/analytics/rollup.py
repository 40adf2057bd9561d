"""The hourly roll-up. Rolling an hour again gives the same rows; hours that got late events are rolled again."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Min

from prm.kernel import clock
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from workflows.analytics import facts
from workflows.models import RollUp, RunEvent

HOUR = timedelta(hours=1)
SETTLING = timedelta(minutes=10)  # an hour is closed once it has been over for so long
OVERLAP = timedelta(hours=1)  # no transaction lasts so long: what was recorded before is in sight
AT_ONCE = timedelta(days=31)

# The hours of events that were recorded lately, the hours in which their runs ended, and every hour of a run that
# was taken to another version meanwhile: all that it did counts there from now on.
_LATE = """
WITH late AS (
  SELECT run_id, at, kind FROM workflows_runevent
  WHERE tenant_id = (SELECT app.tenant_id()) AND recorded_at >= %(recorded)s
)
SELECT date_trunc('hour', at, 'UTC') FROM late WHERE at < %(until)s
UNION
SELECT date_trunc('hour', e.at, 'UTC') FROM late JOIN workflows_runevent AS e
  ON e.tenant_id = (SELECT app.tenant_id()) AND e.run_id = late.run_id AND e.at < %(until)s
WHERE (e.kind = 'ended' AND late.at < %(until)s) OR late.kind IN ('migrated', 'migrated_back')
ORDER BY 1
"""


def roll_up_all() -> int:
    """Roll up what is due for every vendor; says how many rows were written."""
    with acting(audience="relay"):
        tenants = list(Tenant.objects.exclude(status=Tenant.Status.SUSPENDED).values_list("pk", flat=True))
    return sum(roll_up_vendor(tenant) for tenant in tenants)


def roll_up_vendor(tenant: UUID) -> int:
    with acting(tenant=tenant, audience="vendor") as now:
        return roll_up(now)


def roll_up(now: datetime) -> int:
    """Roll up closed hours that are not yet, and again those with late events."""
    first = RunEvent.objects.aggregate(first=Min("at"))["first"] if not RollUp.objects.exists() else None
    if first is not None:
        start = hour_of(first)
        RollUp.objects.bulk_create([RollUp(rolled_until=start, looked_at=clock.machine_now())], ignore_conflicts=True)
    state = RollUp.objects.select_for_update().first()
    if state is None:
        return 0
    until, looked_at = hour_of(now - SETTLING), clock.machine_now()
    rows = sum(facts.store(*window) for window in together(late_hours(state)))
    rows += sum(facts.store(*window) for window in stretches(state.rolled_until, until))
    state.rolled_until, state.looked_at = max(state.rolled_until, until), looked_at
    state.save(update_fields=["rolled_until", "looked_at"])
    return rows


def late_hours(state: RollUp) -> list[datetime]:
    """Closed hours with events that were recorded since we looked last."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"recorded": state.looked_at - OVERLAP, "until": state.rolled_until})
        return [row[0] for row in cursor.fetchall()]


def together(hours: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Hours as stretches: neighbours are rolled up in one statement."""
    begun = last = None
    for hour in hours:
        if last is not None and begun is not None and hour != last + HOUR:
            yield from stretches(begun, last + HOUR)
            begun = None
        begun, last = begun or hour, hour
    if begun is not None and last is not None:
        yield from stretches(begun, last + HOUR)


def stretches(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A long time in parts, so that a year of history takes no more memory than a month."""
    while since < until:
        yield since, min(since + AT_ONCE, until)
        since += AT_ONCE


def hour_of(moment: datetime) -> datetime:
    """The hour's beginning; hours are UTC's."""
    return moment.replace(minute=0, second=0, microsecond=0)


def rolled_until() -> datetime | None:
    """Up to when the hours are rolled up; None when nothing is yet."""
    return RollUp.objects.values_list("rolled_until", flat=True).first()
