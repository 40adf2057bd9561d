"""Business time counts only while the office is open, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.kernel.reference.calendars import BusinessHours, NeverOpen, holidays_for

pytestmark = pytest.mark.pure

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = {day: [(time(9), time(17))] for day in range(5)}
OFFICE = BusinessHours(zone="Europe/Berlin", week=WEEKDAYS)
ALL_DAY = [(time(0), time(0))]
NIGHTS = BusinessHours(zone="Europe/Berlin", week={day: [(time(1), time(4))] for day in range(7)})


def berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)


@st.composite
def day_hours(draw):
    """Up to two spans of a day, in quarters of an hour."""
    edges = draw(st.lists(st.integers(0, 95), unique=True, max_size=4).map(sorted))
    pairs = [edges[i : i + 2] for i in range(0, len(edges) - 1, 2)]
    return [(_clock(a), _clock(b)) for a, b in pairs]


def _clock(quarters: int) -> time:
    return time(quarters // 4, quarters % 4 * 15)


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu",
         "Pacific/Apia", "UTC", "Africa/Casablanca", "Asia/Tehran"]  # fmt: skip

calendars = st.builds(
    BusinessHours,
    zone=st.sampled_from(ZONES),
    week=st.dictionaries(st.integers(0, 6), day_hours(), min_size=3, max_size=7),
    holidays=st.frozensets(st.dates(date(2011, 1, 1), date(2026, 12, 31)), max_size=5),
)
moments = st.integers(0, 16 * 365 * 86_400).map(
    lambda seconds: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
minutes = st.integers(1, 20_000)


class TestProperties:
    @settings(max_examples=150, deadline=None)
    @given(calendars, moments, minutes)
    def test_what_was_added_lies_between(self, hours, start, added):
        if not any(hours.week.values()):
            with pytest.raises(NeverOpen):
                hours.add_minutes(start, added)
            return
        end = hours.add_minutes(start, added)
        assert hours.minutes_between(start, end) == added
        assert hours.minutes_between(end, start) == -added

    @settings(max_examples=100, deadline=None)
    @given(calendars.filter(lambda hours: any(hours.week.values())), moments, minutes, minutes)
    def test_more_minutes_never_end_earlier(self, hours, start, one, other):
        few, many = sorted((one, other))
        assert hours.add_minutes(start, few) <= hours.add_minutes(start, many)
        later = hours.add_minutes(start + timedelta(minutes=few), many)
        assert hours.add_minutes(start, many) <= later

    @settings(max_examples=100, deadline=None)
    @given(calendars.filter(lambda hours: any(hours.week.values())), moments, minutes)
    def test_never_ends_outside_the_hours(self, hours, start, added):
        end = hours.add_minutes(start, added)
        just_before = (end - timedelta(microseconds=1)).astimezone(hours.zone)
        assert just_before.date() not in hours.holidays
        assert any(
            opens <= just_before.time() and (closes == time(0) or just_before.time() < closes)
            for opens, closes in hours.week.get(just_before.weekday(), ())
        )

    @settings(max_examples=100, deadline=None)
    @given(calendars, moments, st.integers(0, 40_000), st.integers(0, 40_000))
    def test_time_adds_up_over_any_stop(self, hours, start, first, second):
        stop = start + timedelta(minutes=first)
        end = stop + timedelta(minutes=second)
        parts = hours.time_between(start, stop) + hours.time_between(stop, end)
        assert parts == hours.time_between(start, end)

    @settings(max_examples=60, deadline=None)
    @given(calendars, moments)
    def test_counts_what_a_wall_clock_counts(self, hours, start):
        """Minute by minute over two days, by a reckoning that shares nothing with ours."""
        start = start.replace(second=0, microsecond=0)
        begin, end = start, start + timedelta(days=2)
        counted = sum(_reads_open(hours, begin + timedelta(minutes=m)) for m in range(2 * 1440))
        assert hours.minutes_between(begin, end) == counted


def _reads_open(hours: BusinessHours, moment: datetime) -> bool:
    wall = moment.astimezone(hours.zone)
    if wall.date() in hours.holidays:
        return False
    clock = wall.time()
    return any(
        opens <= clock and (closes == time(0) or clock < closes) for opens, closes in hours.week.get(wall.weekday(), ())
    )


class TestAWeekInTheOffice:
    def test_friday_afternoon_goes_on_monday_morning(self):
        assert OFFICE.add_minutes(berlin(2026, 3, 6, 16), 120) == berlin(2026, 3, 9, 10)

    def test_a_full_day_ends_when_the_office_closes(self):
        assert OFFICE.add_minutes(berlin(2026, 3, 2, 9), 480) == berlin(2026, 3, 2, 17)

    def test_no_minutes_leave_the_instant_alone(self):
        assert OFFICE.add_minutes(berlin(2026, 3, 7, 3), 0) == berlin(2026, 3, 7, 3)

    def test_a_holiday_does_not_count(self):
        hours = BusinessHours("Europe/Berlin", WEEKDAYS, frozenset({date(2026, 3, 3)}))
        assert hours.add_minutes(berlin(2026, 3, 2, 16), 120) == berlin(2026, 3, 4, 10)

    def test_night_time_does_not_count(self):
        assert OFFICE.minutes_between(berlin(2026, 3, 2, 20), berlin(2026, 3, 3, 8)) == 0

    def test_open_from_nine_until_before_five(self):
        assert OFFICE.is_open(berlin(2026, 3, 2, 9))
        assert not OFFICE.is_open(berlin(2026, 3, 2, 17))
        assert OFFICE.next_opening(berlin(2026, 3, 7, 12)) == berlin(2026, 3, 9, 9)

    def test_a_lunch_break_does_not_count(self):
        hours = BusinessHours("UTC", {0: [(time(9), time(12)), (time(13), time(17))]})
        start = datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
        assert hours.add_minutes(start, 60) == datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


class TestWhenTheClocksChange:
    def test_the_skipped_hour_never_counts(self):
        assert NIGHTS.minutes_between(berlin(2026, 3, 29, 0), berlin(2026, 3, 29, 6)) == 120

    def test_the_repeated_hour_counts_twice(self):
        assert NIGHTS.minutes_between(berlin(2026, 10, 25, 0), berlin(2026, 10, 25, 6)) == 240

    def test_both_readings_of_an_autumn_half_past_two_are_an_hour_apart(self):
        first, second = berlin(2026, 10, 25, 2, 30), berlin(2026, 10, 25, 2, 30, fold=1)
        assert NIGHTS.minutes_between(first, second) == 60
        assert NIGHTS.minutes_between(first + timedelta(minutes=15), second) == 45

    def test_an_office_that_opens_in_the_skipped_hour_opens_when_it_is_over(self):
        hours = BusinessHours("Europe/Berlin", {6: [(time(2, 30), time(5))]})
        assert hours.next_opening(berlin(2026, 3, 29, 0)) == berlin(2026, 3, 29, 3)

    def test_a_working_day_across_the_change_keeps_its_wall_clock(self):
        assert OFFICE.add_minutes(berlin(2026, 3, 27, 16), 120) == berlin(2026, 3, 30, 10)

    def test_a_day_without_pause_has_23_hours_in_spring(self):
        hours = BusinessHours("Europe/Berlin", dict.fromkeys(range(7), ALL_DAY))
        assert hours.minutes_between(berlin(2026, 3, 29), berlin(2026, 3, 30)) == 23 * 60


class TestClearAnswers:
    @pytest.mark.parametrize(
        ("zone", "week", "message"),
        [
            ("Mars/Base", {}, "isn't a time zone"),
            ("UTC", {7: [(time(9), time(17))]}, "weekday"),
            ("UTC", {0: [(time(17), time(9))]}, "end after they begin"),
            ("UTC", {0: [(time(9), time(9))]}, "end after they begin"),
            ("UTC", {0: [(time(9), time(12)), (time(11), time(15))]}, "overlap"),
            ("UTC", {0: [(time(0), time(0)), (time(9), time(17))]}, "overlap"),
        ],
    )
    def test_refuses_hours_that_make_no_sense(self, zone, week, message):
        with pytest.raises(ValueError, match=message):
            BusinessHours(zone, week)

    def test_a_calendar_without_hours_says_so(self):
        with pytest.raises(NeverOpen):
            BusinessHours("UTC", {}).add_minutes(datetime(2026, 1, 1, tzinfo=UTC), 1)

    def test_refuses_naive_times_and_negative_minutes(self):
        with pytest.raises(ValueError, match="aware"):
            OFFICE.is_open(datetime(2026, 1, 1))  # noqa: DTZ001
        with pytest.raises(ValueError, match="negative"):
            OFFICE.add_minutes(berlin(2026, 1, 1), -1)


class TestHolidays:
    def test_a_state_has_its_own(self):
        bavaria, germany = holidays_for("DE", "BY", [2026]), holidays_for("DE", None, [2026])
        assert date(2026, 1, 6) in bavaria
        assert date(2026, 1, 6) not in germany
        assert list(bavaria) == sorted(bavaria)

    @pytest.mark.parametrize(("country", "subdiv"), [("XX", None), ("DE", "ZZ")])
    def test_an_unknown_place_is_named(self, country, subdiv):
        with pytest.raises(ValueError, match=subdiv or country):
            holidays_for(country, subdiv, [2026])
