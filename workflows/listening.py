"""Which events any workflow of the vendor cares about: the others need no delivery to the engine."""

from prm.kernel.automation import registry
from prm.kernel.tenancy.remembering import remembered
from workflows.definition import BrokenDefinition
from workflows.engine.step import program_of
from workflows.models import WorkflowVersion


def listens(event: str) -> bool:
    """Whether a version that is or was in force starts on the event, ends on it or waits for it.

    An event that somebody owes an answer to is always heard, so that nobody's silence goes unnoticed; so is one
    after which runs judge again.
    """
    if event in registry.rejudgements:
        return True
    trigger = registry.triggers.get(event)
    if trigger is None:
        return False
    return trigger.required or event in _listened_for()


@remembered("workflows.WorkflowVersion", "workflows.Workflow")
def _listened_for() -> frozenset[str]:
    found: set[str] = set()
    for version_id, digest in WorkflowVersion.objects.exclude(status="draft").values_list("pk", "checksum"):
        try:
            found |= program_of(version_id, digest).listens
        except BrokenDefinition:
            return frozenset(registry.triggers)  # what can't be read may listen to anything: its incident tells
    return frozenset(found)
