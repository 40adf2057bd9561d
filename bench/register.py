"""A whole conflict check against a register held in memory: what is found, and what is decided.

    python -m bench.register accounts.csv.gz company_pairs.csv

The register is the list of accounts and one record of each labelled pair; asked for are the other records of
the pairs that are the same organisation (they should come up), and accounts that were held out of the
register (they should be clear: the few that aren't are shown, for some are in the list twice).
"""

import csv
import gzip
import io
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from prm.kernel.matching import Normal, Record, Scored, TokenWeights, decide, keys, normalise, score, shortlist

HELD_OUT = 2_000
LIMIT = 100


class Register:
    """Records found by keys, as the key table does it."""

    def __init__(self, normals: list[Normal]) -> None:
        self.normals = normals
        self.records: dict[int, list[int]] = defaultdict(list)
        for number, normal in enumerate(normals):
            for key in keys(normal):
                self.records[key.value].append(number)

    def candidates(self, asked: Normal) -> list[int]:
        wanted = keys(asked)
        hits = [(key.value, number) for key in wanted for number in self.records.get(key.value, ())]
        return shortlist(wanted, hits, LIMIT)

    def check(self, asked: Normal) -> tuple[int, Scored] | None:
        scored = [(number, score(asked, self.normals[number])) for number in self.candidates(asked)]
        return max(scored, key=lambda found: found[1].probability, default=None)


def rows_of(path: str) -> list[dict[str, str]]:
    raw = Path(path).read_bytes()
    text = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def record_of(row: dict[str, str], prefix: str = "") -> Normal:
    return normalise(Record(*(row[prefix + part] for part in ("name", "domain", "country", "city"))))


def main(accounts: str, pairs: str) -> None:
    rng = random.Random(1)
    listed = [record_of(row) for row in rows_of(accounts)]
    rng.shuffle(listed)
    strangers, listed = listed[:HELD_OUT], listed[HELD_OUT:]
    rows = [row for row in rows_of(pairs) if row["label"] == "1"]
    base = len(listed)
    register = Register(listed + [record_of(row, "a_") for row in rows])
    sizes = [len(found) for found in register.records.values()]
    print(f"{len(register.normals)} records, {sum(sizes) / len(register.normals):.1f} keys each, fullest {max(sizes)}")
    _report_same(register, rows, base)
    _report_strangers(register, strangers)


def _report_same(register: Register, rows: list[dict[str, str]], base: int) -> None:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    spent = []
    for row in rows:
        asked = record_of(row, "b_")
        began = time.perf_counter()
        found = register.check(asked)
        spent.append(time.perf_counter() - began)
        reached = any(
            number >= base and rows[number - base]["a_id"] == row["a_id"] for number in register.candidates(asked)
        )
        outcome = decide(found[1]).outcome if found else "clear"
        for tier in (row["tier"], "all", "plain" if row["headline"] == "1" else "hard"):
            outcomes[tier].update([outcome, "reached" if reached else "unreached"])
    for tier, counts in sorted(outcomes.items()):
        asked_for = counts["reached"] + counts["unreached"]
        shares = " ".join(
            f"{name} {counts[name] / asked_for:6.1%}" for name in ("reached", "conflict", "review", "clear")
        )
        print(f"same {tier:14} {asked_for:5}  {shares}")
    spent.sort()
    print(f"check: median {spent[len(spent) // 2] * 1e3:.1f} ms, p95 {spent[int(len(spent) * 0.95)] * 1e3:.1f} ms")


def _report_strangers(register: Register, strangers: list[Normal]) -> None:
    outcomes: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for asked in strangers:
        found = register.check(asked)
        verdict = decide(found[1]) if found else None
        outcomes[verdict.outcome if verdict else "clear"] += 1
        rules[verdict.rule if verdict else "clear"] += 1
        if found and verdict and verdict.outcome == "conflict":
            _show_unless_twice(asked, register.normals[found[0]], verdict.probability)
    print(f"strangers {len(strangers)}: {dict(outcomes)} {dict(rules)}")


def _show_unless_twice(asked: Normal, other: Normal, probability: float) -> None:
    if asked.names[0].compact != other.names[0].compact:
        print(f"  {probability:.2f} {_shown(asked)} | {_shown(other)}")


def _shown(normal: Normal) -> str:
    return f"{' '.join(normal.names[0].tokens)} ({normal.domain}, {normal.city}, {normal.country})"


if __name__ == "__main__":
    TokenWeights.shipped()
    main(*sys.argv[1:])
