"""A register of accounts held in memory, found by keys and judged as the key table and its check do it."""

import csv
import gzip
import io
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from prm.demo.names import BEGINNINGS, ENDINGS, MIDDLES
from prm.kernel.matching import (
    Normal,
    Record,
    Scored,
    Thresholds,
    TokenWeights,
    decide,
    key_values,
    keys,
    normalise,
    score,
)
from prm.kernel.matching.keys import BEST, shortlist
from prm.kernel.matching.model import Model

OWN = 6.5
"""From this idf on a word is somebody's own name."""
GAP = "\0"
RANK = ("clear", "review", "conflict")


class Register:
    """Records found by keys; the likeliest decides, a conflict before a review."""

    def __init__(self, normals: list[Normal], weights: TokenWeights | None = None) -> None:
        self.normals = normals
        self.weights = weights
        self.records: dict[int, list[int]] = defaultdict(list)
        for number, normal in enumerate(normals):
            for value in key_values(normal):
                self.records[value].append(number)

    def candidates(self, asked: Normal) -> list[int]:
        wanted = keys(asked)
        hits = [(key.value, number) for key in wanted for number in self.records.get(key.value, ())]
        return shortlist(wanted, hits, BEST)

    def check(
        self, asked: Normal, model: Model | None = None, limits: Thresholds | None = None
    ) -> tuple[str, int, Scored | None]:
        """(outcome, record, its score) of the best hit; (clear, -1, None) where nothing came up."""
        best: tuple[str, int, Scored | None] = ("clear", -1, None)
        strength = (-1, -1.0)
        for number in self.candidates(asked):
            scored = score(asked, self.normals[number], self.weights, model)
            outcome = decide(scored, limits).outcome
            if (RANK.index(outcome), scored.probability) > strength:
                best, strength = (outcome, number, scored), (RANK.index(outcome), scored.probability)
        return best


def invented(real: Sequence[Record], count: int, seed: int) -> Iterator[Record]:
    """More companies of the same kind: real names with their own words exchanged for coined ones."""
    rng, changed = random.Random(seed), cache(_without_own_words)
    for _number in range(count):
        record = rng.choice(real)
        coined = (rng.choice(BEGINNINGS) + rng.choice(MIDDLES) + rng.choice(ENDINGS)).capitalize()
        name = changed(record.name).replace(GAP, coined)
        yield Record(name, f"{coined.lower()}.com" if record.domain else "", record.country, record.city)


def _without_own_words(name: str) -> str:
    """The name with a gap in place of its first own word, and without the others."""
    words, idf = name.split(), TokenWeights.shipped().idf
    own = [word for word in words if all(idf(t) > OWN for t in normalise(Record(word)).names[0].tokens)] or words[:1]
    return " ".join(GAP if word == own[0] else word for word in words if word == own[0] or word not in own)


def rows_of(path: str) -> list[dict[str, str]]:
    raw = Path(path).read_bytes()
    text = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def raw_record_of(row: dict[str, str], prefix: str = "") -> Record:
    return Record(*(row[prefix + part] for part in ("name", "domain", "country", "city")))


def record_of(row: dict[str, str], prefix: str = "") -> Normal:
    return normalise(raw_record_of(row, prefix))
