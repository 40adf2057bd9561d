"""One cast for all tests: who they are, and how a test steps into their shoes.

Vendor Acme: Ada (admin), Olivia (operations), Mia (approver), Cam (channel manager), Finn (finance),
Aud (auditor). Its partners: Birch with Bea (partner admin) and Bo (seller); Cedar with Cy (seller).
A second vendor, Zenith, with Zoe (operations), Zack (admin) and the partner Zinc with Zed: they must see
nothing of Acme.
Ids follow from names, so that a test may name anybody before the database exists.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.test import Client

from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting

PASSWORD = "correct horse battery"


def id_of(kind: str, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{kind}:{name}")


@dataclass(frozen=True)
class Vendor:
    slug: str

    @property
    def id(self) -> UUID:
        return id_of("tenant", self.slug)


@dataclass(frozen=True)
class Organisation:
    name: str
    vendor: Vendor
    domain: str = ""
    country: str = "DE"

    @property
    def id(self) -> UUID:
        return id_of("partner", self.name)


@dataclass(frozen=True)
class Somebody:
    name: str
    roles: tuple[str, ...]
    vendor: Vendor
    partner: Organisation | None = None

    @property
    def person_id(self) -> UUID:
        return id_of("person", self.name)

    @property
    def membership_id(self) -> UUID:
        return id_of("membership", self.name)

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@{self.partner.domain if self.partner else self.vendor.slug + '.example'}"

    @property
    def actor(self) -> Actor:
        return Actor(
            kind="person",
            id=str(self.person_id),
            name=self.name,
            roles=frozenset(self.roles),
            membership_id=self.membership_id,
            partner_id=self.partner.id if self.partner else None,
        )


acme, zenith = Vendor("acme"), Vendor("zenith")
birch = Organisation("Birch Systems", acme, "birch.example")
cedar = Organisation("Cedar Networks", acme, "cedar.example", "AT")
zinc = Organisation("Zinc Partners", zenith, "zinc.example")
ada = Somebody("Ada", ("admin",), acme)
olivia = Somebody("Olivia", ("ops",), acme)
mia = Somebody("Mia", ("approver",), acme)
cam = Somebody("Cam", ("cam",), acme)
finn = Somebody("Finn", ("finance",), acme)
aud = Somebody("Aud", ("auditor",), acme)
bea = Somebody("Bea", ("partner_admin",), acme, birch)
bo = Somebody("Bo", ("seller",), acme, birch)
cy = Somebody("Cy", ("seller",), acme, cedar)
zack = Somebody("Zack", ("admin",), zenith)
zoe = Somebody("Zoe", ("ops",), zenith)
zed = Somebody("Zed", ("seller",), zenith, zinc)
VENDORS = (acme, zenith)
ORGANISATIONS = (birch, cedar, zinc)
EVERYBODY = (ada, olivia, mia, cam, finn, aud, bea, bo, cy, zack, zoe, zed)


@contextmanager
def vendor(of: Vendor = acme) -> Iterator[datetime]:
    """As the vendor: `with vendor(acme) as now:`."""
    with acting(tenant=of.id, audience="vendor") as now:
        yield now


@contextmanager
def partner(of: Organisation = birch) -> Iterator[datetime]:
    """As one partner's people."""
    with acting(tenant=of.vendor.id, audience="partner", partners=[of.id]) as now:
        yield now


def client_of(somebody: Somebody, **defaults: str) -> Client:
    """A browser in which `somebody` is signed in and has chosen their organisation."""
    from prm.kernel.identity.models import Person

    client = Client(**defaults)
    client.force_login(
        Person.objects.get(pk=somebody.person_id),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    session = client.session
    session["membership_id"] = str(somebody.membership_id)
    session.save()
    return client
