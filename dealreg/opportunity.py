"""Is it the same opportunity? The second question, asked once two deals are for the same customer.

Five things answer it: product, amount, close date, contact, and the buying centre (the place that buys, and the
address its contact writes from). Each adds its points, above zero where it speaks for the same opportunity; what
is not known adds nothing. Points are set by hand, not trained: they are few, and people must be able to argue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from dealreg.models import Deal

SAME, OTHER = Decimal("1.5"), Decimal("-1.5")
"""From so many points on it is the same opportunity, down from so many another one; between, a person must tell."""

POINTS: dict[tuple[str, str], str] = {
    ("product", "same"): "1.0",
    ("product", "some"): "0.5",
    ("product", "none"): "-2.0",
    ("amount", "alike"): "1.0",
    ("amount", "apart"): "0.0",
    ("amount", "far"): "-1.0",
    ("close", "alike"): "1.0",
    ("close", "apart"): "0.0",
    ("close", "far"): "-1.0",
    ("contact", "address"): "2.0",
    ("contact", "name"): "1.5",
    ("contact", "other"): "-0.5",
    ("centre", "same"): "0.5",
    ("centre", "other_place"): "-0.5",
    ("centre", "other_address"): "-1.0",
}
SENTENCES = {
    ("product", "same"): _("The same product lines."),
    ("product", "some"): _("Some of the product lines are the same."),
    ("product", "none"): _("No product line in common."),
    ("amount", "alike"): _("The amounts are alike."),
    ("amount", "apart"): _("One amount is %(times)s times the other."),
    ("amount", "far"): _("One amount is %(times)s times the other."),
    ("close", "alike"): _("They close within %(days)s days of each other."),
    ("close", "apart"): _("They close %(days)s days apart."),
    ("close", "far"): _("They close %(days)s days apart."),
    ("contact", "address"): _("The contact has the same e-mail address."),
    ("contact", "name"): _("The contact has the same name."),
    ("contact", "other"): _("Another contact."),
    ("centre", "same"): _("The same place buys."),
    ("centre", "other_place"): _("Another place buys: %(place)s."),
    ("centre", "other_address"): _("The contacts write from different addresses: %(place)s."),
}
NEAR = {"0": _("They close on the same day."), "1": _("They close a day apart.")}
OUTCOMES = {
    "same": _("The same opportunity"),
    "other": _("Perhaps another opportunity"),
    "unsure": _("Perhaps the same opportunity"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """What a deal says about its opportunity. The amount is in the vendor's currency."""

    lines: frozenset[str]
    amount: Decimal | None = None
    close_on: date | None = None
    contact_name: str = ""
    contact_email: str = ""
    city: str = ""

    @classmethod
    def of(cls, deal: Deal, lines: Iterable[str]) -> "Side":
        place = (deal.normal or {}).get("p", "")
        return cls.told(lines, deal.amount_vendor, deal.expected_close_on, deal.contact_name, deal.contact_email, place)

    @classmethod
    def told(
        cls,
        lines: Iterable[str],
        amount: Decimal | None,
        close_on: date | None,
        contact_name: str,
        contact_email: str,
        city: str,
    ) -> "Side":
        """From a deal's fields as they were typed."""
        name = " ".join(contact_name.casefold().split())
        return cls(frozenset(lines), amount, close_on, name, contact_email.casefold(), city)


def judge(one: Side, other: Side) -> dict[str, Any]:
    """{"outcome": same | other | unsure, "points", "lines": [[about, how, points, facts]]}, plain JSON."""
    seen = [found for found in (_product(one, other), *_rest(one, other)) if found]
    lines = [[about, how, POINTS[about, how], dict(facts)] for about, how, facts in seen]
    points = sum((Decimal(line[2]) for line in lines), Decimal(0))  # type: ignore[arg-type]
    outcome = "same" if points >= SAME else "other" if points <= OTHER else "unsure"
    return {"outcome": outcome, "points": str(points), "lines": lines}


def told(judged: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The judgement in the reader's language: outcome, label, points, and a line for each thing that was seen."""
    if not judged:
        return None
    return {
        "outcome": judged["outcome"],
        "label": str(OUTCOMES[judged["outcome"]]),
        "points": float(judged["points"]),
        "lines": [
            {"text": _sentence(about, how, facts), "weight": float(points), "same": Decimal(points) > 0}
            for about, how, points, facts in judged["lines"]
        ],
    }


def _sentence(about: str, how: str, facts: Mapping[str, str]) -> str:
    """A line in words; two days that are one, or neighbours, need no number."""
    if about == "close" and facts["days"] in NEAR:
        return str(NEAR[facts["days"]])
    return str(SENTENCES[about, how]) % facts


Seen = tuple[str, str, dict[str, str]]


def _rest(one: Side, other: Side) -> tuple[Seen | None, ...]:
    return _amount(one, other), _close(one, other), _contact(one, other), _centre(one, other)


def _product(one: Side, other: Side) -> Seen:
    shared = one.lines & other.lines
    return "product", "none" if not shared else "same" if one.lines == other.lines else "some", {}


def _amount(one: Side, other: Side) -> Seen | None:
    if not one.amount or not other.amount:
        return None
    times = max(one.amount, other.amount) / min(one.amount, other.amount)
    how = "alike" if times <= Decimal("1.25") else "apart" if times < 3 else "far"
    return "amount", how, {"times": f"{times:.1f}"}


def _close(one: Side, other: Side) -> Seen | None:
    if not one.close_on or not other.close_on:
        return None
    days = abs((one.close_on - other.close_on).days)
    return "close", "alike" if days <= 30 else "apart" if days <= 180 else "far", {"days": str(days)}


def _contact(one: Side, other: Side) -> Seen | None:
    if one.contact_email and one.contact_email == other.contact_email:
        return "contact", "address", {}
    if one.contact_name and one.contact_name == other.contact_name:
        return "contact", "name", {}
    both = (one.contact_name or one.contact_email) and (other.contact_name or other.contact_email)
    return ("contact", "other", {}) if both else None


def _centre(one: Side, other: Side) -> Seen | None:
    """Daughters and departments write from addresses of their own; sites stand in cities of their own."""
    hosts = [side.contact_email.rpartition("@")[2] for side in (one, other)]
    if all(hosts) and hosts[0] != hosts[1]:
        return "centre", "other_address", {"place": " / ".join(hosts)}
    if not one.city or not other.city:
        return ("centre", "same", {}) if all(hosts) else None
    if one.city == other.city:
        return "centre", "same", {}
    return "centre", "other_place", {"place": f"{one.city.title()} / {other.city.title()}"}
