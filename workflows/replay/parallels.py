"""Lines that run beside one another: which of them came to what, and when the block that holds them is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.replay.path import ENDED, UNKNOWN, Path
from workflows.replay.plan import Node


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was walked: it arrived, or `told` says how it ended or where it halted."""

    arrived: bool
    at: datetime
    told: Path
    facts: dict[str, Any]
    unknown: Mapping[str, tuple[str, ...]]

    @property
    def ends_the_run(self) -> bool:
        return not self.arrived and self.told.state == ENDED


def needed_of(node: Node) -> int:
    """How many lines must arrive."""
    join = node.data.get("join", "all")
    return {"all": len(node.ways), "any": 1}.get(join) or min(int(join), len(node.ways))


def over_at(lines: Sequence[Line], needed: int) -> Line | None:
    """The line that completes the join or ends the run, whichever comes first; None while neither does."""
    count = 0
    for line in sorted(lines, key=lambda line: line.at):
        count += line.arrived
        if line.ends_the_run or (line.arrived and count == needed):
            return line
    return None


def halted_in(lines: Sequence[Line]) -> Line:
    """The line that keeps the others waiting; one that nobody can know before all others."""
    halted = [line for line in lines if not line.arrived]
    return next((line for line in halted if line.told.state == UNKNOWN), halted[0])
