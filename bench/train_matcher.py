"""Fit the matcher's additive model and write prm/kernel/matching/model.json with the figures it reached.

    python -m bench.train_matcher company_pairs.csv accounts.csv.gz [--write]

Input: labelled pairs of organisation records (columns a_name, a_domain, a_country, a_city, b_…, label; an
empty label is parent and child and stays out), and a list of companies. The labelled strangers are not the
strangers that a conflict check meets: those were retrieved because they share words, and often the city. So
strangers of that kind are taken from the list: near names whose web domains differ, fields then left out as
often as they are in the pairs. They train, they are never measured. Data source of the shipped weights:
pairs built from ROR (CC0), SEC and FinanceDatabase (MIT) lists, OFAC lists (public), Stackalytics, patent
and affiliation names.

How it is fitted stands in bench/fitting.py. Cross-validated by organisation: no organisation, and no name,
stands on both sides of a split, and the cut is found within each training part. Needs requirements/bench.lock.
"""

import argparse
import json
import random
from collections.abc import Container
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

from bench import fitting
from bench.register import Register, record_of, rows_of
from prm.kernel.matching import Normal, TokenWeights
from prm.kernel.matching.features import compare, ratio

VERSION = "additive/5"
TARGET = Path("prm/kernel/matching/model.json")
STRANGERS = 2_500
WEIGHT_OF_STRANGERS = 0.1
WEIGHT_OF_RENAMES = 0.5
"""A pair that is one organisation under two unrelated names teaches only that strangers may be one."""
SEEDS = 3

Row = dict[str, str]
Pair = tuple[Normal, Normal]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("accounts")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows, normals = load(asked.pairs)
    data = training(rows, normals, near_strangers(asked.accounts))
    figures = []
    for seed in range(SEEDS):
        figures.append(measured(data, held_out(data, seed)))
        print(f"cross-validation {seed}: " + ", ".join(f"{name} {figure:.4f}" for name, figure in figures[-1].items()))
    means = {name: round(float(np.mean([one[name] for one in figures])), 4) for name in figures[0]}
    print(f"mean: {means}")
    if asked.write:
        write(data, {"pairs": len(rows)} | means)


def write(data: fitting.Data, figures: dict[str, float]) -> None:
    head = {
        "version": VERSION,
        "source": "bench/train_matcher.py on labelled pairs from ROR (CC0), SEC, FinanceDatabase (MIT), "
        "OFAC, Stackalytics, patent and affiliation name lists",
        "cross_validated": figures,
    }
    text = json.dumps(head | fitting.fitted(data), separators=(",", ":")).replace('{"f', '\n{"f')
    TARGET.write_text(text + "\n")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


def load(path: str) -> tuple[list[Row], list[Pair]]:
    """The labelled pairs, as typed and as normal forms."""
    rows = [row for row in rows_of(path) if row["label"] in ("0", "1")]
    return rows, [(record_of(row, "a_"), record_of(row, "b_")) for row in rows]


def training(rows: list[Row], normals: list[Pair], strangers: list[Pair]) -> fitting.Data:
    idf, more = TokenWeights.shipped().idf, len(strangers)
    renames = [WEIGHT_OF_RENAMES if row.get("tier") == "rename" else 1.0 for row in rows]
    return fitting.Data(
        values=np.array([compare(a, b, idf).values for a, b in normals + strangers]),
        truth=np.array([float(row["label"]) for row in rows] + [0.0] * more),
        weights=np.array(renames + [WEIGHT_OF_STRANGERS] * more),
        groups=np.concatenate([organisations(rows, normals), np.full(more, -1)]),
        plain=np.array([row.get("headline", "1") == "1" for row in rows] + [True] * more),
    )


def held_out(data: fitting.Data, seed: int) -> np.ndarray:
    """Probabilities of the labelled pairs by models that never saw their organisations."""
    found = np.zeros(len(data.truth))
    for train, asked in fitting.parts(data, seed):
        found[asked] = fitting.probabilities(fitting.fitted(data.rows(train)), data.values[asked])
    return found[data.groups >= 0]


def measured(data: fitting.Data, found: np.ndarray) -> dict[str, float]:
    """F1 at one half and average precision, over all pairs and over those not marked as hard."""
    known = data.groups >= 0
    truth, plain = data.truth[known], data.plain[known]
    return {
        "f1": f1_score(truth, found > 0.5),
        "average_precision": average_precision_score(truth, found),
        "f1_without_hard_tiers": f1_score(truth[plain], found[plain] > 0.5),
        "average_precision_without_hard_tiers": average_precision_score(truth[plain], found[plain]),
    }


def organisations(rows: list[Row], normals: list[Pair]) -> np.ndarray:
    """A group number for each pair: pairs that share an organisation or a name share the group."""
    parent: dict[str, str] = {}

    def root(item: str) -> str:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for row, (a, b) in zip(rows, normals, strict=True):
        members = [row["a_id"], row["b_id"], "=" + a.names[0].compact, "=" + b.names[0].compact]
        for member in members[1:]:
            parent[root(member)] = root(members[0])
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(root(row["a_id"]), len(numbers)) for row in rows])


def near_strangers(path: str, but: Container[str] = ()) -> list[Pair]:
    """Pairs that a check would retrieve and that are two organisations: their web domains differ.

    Companies of the domains in `but` stay out of it: they are asked about later.
    """
    rng = random.Random(3)
    listed = [normal for normal in map(record_of, rows_of(path)) if normal.domain and normal.domain not in but]
    register = Register(listed)
    found: dict[tuple[str, str], Pair] = {}
    while len(found) < STRANGERS:
        asked = rng.choice(listed)
        others = [listed[number] for number in register.candidates(asked)[:12]]
        for other in rng.sample(others, min(3, len(others))):
            if asked.label != other.label and ratio(asked.names[0].compact, other.names[0].compact) < 0.93:
                found[asked.domain, other.domain] = _with_gaps(asked, rng), _with_gaps(other, rng)
    return list(found.values())


def _with_gaps(normal: Normal, rng: random.Random) -> Normal:
    kept = {field: "" for field, chance in (("city", 0.5), ("country", 0.3)) if rng.random() < chance}
    return normal._replace(**kept) if rng.random() < 0.35 else normal._replace(domain="", label="", **kept)


if __name__ == "__main__":
    main()
