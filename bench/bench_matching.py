"""The matcher alone, on invented names: how long each step takes, and what is found among twenty thousand.

Times are processor time, best of five. Exits non-zero when a bar is missed.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from bench.register import Register
from prm.demo.names import generate, variant
from prm.kernel.matching import Normal, keys, normalise, score

RECORDS = 20_000
ASKED = 1_000
MICROSECONDS = {"normalise": 150.0, "keys": 150.0, "read a stored record": 25.0, "score": 60.0}
FEWEST_FOUND = 0.95
MOST_WRONG = 0.02


def main() -> int:
    rng = random.Random(2)
    made = generate(1, RECORDS)
    normals = [normalise(record) for record in made]
    stored = [json.dumps(normal.to_json()) for normal in normals[:ASKED]]
    steps: dict[str, tuple[Callable[[Any], object], list[Any]]] = {
        "normalise": (normalise, made[:ASKED]),
        "keys": (keys, normals[:ASKED]),
        "read a stored record": (lambda text: Normal.from_json(json.loads(text)), stored),
        "score": (lambda pair: score(*pair), list(pairwise(normals[: ASKED + 1]))),
    }
    late = [name for name, (step, items) in steps.items() if _timed(name, step, items) > MICROSECONDS[name]]
    return 1 if late or not _whole(normals, made, rng) else 0


def _timed(name: str, step: Callable[[Any], object], items: list[Any]) -> float:
    best = min(_once(step, items) for _ in range(5)) / len(items) * 1e6
    print(f"{name:22} {best:7.1f} microseconds (bar {MICROSECONDS[name]:.0f})")
    return best


def _once(step: Callable[[Any], object], items: list[Any]) -> float:
    began = time.process_time()
    for item in items:
        step(item)
    return time.process_time() - began


def _whole(normals: list[Normal], made: list[Any], rng: random.Random) -> bool:
    """Half of those asked for are in the register under another spelling, half are not in it."""
    register = Register(normals[ASKED:])
    known = [(variant(made[ASKED + place], rng), place) for place in range(ASKED)]
    found = sum(place in register.candidates(normalise(record)) for record, place in known) / ASKED
    wrong = _conflicts(register, normals[:ASKED]) / ASKED
    kept = sum(len(numbers) for numbers in register.records.values()) / len(register.normals)
    print(f"{kept:.1f} keys a record; candidates hold the right one {found:.1%} (bar {FEWEST_FOUND:.0%})")
    print(f"strangers in automatic conflict {wrong:.1%} (bar {MOST_WRONG:.0%})")
    return found >= FEWEST_FOUND and wrong <= MOST_WRONG


def _conflicts(register: Register, asked: list[Normal]) -> int:
    return sum(register.check(normal)[0] == "conflict" for normal in asked)


if __name__ == "__main__":
    sys.exit(main())
