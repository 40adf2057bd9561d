"""Keys under which a record can be found by equality alone.

Trigram and full-text indexes go unused behind row-level security (their operators are not leakproof), so
nearness is spelt out in advance: records that share any of about a dozen hashed keys are candidates. The
hash is stable over processes, machines and versions of Python.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple, TypeVar

from prm.kernel.matching.acronyms import initials_of, shortened_initials, skeleton
from prm.kernel.matching.normalise import NameForm, Normal
from prm.kernel.matching.weights import TokenWeights

TOO_MANY = 800
"""A key that finds more records than this says too little to be followed."""
BEST = 50
"""So many of the records that were found are scored, at most."""
ALWAYS, FAINT = 12, 0.1
"""Beyond the first twelve, a record whose keys weigh less than a tenth of the best one's is let go."""
MOST_KEYS = 40
MOST_TOKENS = 5
MOST_LETTERS = 8
INITIALS = 10.0
OWN = 6.0
"""From this idf on a word is worth finding misspelt."""

_GLUED = re.compile(r"(\w{5,})(?:inc|llc|ltd|corp|gmbh|com)$")
"""A legal form, or the ending of a web address, that was written on to the name without a blank."""

RecordId = TypeVar("RecordId", bound=Hashable)


class Key(NamedTuple):
    """A key as stored: 63 bits of a hash in a bigint. `weight` is what a hit on it says, in idf units."""

    kind: str
    value: int
    weight: float


def keys(normal: Normal, weights: TokenWeights | None = None) -> list[Key]:
    """What to ask for to find a record again: about ten keys for each of its names, strongest first."""
    return _strongest(_weighed(normal, weights, _asked_acronyms))


def key_values(normal: Normal) -> list[int]:
    """What a record is found under, each once and in no order; for records by the million."""
    found = _weighed(normal, None, _own_initials)
    if len(found) > MOST_KEYS:
        return [key.value for key in _strongest(found)]
    return list({hashed(kind, text) for kind, text in found})


def _strongest(found: dict[tuple[str, str], float]) -> list[Key]:
    ranked = sorted(found.items(), key=lambda item: -item[1])[:MOST_KEYS]
    return [Key(kind, hashed(kind, text), round(weight, 2)) for (kind, text), weight in ranked]


Found = Iterator[tuple[str, str, float]]


def _weighed(
    normal: Normal, weights: TokenWeights | None, acronyms: Callable[[NameForm], Found]
) -> dict[tuple[str, str], float]:
    idf = (weights or TokenWeights.shipped()).idf
    found: dict[tuple[str, str], float] = {}
    if normal.domain:
        found["domain", normal.domain] = 14.0
    if len(normal.label) > 3:
        found["compact", normal.label] = 10.0
    for form in normal.names[:4]:
        for kind, text, weight in (*_name_keys(form, idf), *acronyms(form)):
            if weight > found.get((kind, text), 0.0):
                found[kind, text] = weight
    return found


def hashed(kind: str, text: str) -> int:
    """63 bits of BLAKE2b: fits a signed bigint and never changes."""
    digest = blake2b(f"{kind}\0{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def shortlist(
    query: Sequence[Key], hits: Iterable[tuple[int, RecordId]], limit: int = BEST, too_many: int = TOO_MANY
) -> list[RecordId]:
    """The best `limit` records for these keys, best first, from (key value, record id) rows."""
    by_key: dict[int, set[RecordId]] = defaultdict(set)
    for value, record in hits:
        by_key[value].add(record)
    points: Counter[RecordId] = Counter()
    for key in query:
        found = by_key.get(key.value, ())
        if len(found) <= too_many:
            for record in found:
                points[record] += key.weight  # type: ignore[assignment]
    ranked = points.most_common(limit)
    return [record for place, (record, weight) in enumerate(ranked) if place < ALWAYS or weight >= FAINT * ranked[0][1]]


def _name_keys(form: NameForm, idf: Callable[[str], float]) -> Found:
    tokens = form.tokens
    if not tokens:
        return
    rarest = sorted(dict.fromkeys(tokens), key=lambda token: -idf(token))
    whole = min(12.0, sum(idf(token) for token in set(tokens)))
    yield "compact", form.compact, whole
    if form.spelt != form.compact:
        yield "compact", form.spelt, whole
    if bare := _GLUED.match(form.compact):
        yield "compact", bare[1], whole
    if len(tokens) > 2:  # of two words, their pair says the same
        yield "sorted", " ".join(sorted(tokens)), whole
    yield "start", form.compact[:6], min(6.0, idf(tokens[0]))
    for token in rarest[:MOST_TOKENS]:
        yield "token", token, idf(token)
    for one, other in combinations(rarest[:4], 2):
        yield "pair", " ".join(sorted((one, other))), min(12.0, idf(one) + idf(other))
    if idf(rarest[0]) > OWN or len(tokens) == 1:
        yield from _misspelt(rarest[0], idf(rarest[0]))


def _misspelt(token: str, weight: float) -> Found:
    """What a misspelt or otherwise romanised word still has: its consonants, but for one of them.

    Leaving one letter out on both sides meets every single slip (a letter more, less, other, or two
    swapped); over the consonants alone, wrong vowels come free.
    """
    if len(token) < 4 or token.isdigit():
        return
    sound = skeleton(token)
    spelt = sound if len(sound) > 3 else token
    yield "near", spelt, weight * 0.5
    for position in range(min(len(spelt), MOST_LETTERS)):
        yield "near", spelt[:position] + spelt[position + 1 :], weight * 0.4


def _own_initials(form: NameForm) -> Found:
    """The initials that a long name would shorten to."""
    for initials in initials_of(form):
        yield "initials", initials, INITIALS
    for initials in shortened_initials(form):
        yield "initials", initials, INITIALS / 2


def _asked_acronyms(form: NameForm) -> Found:
    """A short name asks for initials, a long one for the short name that its initials make, and for its very initials.

    Two long names that meet by what is left of their initials meet by chance nearly always.
    """
    if len(form.tokens) == 1 and 2 < len(form.compact) < 9:
        yield "initials", form.compact, INITIALS
    for _kind, initials, weight in _own_initials(form):
        yield "compact", initials, weight
    for initials in initials_of(form):
        yield "initials", initials, INITIALS
