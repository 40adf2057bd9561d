"""What workflows say happened."""

from dataclasses import dataclass
from typing import ClassVar

from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class VersionPublished(Event):
    name: ClassVar[str] = "workflows.version.published"


@dataclass(frozen=True, kw_only=True)
class VersionRetired(Event):
    name: ClassVar[str] = "workflows.version.retired"


@dataclass(frozen=True, kw_only=True)
class TaskOpened(Event):
    name: ClassVar[str] = "workflows.task.opened"


@dataclass(frozen=True, kw_only=True)
class TaskClaimed(Event):
    """Somebody has begun to work on a task."""

    name: ClassVar[str] = "workflows.task.claimed"


@dataclass(frozen=True, kw_only=True)
class TaskDecided(Event):
    name: ClassVar[str] = "workflows.task.decided"


@dataclass(frozen=True, kw_only=True)
class SlaWarned(Event):
    name: ClassVar[str] = "workflows.sla.warned"


@dataclass(frozen=True, kw_only=True)
class SlaBreached(Event):
    name: ClassVar[str] = "workflows.sla.breached"


@dataclass(frozen=True, kw_only=True)
class WebhookFailed(Event):
    name: ClassVar[str] = "workflows.webhook.failed"


@dataclass(frozen=True, kw_only=True)
class IncidentOpened(Event):
    name: ClassVar[str] = "workflows.incident.opened"


@dataclass(frozen=True, kw_only=True)
class IncidentResolved(Event):
    name: ClassVar[str] = "workflows.incident.resolved"
