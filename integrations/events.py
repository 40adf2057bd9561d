"""What connections say happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ConnectionBroke(Event):
    """Nothing goes through any more; told once, until it works again."""

    name: ClassVar[str] = "integrations.connection.broke"


@dataclass(frozen=True, kw_only=True)
class ExistingAsked(Event):
    """Somebody wants the records written that there are already: those behind `detail.after`, of `detail.run`."""

    name: ClassVar[str] = "integrations.existing.asked"
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ConnectionMended(Event):
    """It works again, by itself or by a person's doing."""

    name: ClassVar[str] = "integrations.connection.mended"
