"""What a tree may refer to beside the registry, as it is now."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.identity import roles
from prm.kernel.identity.models import Membership
from prm.kernel.messages.registry import kinds
from workflows.definition import BrokenDefinition
from workflows.definition.flow_checks import Called, Surroundings
from workflows.definition.needs import roles_asked
from workflows.engine.people import held_role
from workflows.engine.step import program_of
from workflows.models import SlaPolicy, WorkflowVersion


def surroundings() -> Surroundings:
    """The vendor's people who are here, message templates, published workflows and SLA policies."""
    present = Membership.objects.filter(partner=None, ended_at=None).values_list("pk", "email")
    names = {str(pk) for pk, _email in present} | {email.lower() for _pk, email in present}
    return Surroundings(
        people=frozenset(names),
        templates=frozenset(kinds),
        variables={key: kind.variables for key, kind in kinds.items()},
        workflows=_published(),
        policies=frozenset(SlaPolicy.objects.values_list("key", flat=True)),
    )


def unheld(tree: Mapping[str, Any]) -> list[str]:
    """What a sound tree asks of roles that nobody holds, and who is asked instead: it may be published all the same."""
    asked = [(role, held_role(role)) for role in roles_asked(tree)]
    told = _("Nobody has the role “%(role)s”: what it is asked goes to “%(other)s” until somebody has it.")
    return [told % {"role": roles.label(role), "other": roles.label(to)} for role, to in asked if to != role]


def _published() -> dict[str, Called]:
    """What is in force, by key: its subject and whom it calls."""
    found: dict[str, Called] = {}
    rows = WorkflowVersion.objects.filter(status="published").values_list("workflow__key", "pk", "checksum")
    for key, version, digest in rows:
        try:
            read = program_of(version, digest)
        except BrokenDefinition:
            continue  # its own page tells of it
        found[key] = Called(read.start.schema, read.calls)
    return found
