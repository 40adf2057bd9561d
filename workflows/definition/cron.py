"""Times that come round, as cron writes them: minute, hour, day of the month, month, day of the week. Pure.

The five parts are read by Celery's parser. As with every cron, a day counts when it is of the month's days or
of the week's days where both are named. Times are local: one that the clocks skip comes when they go on, one
that comes twice counts once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from celery.schedules import ParseException, crontab
from django.utils.translation import gettext as _

_DAYS = 366 * 8  # a 29 February may be eight years off


class NotCron(ValueError):
    """The text is no cron schedule, or one that never comes."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule that was read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either_day: bool

    @classmethod
    def read(cls, text: object) -> "Cron":
        """Raises NotCron."""
        parts = str(text).split()
        if len(str(text)) > 100 or len(parts) != 5:
            raise NotCron(_("five parts are needed: minute, hour, day of the month, month, day of the week"))
        minute, hour, day, month, weekday = parts
        try:
            found = crontab(minute, hour, weekday, day, month)
        except (ValueError, ParseException, KeyError, TypeError) as error:
            raise NotCron(str(error)) from error
        return cls(
            tuple(sorted(found.minute)),
            tuple(sorted(found.hour)),
            frozenset(found.day_of_month),
            frozenset(found.month_of_year),
            frozenset(found.day_of_week),
            day != "*" and weekday != "*",
        )

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time after `moment`, in UTC. Raises NotCron when there is none."""
        day = moment.astimezone(zone).date()
        for _number in range(_DAYS):
            if day.month in self.months and self._is_day(day.day, day.isoweekday() % 7):
                for hour in self.hours:
                    for minute in self.minutes:
                        at = datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)
                        if at > moment:
                            return at
            day += timedelta(days=1)
        raise NotCron(_("this day never comes"))

    def _is_day(self, day: int, weekday: int) -> bool:
        of_month, of_week = day in self.days, weekday in self.weekdays
        return of_month or of_week if self.either_day else of_month and of_week
