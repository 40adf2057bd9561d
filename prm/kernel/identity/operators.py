"""Who runs the platform: outside every vendor, and let in by the server's command line alone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from prm.kernel.identity.models import Membership, Operator, Person, SecurityEvent
from prm.kernel.tenancy.models import Tenant

A_DAY = timedelta(days=1)


def is_operator(person_id: UUID) -> bool:
    return Operator.objects.filter(person_id=person_id).exists()


def lacks_second_factor(person_id: UUID) -> bool:
    """An operator sees every vendor's name: a password alone opens that in the demo only."""
    if settings.DEMO or not is_operator(person_id):
        return False
    return not Authenticator.objects.filter(user_id=person_id, type=Authenticator.Type.TOTP).exists()


def add_operator(email: str, name: str = "", *, using: str, **fields: Any) -> Person:
    """Make a person, new or known, an operator. `using` is a login that may: the owner's or the operator's."""
    people = Person.objects.using(using)
    person, _made = people.get_or_create(email=email.strip().lower(), defaults={"name": name, **fields})
    _operator, added = Operator.objects.using(using).get_or_create(person=person)
    if added:
        _note(person, "operator.added", using)
    return person


def remove_operator(email: str, *, using: str) -> None:
    """End it; the person stays. Raises Operator.DoesNotExist."""
    operator = Operator.objects.using(using).select_related("person").get(person__email=email.strip().lower())
    _note(operator.person, "operator.removed", using)
    operator.delete()


def _note(person: Person, kind: str, using: str) -> None:
    SecurityEvent.objects.using(using).create(kind=kind, person=person)


def vendors() -> "QuerySet[Tenant]":
    """Every vendor with how many people it and its partners have: counts, and nothing that is the vendor's own."""
    here = Membership.objects.filter(tenant=OuterRef("pk"), ended_at=None)
    return Tenant.objects.annotate(
        staff=_counted(here.filter(partner=None)), partner_people=_counted(here.exclude(partner=None))
    )


def _counted(people: "QuerySet[Membership]") -> Coalesce:
    each = people.order_by().values("tenant").annotate(people=Count("pk")).values("people")
    return Coalesce(Subquery(each, output_field=IntegerField()), 0)


def failed_sign_ins() -> int:
    """How many sign-ins failed within the last day, by the database's clock."""
    return SecurityEvent.objects.filter(kind="login.failed", recorded_at__gte=Now() - A_DAY).count()
