"""Count in how many names each token stands, and write the table that ships with the matcher.

    python -m bench.token_weights accounts.csv.gz company_pairs.csv

The first file lists companies (name, domain, country, city); the second, optional, holds pairs of
organisation records (a_name, a_id, b_name, b_id). Only aggregated counts are kept: no name, no record.
"""

import csv
import gzip
import io
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from prm.kernel.matching.normalise import Record, normalise

TARGET = Path("prm/kernel/matching/token_counts.json")
FEWEST = 3
SOURCES = (
    "Document frequencies of name tokens, counted over SEC company and filer lists (public domain), "
    "FinanceDatabase (MIT), ROR (CC0) and public sanction lists (OFAC). Counts only."
)


def main(paths: list[str]) -> None:
    names = {name for path in paths for name in _names(path)}
    counts: Counter[str] = Counter()
    for name in names:
        counts.update(set(normalise(Record(name)).names[0].tokens))
    by_count: dict[int, list[str]] = defaultdict(list)
    for token, count in sorted(counts.items()):
        if count >= FEWEST and (len(token) > 1 or token.isalpha()):
            by_count[count].append(token)
    tokens = {str(count): " ".join(by_count[count]) for count in sorted(by_count, reverse=True)}
    TARGET.write_text(json.dumps({"source": SOURCES, "records": len(names), "tokens": tokens}, indent=0) + "\n")
    print(f"{len(names)} names, {sum(map(len, by_count.values()))} tokens, {TARGET.stat().st_size} bytes")


def _names(path: str) -> set[str]:
    raw = Path(path).read_bytes()
    text = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    if rows and "a_name" in rows[0]:
        return {row[f"{side}_name"] for row in rows for side in "ab"}
    return {row["name"] for row in rows}


if __name__ == "__main__":
    main(sys.argv[1:])
