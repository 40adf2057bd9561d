"""Money: an exact amount in one currency. Floats and mixed currencies are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache, total_ordering
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    NumberFormatError,
    format_currency,
    get_currency_symbol,
    get_group_symbol,
    list_currencies,
    parse_decimal,
)
from django.utils.translation import get_language
from django.utils.translation import gettext as _


class MoneyError(ValueError):
    """Not an amount of money; the message tells the user what to write instead."""


class CurrencyMismatch(MoneyError):
    """Two currencies met where one was needed."""


class Rounding(Enum):
    """How to round a half: always stated, because it moves money."""

    HALF_UP = ROUND_HALF_UP
    HALF_EVEN = ROUND_HALF_EVEN


# ISO 4217, minor units other than two. CLDR's figures are about display and differ (HUF, IQD, LBP…).
_ISO_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNITS = {code: digits for digits, codes in _ISO_DIGITS.items() for code in codes.split()}
_MAX_FIGURES = 24
_NO_CURRENCIES = frozenset({"XXX", "XTS"})


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """Every ISO 4217 code that Babel knows."""
    return frozenset(list_currencies("en")) - _NO_CURRENCIES


def minor_units(currency: str) -> int:
    """Digits after the decimal point by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(_known(currency), 2)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency. Arithmetic never rounds; `rounded` does, and says how."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        _known(self.currency)
        object.__setattr__(self, "amount", _exact(self.amount))

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in that currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Money":
        """The money that `as_json` wrote."""
        try:
            return cls(Decimal(str(document["amount"])), document["currency"])
        except (KeyError, TypeError, InvalidOperation):
            raise MoneyError(_("Give an amount and a currency.")) from None

    def as_json(self) -> dict[str, str]:
        """The amount as text, so that it reads back exactly."""
        return {"amount": format(self.amount, "f"), "currency": self.currency}

    def rounded(self, mode: Rounding) -> "Money":
        """To the currency's minor unit."""
        unit = Decimal(1).scaleb(-minor_units(self.currency))
        return Money(self.amount.quantize(unit, rounding=mode.value), self.currency)

    def format(self, locale: str | None = None) -> str:
        """In the reader's locale, the active one by default; every digit that counts is shown."""
        return format_currency(self.amount, self.currency, locale=babel_locale(locale), decimal_quantization=False)

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount + self._alike(other), self.currency)

    def __radd__(self, other: int) -> "Money":
        """Only for `sum`, which begins with 0."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount - self._alike(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * _exact(factor), self.currency)

    __rmul__ = __mul__

    def __truediv__(self, divisor: "Money | Decimal | int") -> Any:
        """By a number gives money; by money of the same currency gives the ratio."""
        if isinstance(divisor, Money):
            return self.amount / self._alike(divisor)
        return Money(self.amount / _exact(divisor), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < self._alike(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _alike(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                _("%(one)s and %(other)s can't be reckoned together: convert one of them first.")
                % {"one": self.currency, "other": other.currency}
            )
        return other.amount


def parse_money(text: str, *, locale: str | None = None, currency: str | None = None) -> Money:
    """What a person typed, such as `1.000,50 €`, `EUR 1000` or `1000` with a currency given.

    Raises MoneyError with a sentence that says what to write instead.
    """
    spoken = babel_locale(locale)
    figures, named = _take_currency(text.strip(), spoken, currency)
    if named is None:
        raise MoneyError(_("Say which currency, such as “EUR 1000”."))
    try:
        amount = parse_decimal(_figures(figures, spoken), locale=spoken, strict=True)
    except (NumberFormatError, InvalidOperation):
        raise MoneyError(
            _("“%(text)s” isn't an amount. Write it like %(example)s.")
            % {"text": text[:40], "example": Money(Decimal("1234.5"), named).format(locale)}
        ) from None
    return _in_minor_units(Money(amount, named))


def babel_locale(language: str | None = None) -> Locale:
    """Babel's locale for a language code, the active language by default, English if unknown."""
    return _locale((language or get_language() or "en").replace("_", "-"))


@lru_cache(maxsize=64)
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _known(currency: str) -> str:
    if currency not in currency_codes():
        raise MoneyError(
            _("“%(code)s” isn't a currency. Use an ISO code such as EUR or USD.") % {"code": str(currency)[:12]}
        )
    return currency


def _exact(number: Decimal | int) -> Decimal:
    """The number as a finite Decimal; a float or a bool is a bug of the caller, hence TypeError."""
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise MoneyError(_("The amount must be a finite number."))
        return number
    if isinstance(number, int) and not isinstance(number, bool):
        return Decimal(number)
    raise TypeError(f"money is reckoned in Decimal, not in {type(number).__name__}")


def _take_currency(text: str, locale: Locale, default: str | None) -> tuple[str, str | None]:
    """The figures without the currency's code or symbol, and the currency meant."""
    letters = "".join(char for char in text if char.isalpha())
    figured = any(char.isdigit() for char in text)
    if len(letters) == 3 and letters.isascii() and letters in text and figured:  # “abc” alone is no currency
        return text.replace(letters, "").strip(), _agreed(_known(letters.upper()), default)
    for code in filter(None, (default, *_SYMBOLS)):
        symbol = get_currency_symbol(code, locale=locale)
        if symbol in text:
            return text.replace(symbol, "").strip(), _agreed(code, default)
    return text, default


_SYMBOLS = ("EUR", "GBP", "JPY", "INR", "USD")


def _figures(text: str, locale: Locale) -> str:
    """Digits and signs only; any space between them is the locale's, where it groups by a space."""
    if len(text) > _MAX_FIGURES or any(char.isalpha() for char in text):
        raise NumberFormatError("not figures")
    symbol = get_group_symbol(locale)
    return symbol.join(text.split()) if symbol.isspace() else text


def _agreed(named: str, default: str | None) -> str:
    if default is not None and named != default:
        raise CurrencyMismatch(
            _("The amount is in %(named)s, but it must be in %(wanted)s.") % {"named": named, "wanted": default}
        )
    return named


def _in_minor_units(money: Money) -> Money:
    exact = money.rounded(Rounding.HALF_UP)
    if exact != money:
        digits = minor_units(money.currency)
        raise MoneyError(
            _("%(currency)s has at most %(digits)d decimals.") % {"currency": money.currency, "digits": digits}
        )
    return exact
