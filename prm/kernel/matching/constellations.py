"""Constellations of two records that a person should see, however high the score, or need not see at all."""

from collections.abc import Iterator

from prm.kernel.matching.features import CATEGORIES, INDEX, Compared
from prm.kernel.matching.vocabulary import COMMON, PLACES, words

FAMILY = COMMON & words("family")
"""Words that set a daughter or a mother apart from the house."""
SHORTEST_ALIAS = 5


def constellations(compared: Compared) -> frozenset[str]:
    """The names of those that hold; `decide` gives each its rule."""
    seen = {name: bins[int(compared.values[INDEX[name]])] for name, bins in CATEGORIES.items()}
    found = _under_one_domain(seen) if seen["domain"] == "same" else _elsewhere(seen, compared)
    return frozenset(found)


def _under_one_domain(seen: dict[str, str]) -> Iterator[str]:
    unlike_names = seen["shared_kind"] == "nothing" and seen["acronym"] == "none"
    if unlike_names and seen["label_name"] not in ("equal", "acronym"):
        yield "same_domain_other_name"


def _elsewhere(seen: dict[str, str], compared: Compared) -> Iterator[str]:
    if not compared.shared and not (compared.left_a and compared.left_b):
        yield "nameless"
    if _no_name_evidence(seen):
        yield "no_name_evidence"
    if _acronym_only(seen, compared):
        yield "acronym_only"
    if seen["left"] == "none" and "different" in (seen["country"], seen["city"]):
        yield "same_name_elsewhere"
    if seen["left"] in ("common_one_side", "rare_one_side") and seen["contained"] != "no":
        more = set(compared.left_a + compared.left_b)
        if more <= PLACES:
            yield "name_plus_place"
        elif more & FAMILY:
            yield "parent_child"
    if seen["numbers"] in ("one_side", "conflict"):
        yield "number_differs"
    if seen["domain"] in ("similar", "different") and seen["left"] != "none":
        yield "other_domain"
    if seen["left"] in ("common_both", "mixed", "rare_both"):
        yield "own_words_on_both_sides"
    if seen["shared_kind"] == "one_rare" and seen["left"] in ("rare_one_side", "mixed", "rare_both"):
        yield "one_rare_word"
    if _a_word_more(seen):
        yield "a_word_more"


def _a_word_more(seen: dict[str, str]) -> bool:
    """The house and its daughter, its bank, its fund; or the same, in short. Only an address or a place can tell."""
    if seen["left"] not in ("common_one_side", "rare_one_side") or seen["label_name"] == "equal":
        return False
    return seen["city"] != "same"


def _no_name_evidence(seen: dict[str, str]) -> bool:
    if seen["acronym"] != "none" or seen["label_name"] in ("equal", "acronym", "within"):
        return False
    if seen["shared_kind"] == "nothing":
        return seen["left"] in ("mixed", "rare_both")
    return seen["shared_kind"] == "common" and seen["left"] == "rare_both"


def _acronym_only(seen: dict[str, str], compared: Compared) -> bool:
    if seen["acronym"] != "none" and (compared.values[INDEX["overlap"]] < 0.5 or seen["first_word"] == "different"):
        return True
    return seen["alias"] == "other_name" and max(map(len, compared.shared), default=0) < SHORTEST_ALIAS
