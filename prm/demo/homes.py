"""Looks at the home of every login that the demo prints, as the page itself would fill it."""

from collections.abc import Iterable
from types import SimpleNamespace
from uuid import UUID

from dealreg.views.home import partner_home
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership, Operator
from prm.kernel.identity.operators import vendors
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from workflows.views.today import first_tasks


def bare_homes(tenant: UUID, mails: Iterable[str]) -> list[str]:
    """The logins whose home shows nothing to open."""
    with acting(tenant=tenant, audience="auditor"):
        people = {member.email: member for member in Membership.objects.filter(email__in=list(mails), ended_at=None)}
    bare = (mail for mail in mails if mail not in people or not _shows_something(tenant, people[mail]))
    return [mail for mail in bare if not _runs_the_platform(mail)]


def _runs_the_platform(mail: str) -> bool:
    """An operator belongs to no vendor: their home shows the vendors."""
    operates = Operator.objects.filter(person__email=mail).exists()
    return operates and vendors().exists()


def _shows_something(tenant: UUID, member: Membership) -> bool:
    actor = Actor("person", str(member.person_id), member.name, frozenset(member.roles), member.pk, member.partner_id)
    if member.partner_id is None:
        with acting(tenant=tenant, audience="vendor") as now:
            return bool(first_tasks(actor, now)[0])
    with acting(tenant=tenant, audience="partner", partners=[member.partner_id]) as now:
        home = partner_home(SimpleNamespace(actor=actor, now=now, tenant=Tenant.objects.get()))
        return any(home[part] for part in ("needs", "drafts", "recent"))
