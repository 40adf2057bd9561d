"""What an entry's hash and a block's hash are made of. Standard library only: the offline verifier uses it, too.

A list of texts is packed so that no two lists look alike: each part as `<bytes>:<text>`, an absent one as `-`,
with commas between. PostgreSQL packs in the same way when a row is written (see sealing.sql in models.py), so
that no program can write a row under a hash of its own choosing.

Names and contents stand beside the chain: it holds salted hashes of them. They can be erased with their salt,
and the chain still verifies; without the salt nobody can find the name by trying names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

WHO = ("actor_name", "impersonator")
WHAT = ("target_name", "before", "after")
PLAIN = (
    "tenant_id",
    "id",
    "action",
    "target_type",
    "target_id",
    "partner_id",
    "actor_kind",
    "actor_id",
    "request_id",
    "cause",
    "at",
    "recorded_at",
    "decision_id",
)
DECIDED = ("tenant_id", "id", "rule", "outcome", "allowed", "subject_type", "subject_id", "partner_id", "decided_by",
           "at", "recorded_at")  # fmt: skip
ERASED = ("", "{}")
FIRST = ""  # what the first block stands on
LEAF = 48  # an entry's id and its hash, as bytes

Fields = Mapping[str, str | None]


def pack(parts: Iterable[str | None]) -> str:
    """Texts as one text that reads back in one way only."""
    return ",".join("-" if part is None else f"{len(part.encode())}:{part}" for part in parts)


def digest(*parts: str | None) -> str:
    """SHA-256 of the packed parts, in hexadecimal."""
    return sha256(pack(parts).encode()).hexdigest()


def side_hash(salt: str | None, fields: Fields, names: Sequence[str]) -> str:
    """The salted hash of what stands beside the chain."""
    return digest(salt, *(fields[name] for name in names))


def decision_hash(fields: Fields) -> str:
    """The hash of a stored decision; its document stands beside the chain."""
    return digest("decision/1", *(fields[name] for name in DECIDED), fields["document_hash"])


def entry_hash(fields: Fields) -> str:
    """The hash of an entry: its plain fields, the hashes of who and what, the hash of its decision.

    Entries of somebody who acted as somebody else say whose membership that was (since entry/2).
    """
    parts = (*(fields[name] for name in PLAIN), fields["who_hash"], fields["what_hash"], fields["decision_hash"])
    behind = fields.get("impersonator_id")
    return digest("entry/1", *parts) if behind is None else digest("entry/2", *parts, behind)


def faults(entry: Fields, decision: Fields | None = None) -> Iterator[str]:
    """What is wrong with an entry by itself: each part that does not fit its own hash."""
    if decision is not None:
        name = f"decision {decision['id']}"
        if not _fits(decision, "salt", "document_hash", ("document",)):
            yield f"{name}: its document was altered"
        if decision_hash(decision) != decision["row_hash"]:
            yield f"{name} was altered"
    elif entry["decision_id"] is not None:
        yield f"entry {entry['id']}: its decision {entry['decision_id']} is gone"
    for words, names, kept in (("who did it", WHO, "who"), ("what changed", WHAT, "what")):
        if not _fits(entry, f"{kept}_salt", f"{kept}_hash", names):
            yield f"entry {entry['id']}: {words} was altered"
    if entry_hash(entry) != entry["row_hash"]:
        yield f"entry {entry['id']} was altered"


def is_erased(fields: Fields, salt: str = "who_salt") -> bool:
    return not fields[salt]


def _fits(fields: Fields, salt: str, kept: str, names: Sequence[str]) -> bool:
    """Whether the contents have their hash; without a salt they must be gone."""
    if is_erased(fields, salt):
        return all(fields[name] in ERASED for name in names)
    return side_hash(fields[salt], fields, names) == fields[kept]


@dataclass(frozen=True)
class Block:
    """Some entries of one vendor, sealed: each with its hash, standing on the block before."""

    tenant: str
    number: int
    previous: str
    sealed_at: str
    leaves: bytes
    hash: str

    @property
    def entries(self) -> list[tuple[str, str]]:
        """(entry id, entry hash), in their order."""
        return list(unpack_leaves(self.leaves))

    @property
    def expected(self) -> str:
        return block_hash(self.tenant, self.number, self.previous, self.sealed_at, self.leaves)


def block_hash(tenant: str, number: int, previous: str, sealed_at: str, leaves: bytes) -> str:
    """A block's hash covers the one before, so that none can be changed, moved or left out."""
    return digest("block/1", tenant, str(number), previous, sealed_at, sha256(leaves).hexdigest())


def pack_leaves(entries: Iterable[tuple[str, str]]) -> bytes:
    """Entry ids and hashes, 48 bytes each."""
    return b"".join(bytes.fromhex(name.replace("-", "")) + bytes.fromhex(row) for name, row in entries)


def unpack_leaves(leaves: bytes) -> Iterator[tuple[str, str]]:
    for start in range(0, len(leaves), LEAF):
        name, row = leaves[start : start + 16].hex(), leaves[start + 16 : start + LEAF].hex()
        yield "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:])), row


@dataclass
class Walk:
    """Going along one vendor's blocks: what does not follow from the block before."""

    number: int = 0
    head: str = FIRST

    def step(self, block: Block) -> Iterator[str]:
        """The faults of the next block in its place in the chain."""
        if block.number != self.number + 1:
            missing = f"{self.number + 1}" if block.number == self.number + 2 else f"{self.number + 1} and on"
            if block.number > self.number:
                yield f"block {missing}: missing, block {block.number} follows"
            else:
                yield f"block {block.number}: out of its place, after block {self.number}"
        elif block.previous != self.head:
            yield f"block {block.number}: does not stand on block {self.number}"
        if block.expected != block.hash:
            yield f"block {block.number} was altered"
        self.number, self.head = block.number, block.hash


def missing_heads(kept: Mapping[int, str], found: Mapping[int, str]) -> Iterator[str]:
    """What heads that were kept elsewhere say against the chain that is here."""
    for number, head in sorted(kept.items()):
        if number not in found:
            last = max(found, default=0)
            yield f"block {number}: cut off, the chain ends at block {last} but a kept head names block {number}"
        elif found[number] != head:
            yield f"block {number}: is not the one whose head was kept"
