"""The audit as a file of JSON lines, which `python -m prm.kernel.audit.offline FILE` verifies on any machine."""

import json
from collections.abc import Iterator
from typing import Any

from prm.kernel.audit import reading
from prm.kernel.audit.models import AuditUnsealed

FORMAT = "prm-audit/1"


def lines() -> Iterator[str]:
    """One line says what it is, then one for each block with its entries behind it, then what is not sealed yet."""
    yield _line({"format": FORMAT})
    for block in reading.blocks():
        yield _line(
            {
                "block": block.number,
                "tenant": block.tenant,
                "previous": block.previous,
                "sealed_at": block.sealed_at,
                "leaves": block.leaves.hex(),
                "hash": block.hash,
            }
        )
        yield from _entries([name for name, _hash in block.entries])
    waiting = [str(name) for name in AuditUnsealed.objects.order_by("recorded_at", "id").values_list("id", flat=True)]
    for start in range(0, len(waiting), 1000):
        yield from _entries(waiting[start : start + 1000])


def _entries(names: list[str]) -> Iterator[str]:
    there = reading.entries(names)
    for name in names:
        if name in there:
            entry, decision = there[name]
            yield _line({"entry": entry, "decision": decision} if decision else {"entry": entry})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
