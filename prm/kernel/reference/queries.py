"""Readers of reference data: rates, calendars, territories."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from prm.kernel.reference.calendars import BusinessHours
from prm.kernel.reference.models import Calendar, ExchangeRate, Program, Territory
from prm.kernel.tenancy.models import Tenant
from prm.kernel.tenancy.remembering import remembered


class NoRate(LookupError):
    """No exchange rate is on file for a currency on a day."""


@remembered("tenancy.Tenant")
def vendor() -> Tenant:
    """The tenant of the open context."""
    return Tenant.objects.get()


def vendor_currency() -> str:
    return vendor().currency


@remembered("tenancy.Tenant", "reference.ExchangeRate")
def rate(currency: str, on: date) -> Decimal:
    """What one unit of `currency` was worth in the vendor's currency. Raises NoRate."""
    if currency == vendor_currency():
        return Decimal(1)
    found = ExchangeRate.objects.filter(currency=currency, valid_from__lte=on).order_by("-valid_from").first()
    if found is None:
        raise NoRate(
            _("No exchange rate for %(currency)s on %(day)s. Add one under Setup, Exchange rates.")
            % {"currency": currency, "day": on}
        )
    return found.rate


@remembered("tenancy.Tenant", "reference.ExchangeRate")
def known_currencies(on: date) -> tuple[str, ...]:
    """The vendor's currency and those with a rate on that day."""
    rated = ExchangeRate.objects.filter(valid_from__lte=on).values_list("currency", flat=True).distinct()
    return tuple(sorted({vendor_currency(), *rated}))


def business_hours(calendar: Calendar) -> BusinessHours:
    """The calendar as pure arithmetic."""
    week = {day: [(calendar.opens, calendar.closes)] for day in calendar.days}
    return BusinessHours(calendar.time_zone, week, frozenset(calendar.holidays.values_list("day", flat=True)))


@remembered("reference.Calendar", "reference.Holiday")
def default_hours() -> BusinessHours:
    return business_hours(Calendar.objects.get(is_default=True))


@remembered("reference.Territory")
def territory_of(country: str) -> Territory | None:
    return Territory.objects.filter(countries__contains=[country.upper()]).first() if country else None


@remembered("reference.Calendar", "reference.Holiday")
def calendar_hours(calendar_id: UUID) -> BusinessHours:
    return business_hours(Calendar.objects.get(pk=calendar_id))


@remembered("reference.Program")
def program(program_id: UUID) -> Program:
    return Program.objects.get(pk=program_id)
