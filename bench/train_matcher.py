"""Fit the matcher's additive model and write prm/kernel/matching/model.json with the figures it reached.

    python -m bench.train_matcher company_pairs.csv accounts.csv.gz [--write]

Input: labelled pairs of organisation records (columns a_name, a_domain, a_country, a_city, b_…, label; an
empty label is parent and child and stays out), and a list of companies. The labelled strangers are not the
strangers that a conflict check meets: those were retrieved because they share words, and often the city. So
strangers of that kind are taken from the list: near names whose web domains differ, fields then left out as
often as they are in the pairs. They train, they are never measured. Data source of the shipped weights:
pairs built from ROR (CC0), SEC and FinanceDatabase (MIT) lists, OFAC lists (public), Stackalytics, patent
and affiliation names.

The model: every feature in bins, one log-odds contribution for each bin, and the same for a few pairs of
features. Fitted as logistic regression on cumulative ("this bin or beyond") codes with a squared penalty, so
that neighbouring bins stay close unless the data says otherwise, and with the sign fixed where common sense
fixes it (a more alike spelling never speaks against). Cross-validated by organisation: no organisation, and
no name, stands on both sides of a split. Needs requirements/bench.lock.
"""

import argparse
import csv
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import GroupKFold

from bench.register import Register, record_of, rows_of
from prm.kernel.matching import Normal, Record, TokenWeights, normalise
from prm.kernel.matching.features import CATEGORIES, FEATURES, INDEX, compare, ratio

VERSION = "additive/3"
TARGET = Path("prm/kernel/matching/model.json")
EDGES = {
    "overlap": (0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97),
    "cover": (0.2, 0.4, 0.6, 0.75, 0.9, 0.99),
    "spelling": (0.35, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.995),
    "start": (0.5, 0.6, 0.7, 0.8, 0.88, 0.94),
    "sound": (0.4, 0.55, 0.7, 0.8, 0.9, 0.99),
    "rarest_shared": (2.0, 4.0, 5.0, 6.0, 7.0, 8.5),
    "shared": (2.0, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0),
    "rarest_left_short": (0.1, 3.0, 4.5, 6.0, 7.5, 9.0),
    "rarest_left_long": (0.1, 3.0, 4.5, 6.0, 7.5, 9.0),
    "left_similarity": (0.1, 0.3, 0.4, 0.5, 0.6, 0.75),
    "length": (0.2, 0.35, 0.5, 0.65, 0.8, 0.92),
    "label_similarity": (0.2, 0.35, 0.5, 0.65, 0.8),
    "least_alike": (0.65, 0.81, 0.845, 0.91, 0.99),
}
RISING = {"overlap", "cover", "spelling", "start", "sound", "label_similarity"}
TOGETHER = (
    ("left", "shared_kind"),
    ("acronym", "domain"),
    ("words", "left_count"),
    ("country", "city"),
    ("shared_kind", "legal_form"),
    ("first_word", "left"),
    ("places", "left"),
)
STRANGERS = 2_500
WEIGHT_OF_STRANGERS = 0.25
PENALTY = 2.0
PAIR_PENALTY = 3.0
WEIGHT_OF_RENAMES = 0.5
"""A pair that is one organisation under two unrelated names teaches only that strangers may be one."""


def load(path: str) -> tuple[list[dict[str, str]], list[tuple[Normal, Normal]]]:
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in ("0", "1")]
    return rows, [(_record(row, "a"), _record(row, "b")) for row in rows]


def _record(row: dict[str, str], side: str) -> Normal:
    return normalise(Record(*(row[f"{side}_{part}"] for part in ("name", "domain", "country", "city"))))


def organisations(rows: list[dict[str, str]], normals: list[tuple[Normal, Normal]]) -> np.ndarray:
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


def near_strangers(path: str) -> list[tuple[Normal, Normal]]:
    """Pairs that a check would retrieve and that are two organisations: their web domains differ."""
    rng = random.Random(3)
    listed = [normal for normal in map(record_of, rows_of(path)) if normal.domain]
    register = Register(listed)
    found: dict[tuple[str, str], tuple[Normal, Normal]] = {}
    while len(found) < STRANGERS:
        asked = rng.choice(listed)
        others = [listed[number] for number in register.candidates(asked)[:12]]
        for other in rng.sample(others, min(3, len(others))):
            if asked.label != other.label and ratio(asked.names[0].compact, other.names[0].compact) < 0.93:
                found[asked.domain, other.domain] = _with_gaps(asked, rng), _with_gaps(other, rng)
    return list(found.values())


def _with_gaps(normal: Normal, rng: random.Random) -> Normal:
    kept = {field: "" for field, chance in (("city", 0.5), ("country", 0.3)) if rng.random() < chance}
    return replace(normal, **kept) if rng.random() < 0.35 else replace(normal, domain="", label="", **kept)


def binned(values: np.ndarray) -> np.ndarray:
    columns = []
    for name in FEATURES:
        column = values[:, INDEX[name]]
        columns.append(np.searchsorted(EDGES[name], column, side="right") if name in EDGES else column.astype(int))
    return np.array(columns).T


def sizes() -> list[int]:
    return [len(EDGES[name]) + 1 if name in EDGES else len(CATEGORIES[name]) for name in FEATURES]


def design(bins: np.ndarray, pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(columns, penalty of each, lower bound of each): cumulative for numbers, one for each category."""
    columns, penalties, bounds = [], [], []
    for place, (name, size) in enumerate(zip(FEATURES, sizes(), strict=True)):
        for row in range(1, size) if name in EDGES else range(size):
            columns.append(bins[:, place] >= row if name in EDGES else bins[:, place] == row)
            penalties.append(PENALTY)
            bounds.append(0.0 if name in RISING else -np.inf)
    for one, other in pairs:
        for i in range(sizes()[one]):
            for j in range(sizes()[other]):
                columns.append((bins[:, one] == i) & (bins[:, other] == j))
                penalties.append(PAIR_PENALTY)
                bounds.append(-np.inf)
    return np.array(columns, dtype=float).T, np.array(penalties), np.array(bounds)


def fit(
    columns: np.ndarray, penalties: np.ndarray, bounds: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Weights (the base last) of least penalised log-loss, within bounds."""
    whole = np.hstack([columns, np.ones((len(columns), 1))])
    penalty = np.append(penalties, 0.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = whole @ w
        value = np.sum(weights * (np.logaddexp(0, z) - truth * z)) + 0.5 * np.sum(penalty * w * w)
        return value, whole.T @ (weights * (1 / (1 + np.exp(-z)) - truth)) + penalty * w

    limits = [(low, None) for low in bounds] + [(None, None)]
    return minimize(
        loss, np.zeros(whole.shape[1]), jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 800}
    ).x


def predict(columns: np.ndarray, w: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(columns @ w[:-1] + w[-1])))


def folds(
    bins: np.ndarray, truth: np.ndarray, groups: np.ndarray, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield from GroupKFold(5, shuffle=True, random_state=seed).split(bins, truth, groups)


def cross_validated(
    bins: np.ndarray, truth: np.ndarray, weights: np.ndarray, groups: np.ndarray, seed: int
) -> np.ndarray:
    """Probabilities of pairs by models that never saw their organisations."""
    out = np.zeros(len(truth))
    columns, penalties, bounds = design(bins, pairs_of_features())
    measured = groups >= 0
    for train, test in folds(bins[measured], truth[measured], groups[measured], seed):
        used = np.concatenate([train, np.flatnonzero(~measured)])
        w = fit(columns[used], penalties, bounds, truth[used], weights[used])
        out[test] = predict(columns[test], w)
    return out[measured]


def pairs_of_features() -> list[tuple[int, int]]:
    return [(FEATURES.index(one), FEATURES.index(other)) for one, other in TOGETHER]


def tables(w: np.ndarray, pairs: list[tuple[int, int]]) -> dict[str, object]:
    """The weights as the program reads them: each table centred on nothing, cumulative codes summed up."""
    at, rows = 0, []
    for name, size in zip(FEATURES, sizes(), strict=True):
        row: dict[str, object] = {"feature": name}
        if name in EDGES:
            row["edges"] = list(EDGES[name])
            weights = np.concatenate([[0.0], np.cumsum(w[at : at + size - 1])])
            at += size - 1
        else:
            weights = w[at : at + size]
            at += size
        row["weights"] = weights
        rows.append(row)
    crossed = []
    for one, other in pairs:
        size = sizes()[one] * sizes()[other]
        cells = w[at : at + size].reshape(sizes()[one], sizes()[other])
        crossed.append({"first": FEATURES[one], "second": FEATURES[other], "weights": cells})
        at += size
    return {"base": float(w[-1]), "tables": rows, "pairs": crossed}


def centred(model: dict[str, object], bins: np.ndarray) -> dict[str, object]:
    """Shift each table so that it averages nothing over the data; what is shifted goes to the base."""
    base = float(model["base"])
    for place, row in enumerate(model["tables"]):
        mean = float(np.mean(row["weights"][bins[:, place]]))
        row["weights"] = [round(float(x - mean), 3) for x in row["weights"]]
        base += mean
    for pair in model["pairs"]:
        pair["weights"] = [[round(float(x), 3) for x in line] for line in pair["weights"]]
    return model | {"base": round(base, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("accounts")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows, normals = load(asked.pairs)
    strangers = near_strangers(asked.accounts)
    idf = TokenWeights.shipped().idf
    bins = binned(np.array([compare(a, b, idf).values for a, b in normals + strangers]))
    truth = np.array([float(row["label"]) for row in rows] + [0.0] * len(strangers))
    plain = np.array([row.get("headline", "1") == "1" for row in rows])
    weights = np.array(
        [WEIGHT_OF_RENAMES if row.get("tier") == "rename" else 1.0 for row in rows]
        + [WEIGHT_OF_STRANGERS] * len(strangers)
    )
    groups = np.concatenate([organisations(rows, normals), np.full(len(strangers), -1)])
    known = truth[: len(rows)]
    found = [cross_validated(bins, truth, weights, groups, seed) for seed in range(5)]
    shift = -_log_odds(_best_cut(known, np.concatenate(found), plain))
    found = [1 / (1 + np.exp(-(_log_odds(p) + shift))) for p in found]
    figures = [_figures(known, p, plain, seed) for seed, p in enumerate(found)]
    if asked.write:
        w = fit(*design(bins, pairs_of_features()), truth, weights)
        w[-1] += shift
        names = ("f1", "average_precision", "f1_without_hard_tiers", "average_precision_without_hard_tiers")
        means = (round(float(np.mean(column)), 4) for column in zip(*figures, strict=True))
        head = {
            "version": VERSION,
            "source": "bench/train_matcher.py on labelled pairs from ROR (CC0), SEC, FinanceDatabase (MIT), "
            "OFAC, Stackalytics, patent and affiliation name lists",
            "cross_validated": {"pairs": len(rows)} | dict(zip(names, means, strict=True)),
        }
        model = head | centred(tables(w, pairs_of_features()), bins)
        TARGET.write_text(json.dumps(model, separators=(",", ":")).replace('{"f', '\n{"f') + "\n")
        print(f"{TARGET}: {TARGET.stat().st_size} bytes, {model['cross_validated']}")


def _log_odds(p: np.ndarray | float) -> np.ndarray | float:
    return np.log(p / (1 - p))


def _best_cut(truth: np.ndarray, p: np.ndarray, plain: np.ndarray) -> float:
    """The probability that serves all pairs best, the plain ones twice in effect; it becomes one half."""
    truth, plain = np.tile(truth, len(p) // len(truth)), np.tile(plain, len(p) // len(truth))
    return max(
        np.linspace(0.2, 0.7, 51), key=lambda cut: 2 * f1_score(truth, p > cut) + f1_score(truth[plain], p[plain] > cut)
    )


def _figures(truth: np.ndarray, p: np.ndarray, plain: np.ndarray, seed: int) -> tuple[float, ...]:
    """F1 at one half and average precision, over all pairs and over those not marked as hard."""
    found = [
        measure
        for rows in (np.ones(len(truth), dtype=bool), plain)
        for measure in (f1_score(truth[rows], p[rows] > 0.5), average_precision_score(truth[rows], p[rows]))
    ]
    print(
        f"cross-validation {seed}: all F1 {found[0]:.4f} AP {found[1]:.4f}, plain F1 {found[2]:.4f} AP {found[3]:.4f}"
    )
    return tuple(found)


if __name__ == "__main__":
    main()
