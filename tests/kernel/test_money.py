"""Money is exact, of one currency, and rounds only when told how."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.kernel.money import (
    CurrencyMismatch,
    Money,
    MoneyError,
    Rounding,
    currency_codes,
    minor_units,
    parse_money,
)

pytestmark = pytest.mark.pure

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


class TestMoneyIsExact:
    @pytest.mark.parametrize("amount", [1.5, True, "10", None])
    def test_takes_decimals_and_whole_numbers_only(self, amount):
        with pytest.raises(TypeError):
            Money(amount, "EUR")

    @pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_no_number(self, amount):
        with pytest.raises(MoneyError):
            euro(amount)

    @pytest.mark.parametrize("factor", [1.1, True])
    def test_refuses_to_multiply_by_a_float(self, factor):
        with pytest.raises(TypeError):
            euro("10") * factor

    @given(amounts, amounts)
    def test_what_is_added_can_be_taken_away_again(self, one, other):
        assert Money(one, "EUR") + Money(other, "EUR") - Money(other, "EUR") == Money(one, "EUR")

    @given(st.lists(amounts, max_size=20))
    def test_a_sum_is_the_sum_of_the_amounts(self, given_amounts):
        total = sum((Money(amount, "EUR") for amount in given_amounts), Money.zero("EUR"))
        assert total.amount == sum(given_amounts, Decimal(0))

    @given(amounts, st.sampled_from(sorted(currency_codes())))
    def test_json_reads_back_the_same(self, amount, currency):
        money = Money(amount, currency)
        assert Money.from_json(money.as_json()) == money

    def test_sum_needs_no_start(self):
        assert sum([euro("1.10"), euro("2.20")]) == euro("3.30")

    def test_the_ratio_of_two_amounts_is_a_number(self):
        assert euro("30") / euro("120") == Decimal("0.25")


class TestCurrenciesDoNotMix:
    @pytest.mark.parametrize("reckon", ["__add__", "__sub__", "__lt__", "__truediv__"])
    def test_two_currencies_are_refused(self, reckon):
        with pytest.raises(CurrencyMismatch, match="EUR and USD"):
            getattr(euro("1"), reckon)(Money(Decimal(1), "USD"))

    def test_the_same_figure_in_two_currencies_differs(self):
        assert euro("1") != Money(Decimal(1), "USD")

    @pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "ABC", None])
    def test_an_unknown_currency_is_named(self, code):
        with pytest.raises(MoneyError, match="isn't a currency"):
            Money(Decimal(1), code)


class TestRounding:
    def test_a_half_goes_where_it_was_told(self):
        assert euro("0.125").rounded(Rounding.HALF_UP) == euro("0.13")
        assert euro("0.125").rounded(Rounding.HALF_EVEN) == euro("0.12")

    @pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2)])
    def test_each_currency_has_its_minor_unit(self, currency, digits):
        assert minor_units(currency) == digits
        rounded = Money(Decimal("1.23456"), currency).rounded(Rounding.HALF_UP)
        assert rounded.amount.as_tuple().exponent == -digits

    @given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
    def test_rounding_moves_by_half_a_cent_at_most(self, amount):
        for mode in Rounding:
            assert abs(Money(amount, "EUR").rounded(mode).amount - amount) <= Decimal("0.005")


class TestReadingWhatPeopleType:
    @pytest.mark.parametrize(
        ("text", "locale", "currency", "expected"),
        [
            ("1,000.50", "en", "EUR", "1000.50"),
            ("1.000,50", "de", "EUR", "1000.50"),
            ("1.000,50 €", "de", "EUR", "1000.50"),
            ("€1,000.50", "en", None, "1000.50"),
            ("EUR 1000", "en", None, "1000.00"),
            ("1000 eur", "en", None, "1000.00"),
            ("1 000,50", "fr", "EUR", "1000.50"),
            ("-5", "en", "EUR", "-5.00"),
        ],
    )
    def test_reads_it_in_the_readers_locale(self, text, locale, currency, expected):
        assert parse_money(text, locale=locale, currency=currency) == euro(expected)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("ten", "“ten” isn't an amount"),
            ("", "isn't an amount"),
            ("1,00,0", "isn't an amount"),
            ("1e5", "isn't an amount"),
            ("9" * 500, "isn't an amount"),
            ("NaN", "isn't"),
            ("QQQ 5", "isn't a currency"),
            ("USD 5", "must be in EUR"),
            ("1.005", "at most 2 decimals"),
        ],
    )
    def test_says_what_to_write_instead(self, text, message):
        with pytest.raises(MoneyError, match=message):
            parse_money(text, locale="en", currency="EUR")

    def test_asks_for_the_currency_when_none_is_known(self):
        with pytest.raises(MoneyError, match="which currency"):
            parse_money("100", locale="en")

    def test_formats_in_the_readers_locale(self):
        assert euro("1234.50").format("en") == "€1,234.50"
        assert euro("1234.50").format("de") == "1.234,50\xa0€"
        assert Money(Decimal("1234"), "JPY").format("en") == "¥1,234"
