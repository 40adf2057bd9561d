"""Cleaning of names as people type them: unseen characters, lookalike letters, other scripts.

Everything here is total: any string goes in, a short plain one comes out.
"""

import re
import unicodedata
from dataclasses import dataclass

from anyascii import anyascii

MOST_TYPED = 2_000
MOST_KEPT = 300

_LATIN_LOOKALIKES = str.maketrans(
    {
        # Cyrillic
        **dict(zip("АВЕКМНОРСТУХІЈЅԌԚԜҮ", "ABEKMHOPCTYXIJSGQWY", strict=True)),
        **dict(zip("аеорсухіјѕһԁԛԝӏ", "aeopcyxijshdqwl", strict=True)),
        # Greek
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
        **dict(zip("αορυνικ", "aopuvik", strict=True)),
    }
)
_MARKS = dict.fromkeys(map(ord, "®™©℠"), " ")
_OTHER_ALPHABET = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ZERO_AS_O = re.compile(r"(?<=[a-z])0(?=[a-z])")
_ONE_AS_L = re.compile(r"(?<=[a-z])1(?=[a-z])")
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A name in composed characters, still in its own script, with what had to be mended."""

    text: str
    lookalike: str
    notes: tuple[str, ...]


def clean(typed: str) -> Cleaned:
    """NFKC, unseen characters out, lookalike letters back into Latin.

    `lookalike` is a second reading for words written wholly in letters that look Latin
    (a Cyrillic "АСМЕ" may be transliterated, or meant to be read as "ACME"); empty when there is none.
    """
    notes = []
    if len(typed) > MOST_TYPED:
        typed = typed[:MOST_TYPED]
        notes.append("name.truncated")
    if len(typed) <= MOST_KEPT and typed.isascii() and typed.isprintable():
        return Cleaned(" ".join(typed.split()), "", ())  # most names are plain
    text = unicodedata.normalize("NFKC", typed.translate(_MARKS))
    seen = "".join(_visible(letter) for letter in text)
    if len(seen) < len(text):
        notes.append("name.hidden_characters")
    text = " ".join(seen.split())
    if len(text) > MOST_KEPT:
        text = text[:MOST_KEPT].rstrip()
        notes = [*notes, *(() if "name.truncated" in notes else ("name.truncated",))]
    if not _OTHER_ALPHABET.search(text):
        return Cleaned(text, "", tuple(notes))
    mended = _WORD.sub(lambda word: _mend_mixed(word[0]), text)
    if mended != text:
        notes.append("name.homoglyphs")
    second = _WORD.sub(lambda word: _all_lookalike(word[0]), mended)
    return Cleaned(mended, second if second != mended else "", tuple(notes))


def romanised(text: str) -> str:
    """Lower-case ASCII of any script; zero and one inside a word are read as the letters they imitate."""
    return as_letters((text if text.isascii() else anyascii(text)).lower())


def as_letters(plain: str) -> str:
    return _ONE_AS_L.sub("l", _ZERO_AS_O.sub("o", plain))


def _visible(letter: str) -> str:
    """Format marks (zero width, right-to-left) vanish; controls, separators and emoji become spaces."""
    if letter.isalnum() or letter == " ":
        return letter
    category = unicodedata.category(letter)
    if category in ("Cf", "Cn", "Co", "Cs") or letter in "\u0640\ufe0f":
        return ""
    return " " if category in ("Cc", "Zs", "Zl", "Zp", "So") else letter


def _mend_mixed(word: str) -> str:
    """A word that mixes Latin with Cyrillic or Greek is a Latin word with lookalikes in it."""
    if _LATIN.search(word) and _OTHER_ALPHABET.search(word):
        return word.translate(_LATIN_LOOKALIKES)
    return word


def _all_lookalike(word: str) -> str:
    if len(word) < 3 or not _OTHER_ALPHABET.search(word):
        return word
    latin = word.translate(_LATIN_LOOKALIKES)
    return word if _OTHER_ALPHABET.search(latin) else latin
