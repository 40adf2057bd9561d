"""What connections say happened."""

from dataclasses import dataclass
from typing import ClassVar

from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ConnectionBroke(Event):
    """Nothing goes through any more; told once, until it works again."""

    name: ClassVar[str] = "integrations.connection.broke"


@dataclass(frozen=True, kw_only=True)
class ConnectionMended(Event):
    """It works again, by itself or by a person's doing."""

    name: ClassVar[str] = "integrations.connection.mended"
