"""What a tree may refer to beside the registry, as it is now."""

from prm.kernel.identity.models import Membership
from prm.kernel.messages.registry import kinds
from workflows.definition.lint import Surroundings
from workflows.models import SlaPolicy


def surroundings() -> Surroundings:
    """The vendor's present people, by membership id and e-mail, the message templates and the SLA policies."""
    present = Membership.objects.filter(partner=None, ended_at=None).values_list("pk", "email")
    names = {str(pk) for pk, _email in present} | {email.lower() for _pk, email in present}
    policies = SlaPolicy.objects.values_list("key", flat=True)
    return Surroundings(people=frozenset(names), templates=frozenset(kinds), policies=frozenset(policies))
