"""How much a word says: rare words speak, common ones don't.

A shipped table of token frequencies (figures only; the sources are named in the file) gives a start, the
tenant's own records shift it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from prm.kernel.matching.vocabulary import SHARED_WORDS

SHIPPED_COUNTS_FOR = 5_000
"""How many of the tenant's own records the shipped table outweighs."""
MOST = 10.0
LEAST = 1.0
COMMON_SHARE = 0.002
"""A word of the shared vocabulary counts as if so many names had it, even where the table lacks it."""


@dataclass(frozen=True, slots=True)
class TokenWeights:
    """Inverse document frequency of tokens, natural log, between LEAST and MOST."""

    table: Mapping[str, float]
    unseen: float

    def idf(self, token: str) -> float:
        return self.table.get(token, self.unseen)

    @staticmethod
    def shipped() -> "TokenWeights":
        """The table that comes with the program. Stored keys depend on it alone."""
        return _shipped()

    def blended(self, counts: Mapping[str, int], total: int) -> "TokenWeights":
        """This table with the tenant's own document counts over `total` records mixed in."""
        if total <= 0:
            return self
        whole = total + SHIPPED_COUNTS_FOR
        table = {
            token: _weight((counts.get(token, 0) + SHIPPED_COUNTS_FOR * math.exp(-idf)) / whole)
            for token, idf in self.table.items()
        }
        floor = SHIPPED_COUNTS_FOR * math.exp(-self.unseen)
        for token, count in counts.items():
            if token not in table and count > 1:
                table[token] = _weight((count + floor) / whole)
        return TokenWeights(table, self.unseen)


@cache
def _shipped() -> TokenWeights:
    stored = json.loads((files(__package__) / "token_counts.json").read_text())
    records = stored["records"]
    table = {word: _weight(COMMON_SHARE) for word in SHARED_WORDS}
    for count, words in stored["tokens"].items():
        for word in words.split():
            weight = _weight(int(count) / records)
            table[word] = min(weight, table.get(word, weight))
    return TokenWeights(table, _weight(0.5 / records))


def _weight(share: float) -> float:
    return round(min(MOST, max(LEAST, -math.log(share))), 3)
