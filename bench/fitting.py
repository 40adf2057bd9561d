"""Fitting the additive model: bins, one log-odds contribution each, and the same for a few pairs of features.

Logistic regression on cumulative ("this bin or beyond") codes with a squared penalty, so that neighbouring bins
stay close unless the data says otherwise, and with the sign fixed where common sense fixes it (a more alike
spelling never speaks against). One label in a hundred is taken to be wrong, so that no single pair shouts.
Needs requirements/bench.lock.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from prm.kernel.matching.features import CATEGORIES, FEATURES, INDEX

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
PENALTY = 2.0
PAIR_PENALTY = 3.0
WRONG_LABELS = 0.01
PARTS, INNER = 5, 3


@dataclass
class Data:
    """Everything that a model learns from. Rows of group -1 (strangers) only ever train."""

    values: np.ndarray
    truth: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    plain: np.ndarray

    def rows(self, chosen: np.ndarray) -> "Data":
        return Data(*(part[chosen] for part in (self.values, self.truth, self.weights, self.groups, self.plain)))


def fitted(data: Data) -> dict[str, object]:
    """A model, as the program reads it; one half is where F1 was best on organisations that it had not seen."""
    bins = binned(data.values)
    w = _fit(*_design(bins), data.truth, data.weights)
    w[-1] += _shift(data)
    return _centred(_tables(w), bins)


def parts(data: Data, seed: int, count: int = PARTS) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(trained on, asked), organisations apart; strangers are in every training part and never asked."""
    measured, others = np.flatnonzero(data.groups >= 0), np.flatnonzero(data.groups < 0)
    splits = GroupKFold(count, shuffle=True, random_state=seed).split(measured, groups=data.groups[measured])
    for train, asked in splits:
        yield np.concatenate([measured[train], others]), measured[asked]


def probabilities(model: dict[str, object], values: np.ndarray) -> np.ndarray:
    """What the model, as it is written down, says."""
    bins = binned(values)
    at = {row["feature"]: place for place, row in enumerate(model["tables"])}
    total = np.full(len(bins), float(model["base"]))
    for place, row in enumerate(model["tables"]):
        total += np.array(row["weights"])[bins[:, place]]
    for pair in model["pairs"]:
        total += np.array(pair["weights"])[bins[:, at[pair["first"]]], bins[:, at[pair["second"]]]]
    return 1 / (1 + np.exp(-total))


def binned(values: np.ndarray) -> np.ndarray:
    columns = []
    for name in FEATURES:
        column = values[:, INDEX[name]]
        columns.append(np.searchsorted(EDGES[name], column, side="right") if name in EDGES else column.astype(int))
    return np.array(columns).T


def _shift(data: Data) -> float:
    """By how much log-odds must move so that one half is the best cut, found within the training data alone."""
    found = np.full(len(data.truth), np.nan)
    for train, asked in parts(data, seed=0, count=INNER):
        part = data.rows(train)
        w = _fit(*_design(binned(part.values)), part.truth, part.weights)
        columns, _penalties, _bounds = _design(binned(data.values[asked]))
        found[asked] = columns @ w[:-1] + w[-1]
    seen = ~np.isnan(found)
    truth, odds, plain = data.truth[seen], found[seen], data.plain[seen]
    cuts = np.linspace(-1.5, 1.5, 61)
    gains = np.array([f1_score(truth, odds > c) + f1_score(truth[plain], odds[plain] > c) for c in cuts])
    smooth = np.convolve(np.pad(gains, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return -float(cuts[int(np.argmax(smooth))])


def _sizes() -> list[int]:
    return [len(EDGES[name]) + 1 if name in EDGES else len(CATEGORIES[name]) for name in FEATURES]


def _together() -> list[tuple[int, int]]:
    return [(FEATURES.index(one), FEATURES.index(other)) for one, other in TOGETHER]


def _design(bins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(columns, penalty of each, lower bound of each): cumulative for numbers, one for each category."""
    columns, penalties, bounds, sizes = [], [], [], _sizes()
    for place, (name, size) in enumerate(zip(FEATURES, sizes, strict=True)):
        for row in range(1, size) if name in EDGES else range(size):
            columns.append(bins[:, place] >= row if name in EDGES else bins[:, place] == row)
            penalties.append(PENALTY)
            bounds.append(0.0 if name in RISING else -np.inf)
    for one, other in _together():
        for i in range(sizes[one]):
            for j in range(sizes[other]):
                columns.append((bins[:, one] == i) & (bins[:, other] == j))
                penalties.append(PAIR_PENALTY)
                bounds.append(-np.inf)
    return np.array(columns, dtype=float).T, np.array(penalties), np.array(bounds)


def _fit(
    columns: np.ndarray, penalties: np.ndarray, bounds: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Weights (the base last) of least penalised log-loss, within bounds."""
    whole = csr_matrix(np.hstack([columns, np.ones((len(columns), 1))]))
    turned = whole.T.tocsr()
    penalty = np.append(penalties, 0.0)
    sign = 2 * truth - 1

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        p = 1 / (1 + np.exp(-sign * (whole @ w)))  # that the label is right, by the model
        said = WRONG_LABELS + (1 - 2 * WRONG_LABELS) * p
        slope = -weights * sign * (1 - 2 * WRONG_LABELS) * p * (1 - p) / said
        return 0.5 * np.sum(penalty * w * w) - np.sum(weights * np.log(said)), turned @ slope + penalty * w

    limits = [(low, None) for low in bounds] + [(None, None)]
    start = np.zeros(whole.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 800}).x


def _tables(w: np.ndarray) -> dict[str, object]:
    """The weights as the program reads them: cumulative codes summed up."""
    at, rows, sizes = 0, [], _sizes()
    for name, size in zip(FEATURES, sizes, strict=True):
        row: dict[str, object] = {"feature": name}
        if name in EDGES:
            row["edges"] = list(EDGES[name])
            row["weights"] = np.concatenate([[0.0], np.cumsum(w[at : at + size - 1])])
            at += size - 1
        else:
            row["weights"] = w[at : at + size]
            at += size
        rows.append(row)
    crossed = []
    for one, other in _together():
        size = sizes[one] * sizes[other]
        cells = w[at : at + size].reshape(sizes[one], sizes[other])
        crossed.append({"first": FEATURES[one], "second": FEATURES[other], "weights": cells})
        at += size
    return {"base": float(w[-1]), "tables": rows, "pairs": crossed}


def _centred(model: dict[str, object], bins: np.ndarray) -> dict[str, object]:
    """Shift each table so that it averages nothing over the data; what is shifted goes to the base."""
    base = float(model["base"])
    for place, row in enumerate(model["tables"]):
        mean = float(np.mean(row["weights"][bins[:, place]]))
        row["weights"] = [round(float(x - mean), 3) for x in row["weights"]]
        base += mean
    for pair in model["pairs"]:
        pair["weights"] = [[round(float(x), 3) for x in line] for line in pair["weights"]]
    return model | {"base": round(base, 3)}
