"""The matcher beside exact match, trigrams and WRatio, on labelled pairs: `python -m bench.pairs PAIRS.csv`.

The matcher's figures are its cross-validated ones, read from the model file that ships (measured when it was
trained, on organisations that it had not seen); `--as-shipped` scores the pairs with the shipped weights, for
pairs that took no part in the training. Baselines get our legal forms taken off, and their best threshold.
Exits non-zero when the bar is missed (F1 0.90, average precision 0.965 on the plain tiers).
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz import fuzz

from bench.register import record_of, rows_of
from prm.kernel.matching import Normal, score

MODEL = Path("prm/kernel/matching/model.json")
BAR = {"f1_without_hard_tiers": 0.90, "average_precision_without_hard_tiers": 0.965}
Pair = tuple[Normal, Normal]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("--as-shipped", action="store_true")
    asked = parser.parse_args()
    rows = [row for row in rows_of(asked.pairs) if row["label"] in ("0", "1")]
    pairs = [(record_of(row, "a_"), record_of(row, "b_")) for row in rows]
    truth = [row["label"] == "1" for row in rows]
    plain = [row.get("headline", "1") == "1" for row in rows]
    print(f"{'':28}{'all':>22}{'plain tiers':>22}\n{'':28}{'F1':>11}{'AP':>11}{'F1':>11}{'AP':>11}")
    for name, judge in BASELINES.items():
        _line(name, [judge(pair) for pair in pairs], truth, plain)
    if asked.as_shipped:
        began = time.perf_counter()
        scores = [score(a, b).probability for a, b in pairs]
        spent = (time.perf_counter() - began) / len(pairs)
        _line("matcher, as shipped", scores, truth, plain, cut=0.5)
        print(f"{spent * 1e6:.0f} microseconds a pair")
        return 0
    return _cross_validated()


def _cross_validated() -> int:
    figures = json.loads(MODEL.read_text())["cross_validated"]
    columns = ("f1", "average_precision", *BAR)
    print(f"{'matcher, cross-validated':28}" + "".join(f"{figures[column]:11.3f}" for column in columns))
    missed = [name for name, bar in BAR.items() if figures[name] < bar]
    print(f"missed: {', '.join(missed)}" if missed else "bar met: F1 0.90, average precision 0.965")
    return 1 if missed else 0


def _words(normal: Normal) -> str:
    return " ".join(normal.names[0].tokens)


def _trigrams(pair: Pair) -> float:
    """pg_trgm's similarity(): shared trigrams of padded words over all of them."""
    one, other = ({f"  {word} "[i : i + 3] for word in n.names[0].tokens for i in range(len(word) + 1)} for n in pair)
    return len(one & other) / (len(one | other) or 1)


BASELINES: dict[str, Callable[[Pair], float]] = {
    "exact normalised name": lambda pair: float(pair[0].names[0].compact == pair[1].names[0].compact),
    "trigrams (as pg_trgm)": _trigrams,
    "rapidfuzz WRatio": lambda pair: fuzz.WRatio(_words(pair[0]), _words(pair[1])) / 100,
}


def _line(
    name: str, scores: Sequence[float], truth: Sequence[bool], plain: Sequence[bool], cut: float | None = None
) -> None:
    cells = []
    for rows in ([True] * len(truth), plain):
        kept = [(s, t) for s, t, used in zip(scores, truth, rows, strict=True) if used]
        cuts = [cut] if cut is not None else sorted({round(s, 2) - 0.001 for s, _ in kept} - {-0.001})
        cells += [max(_f1(kept, at) for at in cuts), _average_precision(kept)]
    print(f"{name:28}" + "".join(f"{cell:11.3f}" for cell in cells))


def _f1(kept: Sequence[tuple[float, bool]], cut: float) -> float:
    found = sum(t for s, t in kept if s > cut)
    return 2 * found / (sum(s > cut for s, _ in kept) + sum(t for _, t in kept))


def _average_precision(kept: Sequence[tuple[float, bool]]) -> float:
    """Mean precision over the ranks of the true pairs; ties count as if the false ones came first."""
    found, total = 0, 0.0
    for rank, (_, same) in enumerate(sorted(kept, key=lambda item: (-item[0], item[1])), start=1):
        if same:
            found += 1
            total += found / rank
    return total / (found or 1)


if __name__ == "__main__":
    sys.exit(main())
