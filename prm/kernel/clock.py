"""The two times. Business time comes from `acting()`; machine time is the database's own clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from prm.kernel.tenancy.context import current


def local_date(moment: datetime, zone: ZoneInfo | None = None) -> date:
    """The calendar day of `moment` in the tenant's zone (or another): dates are local."""
    return moment.astimezone(zone or current().zone).date()


def machine_now() -> datetime:
    """The database's clock, for leases and back-off only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
