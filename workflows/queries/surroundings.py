"""What a tree may refer to beside the registry, as it is now."""

from prm.kernel.identity.models import Membership
from prm.kernel.messages.registry import kinds
from workflows.definition.lint import Surroundings


def surroundings() -> Surroundings:
    """The vendor's present people, by membership id and e-mail, and the message templates."""
    present = Membership.objects.filter(partner=None, ended_at=None).values_list("pk", "email")
    names = {str(pk) for pk, _email in present} | {email.lower() for _pk, email in present}
    return Surroundings(people=frozenset(names), templates=frozenset(kinds))
