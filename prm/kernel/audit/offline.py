"""Verifies an exported audit on a machine that has nothing but Python:

    python -m prm.kernel.audit.offline FILE [--heads HEADS]
    python offline.py FILE          # with chain.py beside it

Standard library only, and memory does not grow with the file. Exit status 0: it is what was written; 1: it is
not, and the faults are named; 2: it can't be read.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

try:
    from prm.kernel.audit import chain
except ImportError:  # copied out of the program, with chain.py beside it
    import chain  # type: ignore[no-redef]

FORMAT = "prm-audit/1"


class Unreadable(ValueError):
    """The file is no export of an audit."""


class Verifier:
    """Reads lines in their order and yields faults."""

    def __init__(self) -> None:
        self.walk = chain.Walk()
        self.block: Any = None
        self.wanted: dict[str, str] = {}
        self.heads: dict[int, str] = {}
        self.entries = self.unsealed = self.erased = 0

    def read(self, lines: Iterable[str]) -> Iterator[str]:
        """Every fault of the file."""
        numbered = enumerate(lines, 1)
        if _json(1, next(numbered, (1, ""))[1]).get("format") != FORMAT:
            raise Unreadable(f"line 1 does not say {FORMAT}: this is no export of an audit")
        for number, line in numbered:
            value = _json(number, line)
            try:
                yield from self._block(value) if "block" in value else self._entry(value)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise Unreadable(f"line {number} is no part of an audit: {error!r}") from error
        yield from self._finish_block()

    def _block(self, value: Mapping[str, Any]) -> Iterator[str]:
        yield from self._finish_block()
        self.block = chain.Block(
            tenant=value["tenant"],
            number=value["block"],
            previous=value["previous"],
            sealed_at=value["sealed_at"],
            leaves=bytes.fromhex(value["leaves"]),
            hash=value["hash"],
        )
        yield from self.walk.step(self.block)
        self.wanted = dict(self.block.entries)
        self.heads[self.block.number] = self.block.hash

    def _entry(self, value: Mapping[str, Any]) -> Iterator[str]:
        entry = value["entry"]
        self.entries += 1
        self.erased += chain.is_erased(entry) or chain.is_erased(entry, "what_salt")
        found = list(chain.faults({"decision_hash": None, **entry}, value.get("decision")))
        yield from found
        sealed = self.wanted.pop(entry["id"], None)
        if sealed is None:
            self.unsealed += 1
        elif not found and sealed != entry["row_hash"]:
            yield f"entry {entry['id']} was altered after it was sealed (block {self.block.number})"

    def _finish_block(self) -> Iterator[str]:
        """What the block names and the file does not hold."""
        yield from (f"entry {name}: deleted (block {self.block.number})" for name in self.wanted)
        self.wanted = {}


def _json(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Unreadable(f"line {number} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable(f"line {number} is no part of an audit")
    return value


def kept_heads(text: str, tenant: str | None = None) -> dict[int, str]:
    """Heads as `manage.py audit heads` wrote them: one `tenant number hash` a line."""
    heads = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = line.split()
        if len(parts) != 3 or not parts[1].isdigit():
            raise Unreadable(f"“{line[:80]}” is no head: a vendor's id, a block's number and its hash")
        if tenant is None or parts[0] == tenant:
            heads[int(parts[1])] = parts[2]
    return heads


def main(arguments: list[str] | None = None) -> int:
    parser = ArgumentParser(description="Verify an exported audit.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--heads", type=Path, help="heads that were kept elsewhere")
    given = parser.parse_args(arguments)
    verifier, faults = Verifier(), 0
    try:
        with given.file.open(encoding="utf-8") as lines:
            for fault in verifier.read(lines):
                faults += 1
                _say(fault)
        tenant = verifier.block.tenant if verifier.block else None
        kept = kept_heads(given.heads.read_text(encoding="utf-8"), tenant) if given.heads else {}
        for fault in chain.missing_heads(kept, verifier.heads):
            faults += 1
            _say(fault)
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        _say(f"It can't be read: {error}")
        return 2
    _say(
        f"{verifier.entries} entries, {len(verifier.heads)} blocks, {verifier.unsealed} not sealed yet,"
        f" {verifier.erased} with a person erased, {faults} faults"
    )
    if verifier.walk.head:
        _say(f"head: block {verifier.walk.number} {verifier.walk.head}")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
