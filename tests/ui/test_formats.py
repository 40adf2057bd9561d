"""Money, dates and times as the reader writes them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from prm.kernel.ui import formats

pytestmark = pytest.mark.pure
NOW = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class TestMoney:
    @pytest.mark.parametrize(
        ("language", "amount", "currency", "shown"),
        [
            ("en", "1200.5", "EUR", "€1,200.50"),
            ("en", "48000", "EUR", "€48,000"),
            ("en", "0.005", "EUR", "€0.00"),
            ("de", "1200.50", "EUR", "1.200,50\xa0€"),
            ("de", "48000", "EUR", "48.000\xa0€"),
            ("en", "-20.10", "GBP", "-£20.10"),
        ],
    )
    def test_is_written_in_the_readers_form(self, language, amount, currency, shown):
        with translation.override(language):
            assert formats.money(Decimal(amount), currency) == shown

    def test_no_amount_is_a_dash_and_not_a_zero(self):
        assert formats.money(None, "EUR") == "–"


class TestTimes:
    def test_a_moment_is_told_in_the_readers_zone(self):
        assert formats.full(NOW, BERLIN).startswith("Fri, 20 Nov 2026, 23:30")

    def test_near_is_relative_and_far_is_a_date(self):
        assert formats.relative(NOW + timedelta(hours=3), BERLIN, NOW) == "in 3 hours"
        assert formats.relative(NOW - timedelta(minutes=5), BERLIN, NOW) == "5 minutes ago"
        assert formats.relative(NOW + timedelta(days=11), BERLIN, NOW) == "1 Dec"

    def test_a_date_around_midnight_is_the_readers_and_not_londons(self):
        moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

        assert formats.relative(moment, BERLIN, NOW) == "1 Jan 2027"

    def test_the_year_is_left_out_only_when_it_is_this_one(self):
        assert formats.day(date(2026, 12, 1), year_of=NOW.date()) == "1 Dec"
        assert formats.day(date(2027, 2, 19), year_of=NOW.date()) == "19 Feb 2027"

    @pytest.mark.parametrize(
        ("length", "shown"),
        [
            (timedelta(days=2, hours=3, minutes=7), "2 days 3 hrs"),
            (timedelta(minutes=190), "3 hrs 10 mins"),
            (timedelta(seconds=20), "0 mins"),
            (-timedelta(hours=5), "5 hrs"),
            (timedelta(days=2, minutes=7), "2 days"),
        ],
    )
    def test_a_span_shows_its_two_largest_parts(self, length, shown):
        assert formats.span(length) == shown

    def test_german_has_german_words(self):
        with translation.override("de"):
            assert formats.relative(NOW + timedelta(hours=3), BERLIN, NOW) == "in 3 Stunden"
