"""A record of an organisation as people type it, made comparable.

`normalise` never raises on any text and comes out the same when its own words are put in again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from prm.kernel.matching import legal_forms
from prm.kernel.matching.domains import Site, site_of
from prm.kernel.matching.text import as_letters, clean, romanised
from prm.kernel.matching.vocabulary import COUNTRY_CODES, PAIRS, SCRIPT_WORDS, SHARED_WORDS, STOP_WORDS, canonical

MOST_WORDS = 24
LONGEST_WORD = 40
MOST_NAMES = 8

_CJK = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SCRIPT_TERMS = re.compile(
    "|".join(sorted(map(re.escape, (*legal_forms.OTHER_SCRIPTS, *SCRIPT_WORDS)), key=len, reverse=True))
)
_ELISION = re.compile(r"\b(?:d|l|dell|nell|sull|all|qu)'(?=\w{3})")
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u02b9`\u00b4]")
_WORDS = re.compile(r"[a-z0-9]+")
_FORMER = re.compile(
    r"\b(?:d/?b/?a|f/?k/?a|a/?k/?a|t/a|formerly(?: known as)?|trading as|doing business as|also known as"
    r"|vormals)\b[\s.:]*(?=\w)",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"[,(]?\s*\b(?:an? )?(?:subsidiary|division|unit|part|member|affiliate) of\b.*", re.IGNORECASE)
_PARENTHESES = re.compile(r"[(\[]([^()\[\]]*)(?:[)\]]|$)")


@dataclass(frozen=True, slots=True)
class Record:
    """What a form, a file or a CRM says about an organisation. Country is ISO 3166 alpha-2 or a name."""

    name: str
    domain: str = ""
    country: str = ""
    city: str = ""
    email: str = ""
    aliases: Sequence[str] = ()


class NameForm(NamedTuple):
    """One name: its own words (canonical, legal forms off), the forms, its words as written.

    `heads` are the first three letters of each word as written, stop words marked by a leading dash:
    acronyms are made of those, in the language of the name. `spelt` is the name as written, in one word,
    legal forms off: web addresses are made of that. `compact` is its own words in one.
    """

    tokens: tuple[str, ...]
    forms: tuple[str, ...]
    heads: tuple[str, ...]
    spelt: str
    compact: str


class Normal(NamedTuple):
    """A record made comparable. `domain` is registrable and ASCII, "" where it is no evidence."""

    names: tuple[NameForm, ...]
    domain: str = ""
    label: str = ""
    country: str = ""
    city: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Compact and JSON-able, for a column."""
        return {
            "n": [
                [" ".join(name.tokens), " ".join(name.forms), " ".join(name.heads), name.spelt] for name in self.names
            ],
            "d": self.domain,
            "l": self.label,
            "c": self.country,
            "p": self.city,
            "x": list(self.notes),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Normal":
        names = [
            NameForm(tuple(own.split()), tuple(forms.split()), tuple(heads.split()), spelt, own.replace(" ", ""))
            for own, forms, heads, spelt in stored["n"]
        ]
        return cls(tuple(names), stored["d"], stored["l"], stored["c"], stored["p"], tuple(stored["x"]))


def normalise(record: Record) -> Normal:
    """Make a record comparable; never raises, whatever the text."""
    notes: list[str] = []
    names: dict[NameForm, None] = {}
    for position, typed in enumerate((record.name, *record.aliases[:MOST_NAMES])):
        cleaned = clean(typed or "")
        if position == 0:
            notes.extend(cleaned.notes)
        for reading in _readings(cleaned.text, cleaned.lookalike):
            form = _name_form(reading)
            if form.tokens or position == 0:
                names.setdefault(form)
    if not (record.name or "").strip():
        notes.append("name.empty")
    elif not next(iter(names)).tokens:
        notes.append("name.no_letters")
    site = site_of(record.domain or "", record.email or "") if record.domain or record.email else Site()
    return Normal(
        tuple(names)[:MOST_NAMES],
        site.domain,
        site.label,
        country_code(record.country or "") or site.country,
        _city(record.city or ""),
        (*notes, *site.notes),
    )


def token_counts(normals: Iterable[Normal]) -> Counter[str]:
    """In how many records each token of the first name stands: the tenant's side of the token weights."""
    counts: Counter[str] = Counter()
    for normal in normals:
        counts.update(set(normal.names[0].tokens))
    return counts


@lru_cache(maxsize=4096)
def country_code(typed: str) -> str:
    """ISO alpha-2 from a code or a name in one of the languages we know, else ""."""
    text = typed.strip()[:60]
    if len(text) == 2 and text.isascii() and text.isalpha():
        return "GB" if text.upper() == "UK" else text.upper()
    words = _WORDS.findall(romanised(clean(text).text))
    joined = PAIRS.get(" ".join(words[:2]), "".join(words))
    return COUNTRY_CODES.get(joined, "")


def _readings(text: str, lookalike: str) -> list[str]:
    """The name, and the names within it: before and inside parentheses, former and trading names."""
    readings = [text]
    if lookalike:
        readings.append(lookalike)
    plain = _PART_OF.sub("", text)
    inside = [part.strip() for part in _PARENTHESES.findall(plain) if _names_somebody(part)]
    outside = _PARENTHESES.sub(" ", plain).strip() if inside else plain
    named = [part.strip(" ,;-") for part in _FORMER.split(outside)]
    if inside or len(named) > 1 or plain != text:
        own = named[0] or text
        says_something = len(own) > 2 and not STOP_WORDS.issuperset(_words(own)[0])
        readings = [own if says_something else text, *named[1:], *inside, *readings[1:]]
    return [reading for reading in dict.fromkeys(readings) if reading][:4] or [""]


def _names_somebody(part: str) -> bool:
    """Is this a name, or only a place, a legal form or everyday words, as parentheses often hold?"""
    words, forms = legal_forms.take_off(_words(part)[0])
    own = {canonical(word) for word in words if word not in legal_forms.FORMS_ANYWHERE} - SHARED_WORDS
    return len(part.strip()) > 2 and (bool(own) or len(words) > 2) and not (forms and not own)


def _name_form(text: str) -> NameForm:
    words, forms = _words(text)
    words = words[:MOST_WORDS]
    heads = tuple(f"-{word[:3]}" if word in STOP_WORDS else word[:3] for word in words)
    tokens, spelt = words, "".join(legal_forms.take_off(_joined(words))[0])[:60]
    for _ in range(4):
        reduced, more = _reduced(tokens)
        forms += more
        if reduced == tokens:
            break
        tokens = reduced
    return NameForm(tuple(tokens), tuple(dict.fromkeys(forms)), heads, spelt, "".join(tokens))


def _words(text: str) -> tuple[list[str], list[str]]:
    """Words in lower-case ASCII, and the legal forms that other scripts write without blanks."""
    forms: list[str] = []
    if _CJK.search(text):
        found = _SCRIPT_TERMS.findall(text)
        forms = ["corp" for term in found if term in legal_forms.OTHER_SCRIPTS]
        text = _SCRIPT_TERMS.sub(lambda term: f" {SCRIPT_WORDS.get(term[0], '')} ", text)
    plain = as_letters(_ELISION.sub(" ", _APOSTROPHES.sub("'", romanised(text))).replace("'", ""))
    words = [word[:LONGEST_WORD] for word in _WORDS.findall(plain.replace("&", " and "))]
    return words, forms


def _reduced(words: list[str]) -> tuple[list[str], list[str]]:
    """One pass: initials joined, legal forms off, stop words out, each word its canonical self."""
    own, forms = legal_forms.take_off(_paired(_joined(words)))
    meant = [word for word in own if word not in STOP_WORDS] or own
    return [canonical(word) for word in meant], forms


def _joined(words: list[str]) -> list[str]:
    """Single letters in a row are one word ("A. G." is "ag", "I and S" is "is")."""
    joined: list[str] = []
    open_run = False
    for position, word in enumerate(words):
        single = len(word) == 1 and word.isalpha()
        if word == "and" and open_run and position + 1 < len(words) and len(words[position + 1]) == 1:
            continue
        if single and open_run:
            joined[-1] += word
        else:
            joined.append(word)
        open_run = single
    return joined


def _paired(words: list[str]) -> list[str]:
    """Two words that are one ("united states", "real estate")."""
    out: list[str] = []
    for word in words:
        pair = PAIRS.get(f"{out[-1]} {word}") if out else None
        if pair:
            out[-1] = pair
        else:
            out.append(word)
    return out


def _city(typed: str) -> str:
    words = _WORDS.findall(romanised(clean(typed[:120]).text).replace("'", ""))
    kept = [word for word in words if word not in ("city", "shi", "ku", "gun", "district", "county", "the")]
    return " ".join(kept or words)[:60]
