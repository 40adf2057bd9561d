"""The demo's market: what partners find and register, with the misspellings and rivals of real life."""

import csv
import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prm.demo.cast import Organisation
from prm.demo.names import generate, variant
from prm.kernel.matching import Record

CUSTOMERS = 2_000
FREE_MAIL = ("gmail.com", "gmx.de", "outlook.com")
NOTES = (
    "Replaces their current supplier at the end of the contract.",
    "Met at the trade fair; the budget is approved.",
    "Second site after a good first project.",
    "The decision is made by the parent group.",
    "",
    "",
)


@dataclass(frozen=True, slots=True)
class Market:
    """The vendor's accounts, and organisations that it does not know yet."""

    accounts: list[Record]
    unknown: list[Record]


def market(accounts: str, seed: int) -> Market:
    """Generated organisations, or those of a real list (name, domain, country, city)."""
    if not accounts:
        made = generate(seed, CUSTOMERS + 3_000)
        return Market(made[:CUSTOMERS], made[CUSTOMERS:])
    return Market(list(read_accounts(Path(accounts))), generate(seed, 3_000))


def problem_of(accounts: str) -> str:
    """Why a list can't be used, in a sentence; empty when it can, or when none is given."""
    if not accounts:
        return ""
    try:
        if next(read_accounts(Path(accounts)), None) is None:
            return f"{accounts} has no row with a name. A CSV with the columns name, domain, country, city is needed."
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as why:
        return f"{accounts} can't be read: {getattr(why, 'strerror', None) or why}."
    return ""


def read_accounts(path: Path) -> Iterator[Record]:
    """A CSV with a header, gzipped or not. Rows without a name are left out."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("name", "").strip():
                yield Record(row["name"], row.get("domain") or "", row.get("country") or "", row.get("city") or "")


def deal_fields(
    rng: random.Random,
    place: Market,
    taken: list[Record],
    who: Organisation,
    lines: list[str],
    today: date,
) -> tuple[Record, dict[str, Any]]:
    """One registration as a seller would type it, and the organisation behind it."""
    record = _customer(rng, place, taken, who)
    typed = variant(record, rng) if rng.random() < 0.45 else record
    country = typed.country or rng.choice(who.countries)
    if rng.random() > 0.06 and country not in who.countries:
        country = rng.choice(who.countries)
    domain = typed.domain if rng.random() < 0.85 else ""
    if rng.random() < 0.04:
        domain = rng.choice(FREE_MAIL)
    amount = min(900_000, max(2_000, int(rng.lognormvariate(9.2, 0.95)) // 100 * 100))
    return record, {
        "customer_name": typed.name,
        "customer_domain": domain,
        "customer_country": country,
        "customer_city": typed.city,
        "amount": str(amount),
        "currency": "EUR",
        "expected_close_on": (today + timedelta(days=rng.randint(20, 200))).isoformat(),
        "product_lines": rng.sample(lines, k=1 if rng.random() < 0.75 else 2),
        "notes": rng.choice(NOTES),
    }


def _customer(rng: random.Random, place: Market, taken: list[Record], who: Organisation) -> Record:
    draw = rng.random()
    if taken and draw < 0.09:
        return rng.choice(taken[-400:])  # somebody else is there already
    pool = place.accounts if draw < 0.35 else place.unknown
    near = [record for record in rng.sample(pool, k=min(12, len(pool))) if record.country in who.countries]
    return near[0] if near else rng.choice(pool)
