"""Splink's side of bench_conflicts, in an environment of its own: pairs as JSON in, match weights as JSON out.

Unsupervised as Splink is meant to be: chances of agreement by accident from random pairs, the others by
expectation maximisation over the pairs themselves.
"""

import json
import logging
import sys

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

COLUMNS = ("name", "domain", "country", "city")


def main() -> None:
    logging.disable(logging.WARNING)
    pairs = json.load(sys.stdin)
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.97, 0.92, 0.85, 0.75]).configure(term_frequency_adjustments=True),
            cl.JaccardAtThresholds("name_set", [0.9, 0.6, 0.35]),
            cl.ExactMatch("domain"),
            cl.ExactMatch("country"),
            cl.JaroWinklerAtThresholds("city", [0.9]),
        ],
        blocking_rules_to_generate_predictions=[block_on("pair")],
    )
    linker = Linker([_frame(pairs, side) for side in (0, 1)], settings, db_api=DuckDBAPI())
    linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("pair"))
    found = linker.inference.predict().as_pandas_dataframe()
    weights = dict(zip(found["unique_id_l"].str[1:].astype(int), found["match_weight"], strict=True))
    print(json.dumps([float(weights.get(number, -50.0)) for number in range(len(pairs))]))


def _frame(pairs: list[list[list[str]]], side: int) -> pd.DataFrame:
    rows = [pair[side] for pair in pairs]
    frame = pd.DataFrame({name: [row[at] or None for row in rows] for at, name in enumerate(COLUMNS)})
    frame["name_set"] = frame["name"]
    frame["unique_id"] = [f"{'ab'[side]}{number}" for number in range(len(rows))]
    frame["pair"] = range(len(rows))
    return frame


if __name__ == "__main__":
    main()
