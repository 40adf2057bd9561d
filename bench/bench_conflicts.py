"""The matcher beside exact match, trigrams, WRatio and Splink on the same pairs, and a whole check among 47,000.

`make bench-conflicts PAIRS=company_pairs.csv ACCOUNTS=accounts.csv.gz`. Labelled pairs and a list of companies are
yours to bring: none come with the program (docs/matching.md says which columns). Models are fitted anew for every
fifth of the organisations in an environment of its own (requirements/bench.lock), Splink runs in another
(requirements/bench-splink.lock). Exits 1 when a bar is missed, 2 when nothing could be measured.
"""

import os
import subprocess
import sys
from pathlib import Path

from bench.environments import environment


def main() -> int:
    given = sys.argv[1:] or [os.environ.get("PAIRS", ""), os.environ.get("ACCOUNTS", "")]
    if len(given) != 2 or not all(given):
        print("Not measured: say where the data is, make bench-conflicts PAIRS=pairs.csv ACCOUNTS=accounts.csv.gz")
        return 2
    if lacking := [path for path in given if not Path(path).is_file()]:
        print(f"Not measured: there is no file {', '.join(lacking)}")
        return 2
    try:
        python = environment("bench")
    except (OSError, subprocess.CalledProcessError):
        print("Not measured: what fits the models (requirements/bench.lock) can't be installed here, see above")
        return 2
    return subprocess.run([python, "-m", "bench.conflicts", *given, _splink()]).returncode


def _splink() -> str:
    try:
        return str(environment("bench-splink"))
    except (OSError, subprocess.CalledProcessError):
        print("Splink can't be installed here (see above): its line is missing from the table, the rest is whole")
        return ""


if __name__ == "__main__":
    sys.exit(main())
