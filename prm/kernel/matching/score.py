"""The score of two records: sum of the model's lines, and the flags that the hard rules look at."""

from prm.kernel.matching.features import CATEGORIES, INDEX, Compared, compare
from prm.kernel.matching.model import Model, Scored, logistic
from prm.kernel.matching.normalise import Normal
from prm.kernel.matching.vocabulary import COMMON, PLACES, words
from prm.kernel.matching.weights import TokenWeights


def score(a: Normal, b: Normal, weights: TokenWeights | None = None) -> Scored:
    """Probability that two records are one organisation, with every line of the sum. Symmetric."""
    if (b.names[0].compact, b.domain) < (a.names[0].compact, a.domain):
        a, b = b, a
    compared = compare(a, b, (weights or TokenWeights.shipped()).idf)
    model = Model.shipped()
    bins = model.bins(compared.values)
    total = model.base
    for row, table in zip(bins, model.tables, strict=True):
        total += table[3][row]
    for _, first, second, cells in model.pairs:
        total += cells[bins[first]][bins[second]]
    return Scored(logistic(total), bins, compared, flags(compared))


def flags(compared: Compared) -> frozenset[str]:
    """The constellations that a person should see before anything is refused."""
    values = compared.values
    same_domain = values[_DOMAIN] == 0
    left = values[_LEFT]
    found = set()
    if same_domain:
        if values[_SHARED_KIND] == 0 and not values[_ACRONYM] and values[_LABEL_NAME] > 1:
            found.add("same_domain_other_name")
        return frozenset(found)
    if left + (values[_SHARED_KIND] == 0) > 4 and values[_SHARED_KIND] < 2 and not values[_ACRONYM]:
        found.add("no_name_evidence" if values[_LABEL_NAME] > 2 else "")
    if (values[_ACRONYM] and values[_OVERLAP] < 0.5) or (
        values[_ALIAS] and max(map(len, compared.shared), default=0) < 5
    ):
        found.add("acronym_only")
    if not left and values[_COUNTRY] == 2:
        found.add("same_name_elsewhere")
    if left in (1, 2) and values[_CONTAINED] != 4:
        more = set(compared.left_a + compared.left_b)
        found.add("name_plus_place" if more <= PLACES else "parent_child" if more & FAMILY else "")
    if values[_NUMBERS] > 1:
        found.add("number_differs")
    if values[_DOMAIN] > 3 and left:
        found.add("other_domain")
    if left > 2:
        found.add("own_words_on_both_sides")
    if values[_SHARED_KIND] == 2 and left in (2, 4, 5):
        found.add("one_rare_word")
    return frozenset(found - {""})


FAMILY = COMMON & words("family")
"""Words that set a daughter or a mother apart from the house."""

_OVERLAP, _DOMAIN, _LEFT, _SHARED_KIND, _ACRONYM, _LABEL_NAME, _COUNTRY, _CONTAINED, _NUMBERS, _ALIAS = (
    INDEX[name]
    for name in (
        "overlap",
        "domain",
        "left",
        "shared_kind",
        "acronym",
        "label_name",
        "country",
        "contained",
        "numbers",
        "alias",
    )
)
assert CATEGORIES["left"][2] == "rare_one_side" and CATEGORIES["shared_kind"][2] == "one_rare"
