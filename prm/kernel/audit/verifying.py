"""Is the audit what was written? Goes along the chain and says by name what was altered, deleted or cut off."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import Min

from prm.kernel.audit import chain, reading
from prm.kernel.audit.models import AuditEntry, AuditUnsealed

_LOOSE = """
SELECT e.id::text FROM audit_auditentry AS e
WHERE NOT EXISTS (SELECT 1 FROM audit_auditunsealed AS u WHERE u.tenant_id = e.tenant_id AND u.id = e.id)
"""
MANY = 200  # faults that are told one by one


@dataclass
class Report:
    """What was found in one vendor's audit."""

    entries: int = 0
    blocks: int = 0
    unsealed: int = 0
    erased: int = 0
    lag: timedelta = timedelta(0)
    head: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.faults


def verify(kept: Mapping[int, str] | None = None) -> Report:
    """Verify the audit of the vendor that we act for, against heads kept elsewhere where there are any."""
    report, walk = Report(), chain.Walk()
    found: dict[int, str] = {}
    for block in reading.blocks():
        report.faults += walk.step(block)
        report.faults += _leaves(block, report)
        report.blocks, found[block.number] = report.blocks + 1, block.hash
    report.head = walk.head
    report.faults += chain.missing_heads(kept or {}, found)
    report.faults += _unsealed(report)
    if AuditEntry.objects.count() != report.entries:
        report.faults += _loose()
    return report


def _leaves(block: chain.Block, report: Report) -> Iterator[str]:
    """Every entry that the block names, as it is today."""
    there = reading.entries([name for name, _hash in block.entries])
    for place, (name, row_hash) in enumerate(block.entries, 1):
        pair = there.get(name)
        if pair is None:
            yield f"entry {name}: deleted (block {block.number}, place {place} of {len(block.entries)})"
            continue
        report.entries += 1
        report.erased += chain.is_erased(pair[0]) or chain.is_erased(pair[0], "what_salt")
        told = list(chain.faults(*pair))
        yield from told
        if not told and pair[0]["row_hash"] != row_hash:
            yield f"entry {name} was altered after it was sealed (block {block.number}, place {place})"


def _unsealed(report: Report) -> Iterator[str]:
    """Entries that no block holds yet: they have their hashes already."""
    waiting = dict(AuditUnsealed.objects.values_list("id", "row_hash"))
    report.unsealed, report.lag = len(waiting), lag()
    names = [str(name) for name in waiting]
    for start in range(0, len(names), 1000):
        part = names[start : start + 1000]
        there = reading.entries(part)
        report.entries += len(there)
        yield from (f"entry {name}: deleted before it was sealed" for name in part if name not in there)
        for pair in there.values():
            yield from chain.faults(*pair)


def _loose() -> Iterator[str]:
    """Entries that are in no block and wait for none."""
    sealed: set[str] = set()
    for block in reading.blocks():
        sealed.update(name for name, _hash in block.entries)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LOOSE)
        yield from (f"entry {name}: is in no block" for (name,) in cursor if name not in sealed)


def lag() -> timedelta:
    """For how long the oldest entry that is in no block has waited."""
    oldest = AuditUnsealed.objects.aggregate(oldest=Min("recorded_at"))["oldest"]
    if oldest is None:
        return timedelta(0)
    from prm.kernel import clock

    waited: timedelta = clock.machine_now() - oldest
    return max(waited, timedelta(0))


def told(faults: Iterable[str]) -> Iterator[str]:
    """The faults for a person: each by name, and beyond many their number."""
    listed = list(faults)
    yield from listed[:MANY]
    if len(listed) > MANY:
        yield f"… and {len(listed) - MANY} more"
