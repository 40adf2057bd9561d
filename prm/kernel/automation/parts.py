"""The parts of a vendor's program that travel as text: calendars, tiers, rules, workflows…

Each app registers the parts that are its own. A part gives its documents (plain JSON, natural keys and no
ids) and takes them back; taking back what is there already changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from prm.kernel.identity.actors import Actor

Document = Mapping[str, Any]
Trouble = tuple[str, str]  # the path in the document, and what is wrong there


class PartRefused(ValueError):
    """A document can't be taken; `troubles` say where and why."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__("; ".join(f"{path}: {why}" for path, why in troubles))
        self.troubles = troubles


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one document: added, changed, drafted, published or unchanged. `held` is what was there."""

    outcome: str
    held: Document | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes documents in, when, and who else publishes what needs a second person (None: nobody yet)."""

    actor: Actor
    now: datetime
    note: str = ""
    publisher: Actor | None = None


class Part(Protocol):
    """One kind of document. `folder` names it; parts are taken in the order of `order`."""

    @property
    def folder(self) -> str: ...

    @property
    def order(self) -> int: ...

    def documents(self, *, drafts: bool = False) -> Mapping[str, Document]:
        """Every document by its name; with `drafts`, what is being worked on in place of what is in force."""

    def name_of(self, document: Document) -> str:
        """The name under which this document is filed. Raises PartRefused when it has none."""

    def troubles(self, document: Document) -> Iterable[Trouble]:
        """What can be said to be wrong with it without knowing the vendor."""

    def take(self, document: Document, taking: Taking) -> Taken:
        """Bring the document in. Raises PartRefused, and leaves what it has written to be rolled back."""


_parts: dict[str, Part] = {}


def register_part(part: Part) -> None:
    _parts[part.folder] = part


def parts() -> list[Part]:
    """Every part in the order in which they are taken: what others refer to comes first."""
    return sorted(_parts.values(), key=lambda part: (part.order, part.folder))


def part_named(folder: str) -> Part | None:
    return _parts.get(folder)
