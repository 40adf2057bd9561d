"""What can be seen when two records are laid side by side: numbers and categories, no judgement.

This is the hot path (a hundred candidates for every check), so it is written for speed: plain tuples, each
thing computed once, string distances by rapidfuzz.
"""

from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz.distance import OSA, Indel, JaroWinkler

from prm.kernel.matching.acronyms import abbreviates, skeleton
from prm.kernel.matching.normalise import NameForm, Normal
from prm.kernel.matching.vocabulary import COUNTRY_CODES, PLACES
from prm.kernel.matching.weights import MOST

ratio = Indel.normalized_similarity
slips = OSA.normalized_similarity
jaro_winkler = JaroWinkler.similarity

CITY_WEIGHT = 4.0
"""What a word weighs that is the city of one of the records: many there bear it."""
RARE = 6.5
"""From this idf on a word is somebody's own name rather than a trade's."""
MOST_TOKENS = 10
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_ORDINAL = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh")
ORDINALS = {word: str(place) for words in (_ROMAN, _ORDINAL) for place, word in enumerate(words, start=1)}
NO_NUMBERS: frozenset[str] = frozenset()
WORD_CODES = {word: code for word, code in COUNTRY_CODES.items() if word in PLACES}

NUMBERS = (
    "overlap",
    "cover",
    "spelling",
    "start",
    "sound",
    "rarest_shared",
    "shared",
    "rarest_left_short",
    "rarest_left_long",
    "left_similarity",
    "length",
    "label_similarity",
    "least_alike",
)
CATEGORIES = {
    "left": ("none", "common_one_side", "rare_one_side", "common_both", "mixed", "rare_both"),
    "left_count": ("0", "1", "2", "3+"),
    "shared_kind": ("nothing", "common", "one_rare", "more_rare"),
    "first_word": ("same", "similar", "different"),
    "last_word": ("same", "similar", "different"),
    "contained": ("whole", "start", "end", "inside", "no"),
    "words": ("1", "2", "3", "4+"),
    "numbers": ("none", "same", "one_side", "conflict"),
    "places": ("none", "same", "one_side", "conflict", "fits", "elsewhere"),
    "legal_form": ("same", "missing_both", "missing_one", "different"),
    "acronym": ("none", "loose", "heads", "initials"),
    "domain": ("same", "same_label", "missing_one", "missing_both", "similar", "different"),
    "label_name": ("equal", "acronym", "within", "similar", "unknown", "different"),
    "country": ("same", "missing", "different"),
    "city": ("same", "similar", "missing", "different"),
    "alias": ("own_names", "other_name"),
}
FEATURES = (*NUMBERS, *CATEGORIES)
INDEX = {name: position for position, name in enumerate(FEATURES)}


class Compared(NamedTuple):
    """The values in the order of FEATURES (categories as positions), and the words behind them."""

    values: tuple[float, ...]
    shared: tuple[str, ...]
    left_a: tuple[str, ...]
    left_b: tuple[str, ...]


def compare(a: Normal, b: Normal, idf: Callable[[str], float]) -> Compared:
    """Lay two records side by side, over the pair of their names that is most alike."""
    one, other, alias = _closest(a, b)
    if one.spelt == other.spelt:
        other = one  # "Acme Tech" and "AcmeTech" differ in a blank only
    ta, tb = one.tokens[:MOST_TOKENS], other.tokens[:MOST_TOKENS]
    shared, left_a, left_b = _align(ta, tb, one.heads, other.heads)
    rarity = {token: idf(token) for token in (*ta, *tb)}
    for word in (*a.city.split(), *b.city.split()):
        if word in rarity:
            rarity[word] = min(rarity[word], CITY_WEIGHT)
    weight_a = sum([rarity[t] for t in ta])
    weight_b = sum([rarity[t] for t in tb])
    total = rarest_shared = 0.0
    rare_shared = 0
    for x, y, similarity in shared:
        weight = similarity * similarity * (rarity.get(x, MOST) + rarity.get(y, MOST)) / 2
        total += weight
        rare_shared += weight > RARE
        if weight > rarest_shared:
            rarest_shared = weight
    rare_a = max([rarity[t] for t in left_a], default=0.0)
    rare_b = max([rarity[t] for t in left_b], default=0.0)
    ca, cb = one.compact, other.compact
    domain = _domain(a, b)
    label_name, label_similarity = _label_name(a, b)
    least = min(weight_a, weight_b)
    values = (
        2 * total / (weight_a + weight_b) if total else 0.0,
        min(1.0, total / least) if least else 0.0,
        ratio(ca, cb),
        jaro_winkler(ca, cb),
        ratio(skeleton(ca), skeleton(cb)),
        rarest_shared,
        total,
        rare_a if rare_a < rare_b else rare_b,
        rare_b if rare_a < rare_b else rare_a,
        ratio("".join(left_a), "".join(left_b)) if left_a and left_b else (0.0 if left_a or left_b else 1.0),
        min(len(ca), len(cb)) / (max(len(ca), len(cb)) or 1),
        label_similarity,
        min([similarity for _, _, similarity in shared], default=1.0),
        _left(rare_a, rare_b),
        min(3, max(len(left_a), len(left_b))),
        0 if not shared else 1 if not rare_shared else 2 if rare_shared == 1 else 3,
        _word(ta[0], tb[0]) if ta and tb else 2,
        _word(ta[-1], tb[-1]) if ta and tb else 2,
        _contained(ta, tb),
        min(3, min(len(ta), len(tb)) - 1) if ta and tb else 0,
        _sets(_numbers(ta), _numbers(tb)),
        _places(ta, tb, a, b),
        _legal(one.forms, other.forms),
        _acronym(a, b),
        domain,
        label_name,
        1 if not (a.country and b.country) else 0 if a.country == b.country else 2,
        _city(a.city, b.city),
        alias,
    )
    return Compared(values, tuple([x for x, _, _ in shared]), left_a, left_b)


def _closest(a: Normal, b: Normal) -> tuple[NameForm, NameForm, int]:
    if len(a.names) == 1 and len(b.names) == 1:
        return a.names[0], b.names[0], 0
    best, chosen = -1.0, (a.names[0], b.names[0], 0)
    for one in a.names:
        for other in b.names:
            alike = ratio(one.compact, other.compact)
            if alike > best:
                own = one is a.names[0] and other is b.names[0]
                best, chosen = alike, (one, other, 0 if own else 1)
    return chosen


Shared = list[tuple[str, str, float]]


def _align(
    a: tuple[str, ...], b: tuple[str, ...], heads_a: tuple[str, ...], heads_b: tuple[str, ...]
) -> tuple[Shared, tuple[str, ...], tuple[str, ...]]:
    """Which words answer each other, how well, and which are left over on each side."""
    if a == b:
        return [(t, t, 1.0) for t in a], (), ()
    rest_b = list(b)
    rest_a = []
    shared: Shared = []
    for token in a:
        if token in rest_b:
            rest_b.remove(token)
            shared.append((token, token, 1.0))
        else:
            rest_a.append(token)
    if rest_a and rest_b:
        rest_a = _near(rest_a, rest_b, shared)
    if rest_a and rest_b and len(rest_a) + len(rest_b) > 2:
        _together(rest_a, rest_b, shared)
        _together(rest_b, rest_a, shared)
        _abbreviated(rest_a, rest_b, heads_b, shared)
        _abbreviated(rest_b, rest_a, heads_a, shared)
    return shared, tuple(rest_a), tuple(rest_b)


def _near(rest_a: list[str], rest_b: list[str], shared: Shared) -> list[str]:
    left = []
    for token in rest_a:
        best, nearest = 0.0, ""
        for other in rest_b:
            alike = similarity(token, other)
            if alike > best:
                best, nearest = alike, other
        if best:
            rest_b.remove(nearest)
            shared.append((token, nearest, best))
        else:
            left.append(token)
    return left


def _together(pieces: list[str], wholes: list[str], shared: Shared) -> None:
    """Two words here that are one there ("wal mart", "walmart")."""
    for position in range(len(pieces) - 1):
        joined = pieces[position] + pieces[position + 1]
        if joined in wholes:
            wholes.remove(joined)
            del pieces[position : position + 2]
            shared.append((joined, joined, 1.0))
            return


def _abbreviated(shorts: list[str], longs: list[str], heads: tuple[str, ...], shared: Shared) -> None:
    """A word here that is the initials of words there ("IIIT Bhopal")."""
    if len(longs) < 2 or not any([2 < len(short) < 7 for short in shorts]):
        return
    content = "".join([head[0] for head in heads if head[0] != "-"])
    for short in shorts:
        if 2 < len(short) < 7 and short in content:
            shorts.remove(short)
            del longs[: len(short)]
            shared.append((short, short, 0.9))
            return


def similarity(x: str, y: str) -> float:
    """How alike two different words are, 0 where too little: spelling, then abbreviation, then sound."""
    short, long = (x, y) if len(x) <= len(y) else (y, x)
    length = len(short)
    if length < 3 or short.isdigit():
        return 0.5 if length == 1 and long[0] == short and short.isalpha() else 0.0
    if 5 * length >= 4 * len(long):  # else too many letters are missing
        alike = slips(x, y)
        if alike >= 0.8:
            return alike
    if long.startswith(short):
        return 0.8 if length > 3 else 0.6
    if length >= 5:
        sound = skeleton(x)
        if len(sound) > 2 and sound == skeleton(y) and slips(x, y) > 0.5:
            return 0.8
    return 0.0


def _left(rare_a: float, rare_b: float) -> int:
    if not rare_a and not rare_b:
        return 0
    if not rare_a or not rare_b:
        return 2 if rare_a + rare_b > RARE else 1
    rare = (rare_a > RARE) + (rare_b > RARE)
    return 3 + rare


def _word(x: str, y: str) -> int:
    return 0 if x == y else 1 if similarity(x, y) else 2


def _contained(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    if len(a) > len(b):
        a, b = b, a
    if not a:
        return 4
    size = len(a)
    if a == b[:size]:
        return 0 if size == len(b) else 1
    if a == b[-size:]:
        return 2
    return 3 if set(a) <= set(b) else 4


def _sets(a: set[str] | frozenset[str], b: set[str] | frozenset[str]) -> int:
    if not a and not b:
        return 0
    if not a or not b:
        return 2
    return 1 if a == b else 3


def _numbers(tokens: tuple[str, ...]) -> frozenset[str]:
    """Numbers in the name, Roman and ordinal ones too: the second fund is not the first."""
    found = [ORDINALS.get(t) or "".join(filter(str.isdigit, t)) for t in tokens if t in ORDINALS or not t.isalpha()]
    return frozenset(filter(None, found)) if found else NO_NUMBERS


def _places(one: tuple[str, ...], other: tuple[str, ...], a: Normal, b: Normal) -> int:
    """Countries and cities in the names; where only one name has one, the other's own place answers."""
    named, answered = PLACES.intersection(one), PLACES.intersection(other)
    if named == answered:
        return 1 if named else 0
    if named and answered:
        return 2 if named < answered or answered < named else 3
    words, there = (named, b) if named else (answered, a)
    if not words.isdisjoint(there.city.split()) or there.country in {WORD_CODES.get(word) for word in words}:
        return 4
    return 5 if there.country and words <= WORD_CODES.keys() else 2


def _legal(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    if not a and not b:
        return 1
    if not a or not b:
        return 2
    return 3 if set(a).isdisjoint(b) else 0


def _acronym(a: Normal, b: Normal) -> int:
    best = 0
    for short, long in ((a, b), (b, a)):
        for one in short.names:
            if len(one.tokens) == 1 and len(one.compact) <= 8:
                for other in long.names:
                    if len(other.heads) > 1 and len(other.compact) > len(one.compact):
                        best = max(best, abbreviates(one.compact, other))
    return best


def _domain(a: Normal, b: Normal) -> int:
    if not a.domain or not b.domain:
        return 2 if a.domain or b.domain else 3
    if a.domain == b.domain:
        return 0
    if a.label == b.label:
        return 1
    return 4 if min(len(a.label), len(b.label)) > 3 and jaro_winkler(a.label, b.label) > 0.88 else 5


def _label_name(a: Normal, b: Normal) -> tuple[int, float]:
    """Does the web address of one spell the name of the other? Only where they don't share a domain."""
    best, alike = 4, 0.0
    for owner, named in ((a, b), (b, a)):
        label = owner.label
        if len(label) < 2:
            continue
        found = 5
        for form in named.names:
            compact = form.spelt
            near = ratio(label, compact)
            alike = max(alike, near)
            if label == compact or label == form.compact:
                found = 0
            elif found > 1 and abbreviates(label, form) > 1:
                found = 1
            elif found > 2 and len(label) > 3 and len(compact) > 3 and (label in compact or compact in label):
                found = 2
            elif found > 3 and near > 0.72:
                found = 3
        best = found if best == 4 else min(best, found)
    return best, alike


def _city(a: str, b: str) -> int:
    if not a or not b:
        return 2
    if a == b:
        return 0
    return 1 if a in b or b in a or ratio(a, b) > 0.8 else 3
