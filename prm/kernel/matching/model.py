"""The additive model: for each feature a table of contributions in log-odds, and for a few pairs of them.

Nothing is hidden: the sum of the lines and the base is the log-odds of the probability. The tables are in
model.json, written by bench/train_matcher.py together with the figures it reached.
"""

import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from operator import getitem
from typing import Any, NamedTuple

from prm.kernel.matching.constellations import constellations
from prm.kernel.matching.features import CATEGORIES, FEATURES, INDEX, NUMBERS, Compared
from prm.kernel.matching.sentences import figure_for, named, sentence_for


class Line(NamedTuple):
    """One feature's part in a score: log-odds, above zero where it speaks for the same organisation."""

    feature: str
    bin: str
    contribution: float
    facts: dict[str, str]

    @property
    def sentence(self) -> str:
        """The line in the reader's language."""
        return sentence_for(self.feature, self.bin, self.facts)

    @property
    def figure(self) -> str:
        """The same with the figures behind it."""
        return figure_for(self.feature, self.bin, self.facts)


class Table(NamedTuple):
    name: str
    position: int
    edges: tuple[float, ...]
    weights: tuple[float, ...]
    labels: tuple[str, ...]


class PairTable(NamedTuple):
    name: str
    first: int
    second: int
    weights: tuple[tuple[float, ...], ...]

    def bin(self, model: "Model", bins: list[int]) -> str:
        one, other = model.tables[self.first], model.tables[self.second]
        return f"{one.labels[bins[self.first]]}*{other.labels[bins[self.second]]}"


@dataclass(frozen=True)
class Model:
    version: str
    base: float
    tables: tuple[Table, ...]
    pairs: tuple[PairTable, ...]

    @cached_property
    def edges(self) -> tuple[tuple[float, ...], ...]:
        return tuple(table.edges for table in self.tables[: len(NUMBERS)])

    @cached_property
    def rows(self) -> tuple[tuple[float, ...], ...]:
        return tuple(table.weights for table in self.tables)

    @staticmethod
    @cache
    def shipped() -> "Model":
        return Model.parse(json.loads((files(__package__) / "model.json").read_text()))

    @staticmethod
    def parse(stored: dict[str, Any]) -> "Model":
        given = {row["feature"]: row for row in stored["tables"]}
        tables = tuple(_table(given[name]) for name in FEATURES)  # in their order, as they are compared
        at = {table.name: place for place, table in enumerate(tables)}
        pairs = tuple(
            PairTable(f"{one}*{other}", at[one], at[other], tuple(map(tuple, row["weights"])))
            for row in stored["pairs"]
            for one, other in [(row["first"], row["second"])]
        )
        return Model(stored["version"], stored["base"], tables, pairs)

    def bins(self, values: tuple[float, ...]) -> list[int]:
        """In which row of each table the values fall."""
        numbers = len(NUMBERS)
        return [*map(bisect_right, self.edges, values), *map(int, values[numbers:])]

    def log_odds(self, bins: list[int]) -> float:
        """The sum of the lines."""
        total = sum(map(getitem, self.rows, bins), self.base)
        for _, first, second, cells in self.pairs:
            total += cells[bins[first]][bins[second]]
        return total


def _table(row: dict[str, Any]) -> Table:
    name, edges, weights = row["feature"], tuple(row.get("edges", ())), tuple(row["weights"])
    labels = CATEGORIES.get(name) or tuple(map(str, range(len(weights))))
    return Table(name, INDEX[name], edges, weights, labels)


MODEL_VERSION: str = json.loads((files(__package__) / "model.json").read_text())["version"]


class Scored:
    """How probable it is that two records are one organisation, and why."""

    def __init__(self, probability: float, bins: list[int], compared: Compared, model: Model) -> None:
        self.probability = probability
        self.compared = compared
        self._bins = bins
        self._model = model

    @property
    def model(self) -> str:
        return self._model.version

    @cached_property
    def flags(self) -> frozenset[str]:
        """Constellations that the hard rules look at (`constellations.py`)."""
        return constellations(self.compared)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every feature's contribution, in the order of the model; made when asked for."""
        model, bins = self._model, self._bins
        facts = self._facts()
        own = [
            Line(table.name, table.labels[row], table.weights[row], facts)
            for table, row in zip(model.tables, bins, strict=True)
        ]
        together = [
            Line(pair.name, pair.bin(model, bins), pair.weights[bins[pair.first]][bins[pair.second]], facts)
            for pair in model.pairs
        ]
        return (*own, *together)

    def _facts(self) -> dict[str, str]:
        words = {
            "shared": ", ".join(self.compared.shared),
            "left_a": ", ".join(self.compared.left_a),
            "left_b": ", ".join(self.compared.left_b),
        }
        numbers = {named(name): f"{self.compared.values[INDEX[name]]:.2f}" for name in NUMBERS}
        return words | numbers

    def explain(self, limit: int | None = None) -> list[Line]:
        """The lines that say something, strongest first."""
        telling = [line for line in self.lines if abs(line.contribution) >= 0.01]
        return sorted(telling, key=lambda line: -abs(line.contribution))[:limit]

    def as_facts(self) -> dict[str, Any]:
        """For a decision's facts: JSON-able, complete enough to say why later."""
        return {
            "model": self.model,
            "probability": round(self.probability, 4),
            "flags": sorted(self.flags),
            "lines": [[line.feature, line.bin, round(line.contribution, 3)] for line in self.explain()],
            "shared": list(self.compared.shared),
            "left": [list(self.compared.left_a), list(self.compared.left_b)],
        }


def logistic(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -60 else 0.0
