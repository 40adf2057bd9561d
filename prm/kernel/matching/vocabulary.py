"""Words that many organisations share: translations, abbreviations, places, and words that say nothing.

The lists are in words/, one meaning a line.
"""

from collections.abc import Iterator
from importlib.resources import files


def lines(name: str) -> Iterator[tuple[str, str]]:
    """(head, rest) of each line "head: rest" of a list in words/; remarks begin with #."""
    for line in (files(__package__) / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _, rest = line.partition(":")
            yield head.strip(), rest.strip()


def words(name: str) -> frozenset[str]:
    """All words of a plain list in words/."""
    return frozenset(word for head, _ in lines(name) for word in head.split())


STOP_WORDS = words("stop_words")
PAIRS = {pair: word for word, pair in lines("pairs")}
_COUNTRIES = [
    (code, word, rest.split()) for head, rest in lines("countries") for code, word in [head.split(maxsplit=1)]
]
COUNTRY_WORDS = {spelling: word for _, word, spellings in _COUNTRIES for spelling in (word, *spellings)}
COUNTRY_CODES = {
    spelling: code for code, word, spellings in _COUNTRIES if code != "--" for spelling in (word, *spellings)
}
SCRIPT_WORDS = {spelling: word for word, rest in lines("scripts") for spelling in rest.split()}


def _singular(word: str) -> str:
    """Plural endings of English, as far as they are safe on names."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("s") and word[-2] not in "sui":
        return word[:-1]
    return word


def _meanings() -> dict[str, str]:
    table: dict[str, str] = {}
    for head, others in lines("meanings"):
        for word in (head, *others.split()):
            table.setdefault(word, _fixed(head))
            table.setdefault(_singular(word), _fixed(head))
        table[_fixed(head)] = _fixed(head)
    return table | COUNTRY_WORDS


def _fixed(word: str) -> str:
    """What `_singular` leaves alone when it comes round again."""
    while (shorter := _singular(word)) != word:
        word = shorter
    return word


CANONICAL = _meanings()
COMMON = frozenset(CANONICAL.values())
EVERYDAY = frozenset(map(_fixed, words("common")))
CITIES = words("cities")
PLACES = CITIES | frozenset(map(_fixed, words("regions"))) | frozenset(COUNTRY_WORDS.values())
SHARED_WORDS = EVERYDAY | COMMON | PLACES | STOP_WORDS
"""Words that name nobody in particular."""


def canonical(word: str) -> str:
    """The word that stands for this one: its English meaning if many share it, else its singular."""
    known = CANONICAL.get(word)
    if known is not None:
        return known
    stem = _fixed(word)
    return CANONICAL.get(stem, stem)
