"""How well the matcher judges pairs, and how a whole check does against a register of 47,000; see bench_conflicts.

Every figure is of data that was not trained on: models are fitted anew for each fifth of the organisations, with
their cuts found within the other four fifths.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz
from sklearn.metrics import average_precision_score, f1_score

from bench import fitting
from bench.register import Register, invented, raw_record_of, rows_of
from bench.train_matcher import Pair, Row, load, measured, near_strangers, training
from prm.kernel.matching import Normal, normalise
from prm.kernel.matching.model import Model

SIZE, STRANGERS, SEED, SHOWN = 47_000, 1_000, 0, 12
PAIR_BARS = {"f1_without_hard_tiers": (0.90, 0.92), "average_precision_without_hard_tiers": (0.965, 0.975)}
CHECK_BARS = {"wrong conflicts": (0.015, 0.01), "missed conflicts": (0.04, 0.03), "sent to review": (0.25, 0.20)}
RECALL = 0.97


def main(pairs: str, accounts: str, splink: str) -> int:
    rows, normals = load(pairs)
    listed = _strangers_first(accounts)
    asked_later = {record.domain for record in map(normalise, listed[:STRANGERS]) if record.domain}
    data = training(rows, normals, near_strangers(accounts, but=asked_later))
    models, found = fold_models(data)
    missed = table(rows, normals, data, found, splink)
    missed += whole_check(rows, normals, data, models, listed)
    print(f"\nbars missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def fold_models(data: fitting.Data) -> tuple[list[tuple[Model, np.ndarray]], np.ndarray]:
    """(model, the pairs that it never saw) for each fifth, and the probabilities of all pairs."""
    models, found = [], np.zeros(len(data.truth))
    for train, asked in fitting.parts(data, SEED):
        stored = fitting.fitted(data.rows(train))
        found[asked] = fitting.probabilities(stored, data.values[asked])
        models.append((Model.parse(stored | {"version": "fold"}), asked))
    return models, found[data.groups >= 0]


def table(rows: list[Row], normals: list[Pair], data: fitting.Data, found: np.ndarray, splink: str) -> list[str]:
    known = data.groups >= 0
    truth, plain = data.truth[known] == 1, data.plain[known]
    print(f"{len(truth):,} labelled pairs, {int(plain.sum()):,} of them of the plain tiers; organisations apart")
    print(f"{'':28}{'all':>22}{'plain tiers':>22}\n{'':28}{'F1':>11}{'AP':>11}{'F1':>11}{'AP':>11}")
    for name, judge in BASELINES.items():
        _line(name, np.array([judge(pair) for pair in normals]), truth, plain)
    theirs = _splink(normals, splink)
    if theirs is not None:
        _line("Splink", theirs, truth, plain)
    figures = measured(data, found)
    print(f"{'this matcher':28}" + "".join(f"{figure:11.3f}" for figure in figures.values()))
    print("The others get our legal forms taken off, and the cut that suits them best on these very pairs.")
    return [
        f"{name} {figures[name]:.3f} (bar {bar})"
        for name, (bar, goal) in PAIR_BARS.items()
        if not _told(name.replace("_", " "), figures[name], bar, goal, more=True)
    ]


def whole_check(
    rows: list[Row],
    normals: list[Pair],
    data: fitting.Data,
    models: list[tuple[Model, np.ndarray]],
    listed: list,
) -> list[str]:
    """Asked for: the other record of each pair that is one organisation, and companies that are not in it."""
    strangers = [normalise(record) for record in listed[:STRANGERS]]
    real = listed[STRANGERS:]
    pairs = [place for place, row in enumerate(rows) if row.get("headline", "1") == "1"]
    same = [place for place in pairs if rows[place]["label"] == "1"]
    held = {place: number for number, place in enumerate(pairs)}  # the a side of each pair stands first
    known = [normals[place][0] for place in pairs] + [normalise(record) for record in real]
    known += [normalise(record) for record in invented(real, SIZE - len(known), seed=5)]
    register = Register(known)
    fold = {int(place): model for model, asked in models for place in asked}
    owners = {number: rows[place]["a_id"] for place, number in held.items()}
    counts: Counter[str] = Counter()
    for place in same:
        asked, owner = normals[place][1], rows[place]["a_id"]
        reached = {owners.get(number) for number in register.candidates(asked)}
        outcome, number, _scored = register.check(asked, fold[place])
        counts["reached"] += owner in reached
        counts[f"known {outcome}"] += 1
        if outcome == "conflict" and owners.get(number) != owner:
            counts["known to another"] += not _same_company(known[number], asked, normals[place][0])
            counts["known to a double"] += _same_company(known[number], asked, normals[place][0])
    asked_strangers = _strangers(rows, normals, pairs, strangers, known)
    for turn, (place, asked) in enumerate(asked_strangers):
        model = fold[place] if place is not None else models[turn % len(models)][0]
        outcome, number, _scored = register.check(asked, model)
        counts[f"stranger {outcome}"] += 1
        if outcome == "conflict" and counts["stranger conflict"] <= SHOWN:
            print(f"  taken for one: {_words(asked)} {asked.domain} | {_words(known[number])} {known[number].domain}")
    return _judged(counts, len(same), len(asked_strangers), register)


def _strangers(
    rows: list[Row], normals: list[Pair], pairs: list[int], listed: list[Normal], known: list[Normal]
) -> list[tuple[int | None, Normal]]:
    """(the pair, if any, and who is asked about): nobody who stands in the register under another hat.

    Lists overlap, and a company has another id in each: whose name or web domain is in the register, but for the
    very record that it is known to differ from, is no stranger.
    """
    names = Counter(n.names[0].compact for n in known)
    domains = Counter(n.domain for n in known if n.domain)
    owners = {rows[place]["a_id"] for place in pairs}
    asked: list[tuple[int | None, Normal]] = []
    for place in pairs:
        one, other = normals[place]
        own_name, own_domain = one.names[0].compact == other.names[0].compact, one.domain == other.domain
        elsewhere = names[other.names[0].compact] > own_name or domains[other.domain] > own_domain
        if rows[place]["label"] == "0" and rows[place]["b_id"] not in owners and not elsewhere:
            asked.append((place, other))
    return asked + [(None, n) for n in listed if not names[n.names[0].compact] and not domains[n.domain]]


def _judged(counts: Counter[str], same: int, strangers: int, register: Register) -> list[str]:
    print(f"\nThe whole check against {len(register.normals):,} accounts: {same:,} that are known, {strangers:,} not")
    print(f"{'':28}{'clear':>11}{'review':>11}{'conflict':>11}")
    for who, many in (("known", same), ("stranger", strangers)):
        print(
            f"{who:28}"
            + "".join(f"{counts[f'{who} {outcome}'] / many:11.1%}" for outcome in ("clear", "review", "conflict"))
        )
    print(f"{counts['known to a double']} of the conflicts are with the same company as the list of accounts has it")
    figures = {
        "wrong conflicts": (counts["stranger conflict"] + counts["known to another"]) / (same + strangers),
        "missed conflicts": counts["known clear"] / same,
        "sent to review": (counts["known review"] + counts["stranger review"]) / (same + strangers),
    }
    missed = [
        f"{name} {figures[name]:.2%} (bar {bar:.1%})"
        for name, (bar, goal) in CHECK_BARS.items()
        if not _told(name, figures[name], bar, goal, more=False)
    ]
    recall = counts["reached"] / same
    if not _told("candidates hold the right one", recall, RECALL, RECALL, more=True):
        missed.append(f"candidate recall {recall:.3f} (bar {RECALL})")
    return missed


def _same_company(found: Normal, asked: Normal, owner: Normal) -> bool:
    """The list of accounts has the company as well: under a web domain or the very name of one of the two.

    A namesake of the record in another country is somebody else.
    """
    if found.domain and found.domain in (asked.domain, owner.domain):
        return True
    elsewhere = found.country and owner.country and found.country != owner.country
    return found.names[0].compact in (asked.names[0].compact, "" if elsewhere else owner.names[0].compact)


def _strangers_first(accounts: str) -> list:
    rng, listed = np.random.default_rng(1), [raw_record_of(row) for row in rows_of(accounts)]
    return [listed[place] for place in rng.permutation(len(listed))]


def _told(name: str, figure: float, bar: float, goal: float, *, more: bool) -> bool:
    met, reached = (figure >= bar, figure >= goal) if more else (figure <= bar, figure <= goal)
    print(f"  {name}: {figure:.4f} (bar {bar}, goal {goal}): {'goal met' if reached else 'met' if met else 'MISSED'}")
    return met


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


def _splink(normals: Sequence[Pair], python: str) -> np.ndarray | None:
    """Splink's match weights of the same pairs, by its own Python; None, and a line that says so, without it."""
    if not python:
        return None
    asked = json.dumps([[[_words(n), n.domain, n.country, n.city] for n in pair] for pair in normals])
    script = Path(__file__).with_name("splink_side.py")
    done = subprocess.run([python, script], input=asked, capture_output=True, text=True)
    if done.returncode:
        print(f"Splink did not run, so its line is missing: {(done.stderr.strip().splitlines() or ['?'])[-1][:200]}")
        return None
    return np.array(json.loads(done.stdout.splitlines()[-1]))


def _line(name: str, scores: np.ndarray, truth: np.ndarray, plain: np.ndarray) -> None:
    cells = []
    for kept in (np.ones(len(truth), dtype=bool), plain):
        cuts = np.unique(np.quantile(scores[kept], np.linspace(0, 1, 201))) - 1e-9
        cells += [max(f1_score(truth[kept], scores[kept] > cut) for cut in cuts)]
        cells += [average_precision_score(truth[kept], scores[kept])]
    print(f"{name:28}" + "".join(f"{cell:11.3f}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
