"""Made-up organisations for the demo: names, places, domains, and the ways in which people misspell them.

Everything is coined from syllables and everyday words and lives under .example, so that no real company is
meant. The same seed gives the same list on every machine.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files

from prm.kernel.matching import Record

STOCK = tomllib.loads((files(__package__) / "names.toml").read_text(encoding="utf-8"))
BEGINNINGS: list[str] = STOCK["beginnings"].split()
MIDDLES: list[str] = STOCK["middles"].split()
ENDINGS: list[str] = STOCK["endings"].split()
FIRST_WORDS: list[str] = STOCK["first_words"].split()
SECOND_WORDS: list[str] = STOCK["second_words"].split()


@dataclass(frozen=True, slots=True)
class Country:
    """Where an organisation may be: its cities, legal forms, and words of trade in its language."""

    code: str
    share: int
    cities: tuple[str, ...]
    forms: tuple[str, ...]
    trades: tuple[str, ...]


COUNTRIES = tuple(
    Country(
        row["code"],
        row["share"],
        tuple(row["cities"]),
        tuple(row["forms"]),
        tuple(row.get("trades", STOCK["english"])),
    )
    for row in STOCK["countries"]
)
SHARES = [country.share for country in COUNTRIES]


def generate(seed: int, count: int) -> list[Record]:
    """`count` organisations, no two with the same name or domain; fields are missing as they are in life."""
    rng = random.Random(seed)  # noqa: S311  names, not secrets
    made: list[Record] = []
    taken: set[str] = set()
    while len(made) < count:
        country = rng.choices(COUNTRIES, SHARES)[0]
        root = _root(rng)
        mother = made[-1] if made and rng.random() < 0.03 else None
        record = _daughter(rng, mother) if mother else _organisation(rng, root, country)
        if taken.isdisjoint({record.name, record.domain} - {""}):
            taken |= {record.name, record.domain}
            made.append(record)
    return made


def variant(record: Record, rng: random.Random) -> Record:
    """The same organisation as another person would type it: one to three changes, sometimes fewer fields."""
    changes: list[Callable[[str, random.Random], str]] = rng.choices(
        [_other_form, _misspelt, _abbreviated, _translated, _shouted, _rearranged, _initials],
        weights=[8, 6, 4, 3, 3, 1, 1],
        k=rng.choice((1, 1, 2, 2, 3)),
    )
    name = record.name
    for change in dict.fromkeys(changes):
        name = change(name, rng)
    shown = {
        field: "" for field, chance in (("domain", 0.35), ("city", 0.4), ("country", 0.25)) if rng.random() < chance
    }
    return replace(record, name=name, **shown)


def _root(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(BEGINNINGS) + rng.choice(MIDDLES) + rng.choice(ENDINGS)
    word = rng.choice(FIRST_WORDS) + rng.choice(SECOND_WORDS)
    return (
        word
        if kind < 0.85
        else f"{rng.choice(BEGINNINGS)}{rng.choice(ENDINGS)} & {rng.choice(BEGINNINGS)}{rng.choice(ENDINGS)}"
    )


def _organisation(rng: random.Random, root: str, country: Country) -> Record:
    trade = rng.choice(country.trades) if rng.random() < 0.85 else ""
    form = rng.choice(country.forms) if rng.random() < 0.9 else ""
    name = " ".join(part for part in (root, trade, form) if part)
    label = _label(root if rng.random() < 0.6 or not trade else f"{root}{trade}")
    return Record(
        name,
        domain=f"{label}.example" if rng.random() < 0.85 else "",
        country=country.code if rng.random() < 0.95 else "",
        city=rng.choice(country.cities) if rng.random() < 0.85 else "",
    )


def _daughter(rng: random.Random, mother: Record) -> Record:
    own = mother.name.split()[0]
    form = mother.name.split()[-1]
    return replace(mother, name=f"{own} {rng.choice(STOCK['daughters'])} {form}", domain="")


def _label(text: str) -> str:
    plain = text.lower().translate(str.maketrans("äöüéèíáóúąęłńśźżå", "aoueeiaouaelnszza"))
    return "".join(letter for letter in plain if letter.isalnum() and letter.isascii())


FORMS = tuple(sorted({form for country in COUNTRIES for form in country.forms}, key=len, reverse=True))


def _without_form(name: str) -> tuple[str, str]:
    for form in FORMS:
        if name.endswith(f" {form}"):
            return name[: -len(form) - 1], form
    return name, ""


def _other_form(name: str, rng: random.Random) -> str:
    own, form = _without_form(name)
    if form and rng.random() < 0.6:
        return own
    return f"{own} {rng.choice(('Ltd', 'Limited', 'Inc', 'Group', 'Holdings', 'Corporation', 'Company'))}"


def _misspelt(name: str, rng: random.Random) -> str:
    own, form = _without_form(name)
    at = rng.randrange(1, max(2, len(own) - 1))
    one, two = own[at : at + 1], own[at + 1 : at + 2]
    changed = rng.choice((two + one, one, one + one + two, rng.choice("aeiou") + two))
    return (own[:at] + changed + own[at + 2 :] + (f" {form}" if form else "")).strip()


def _replaced(name: str, table: dict[str, str]) -> str:
    return " ".join(table.get(word, word) for word in name.split())


def _abbreviated(name: str, rng: random.Random) -> str:
    return _replaced(name, STOCK["shortened"]).replace(" & ", rng.choice((" and ", " + ", "&")))


def _translated(name: str, rng: random.Random) -> str:
    return _replaced(name, STOCK["translated"])


def _shouted(name: str, rng: random.Random) -> str:
    return name.upper() if rng.random() < 0.6 else name.lower()


def _rearranged(name: str, rng: random.Random) -> str:
    own, form = _without_form(name)
    words = own.split()
    return f"{words[-1]} {' '.join(words[:-1])} {form}".strip() if len(words) > 1 else name


def _initials(name: str, rng: random.Random) -> str:
    own, _ = _without_form(name)
    initials = "".join(word[0] for word in own.split() if word[0].isalnum()).upper()
    return initials if len(initials) > 2 else name
