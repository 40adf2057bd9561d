"""Who works in the demo: the vendor's staff, forty partners, and their people."""

import random
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from partners import actions as partner_actions
from partners.models import Tier
from prm.demo.names import generate
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership, Person
from prm.kernel.matching import Record
from prm.kernel.reference.models import Program, Territory

PASSWORD = "partners-welcome-2026"  # noqa: S105  printed by the demo, and there only
VENDOR = "Larkspur Networks"
SLUG = "larkspur"
DOMAIN = "larkspur.example"
PARTNERS = 40
BUILDER = Actor.system("demo")

STAFF = (
    ("Ada Okafor", ("admin",), None),
    ("Anton Brandt", ("admin",), None),
    ("Olivia Brandt", ("ops",), "60000.00"),
    ("Mia Sorensen", ("approver",), "400000.00"),
    ("Cam Rossi", ("cam",), None),
    ("Carla Weiss", ("cam",), None),
    ("Finn Murphy", ("finance",), None),
    ("Lena Vogt", ("legal",), None),
    ("Sam Duval", ("sales",), None),
    ("Aud Lindqvist", ("auditor",), None),
)
OPERATOR = ("Pat Ferrer", "pat@platform.example")  # of no vendor
OTHERS = (("marketing", "Max Lang"), ("partner_finance", "Pia Roth"))  # of the first partner, who has all kinds
SELLERS = ("Bo Berg", "Cy Hansen", "Dana Ruiz", "Eli Novak", "Fay Moreau", "Gus Keller", "Hana Ito", "Ivo Silva")


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who acts in the demo's history."""

    membership_id: UUID
    person_id: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    partner_id: UUID | None = None

    @property
    def actor(self) -> Actor:
        return Actor(
            kind="person",
            id=str(self.person_id),
            name=self.name,
            roles=frozenset(self.roles),
            membership_id=self.membership_id,
            partner_id=self.partner_id,
        )


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner with its seller, its admin and the countries it sells in."""

    id: UUID
    name: str
    countries: tuple[str, ...]
    admin: Worker
    seller: Worker


def person_of(email: str, name: str, password: str) -> UUID:
    """A person of the identity plane, made outside any tenant."""
    person, _made = Person.objects.get_or_create(email=email, defaults={"name": name, "password": password})
    return person.pk


def join(person_id: UUID, email: str, name: str, roles: tuple[str, ...], **fields: object) -> Worker:
    """The person's place in the organisation, inside the vendor's context."""
    membership = Membership.objects.create(person_id=person_id, email=email, name=name, roles=list(roles), **fields)
    return Worker(membership.pk, person_id, name, email, roles, membership.partner_id)


def partner_records(rng: random.Random) -> list[Record]:
    """Organisations for the partners, in the countries that the program's territories cover."""
    covered = {"DE", "AT", "CH", "FR", "GB", "NL", "SE", "ES", "IT", "US"}
    found = [record for record in generate(rng.randrange(10_000), PARTNERS * 6) if record.country in covered]
    return found[:PARTNERS]


def enrol(
    record: Record,
    number: int,
    people: tuple[UUID, UUID],
    cams: list[Worker],
    rng: random.Random,
    now: datetime,
) -> Organisation:
    """One partner: organisation, tier, territory, channel manager, an admin and a seller."""
    territory = Territory.objects.filter(countries__contains=[record.country]).first()
    program = Program.objects.get()
    tiers = list(Tier.objects.order_by("rank"))
    partner = partner_actions.create_partner(
        name=record.name,
        domain=record.domain,
        country=record.country,
        city=record.city,
        external_id=f"P-{number:04}",
        cam_id=cams[number % len(cams)].membership_id if number % 17 != 16 else None,  # the first has the logins
        actor=BUILDER,
        now=now,
    )
    partner_actions.enrol_partner(
        partner_id=partner.pk,
        program_id=program.pk,
        tier_id=rng.choices(tiers, weights=(5, 4, 2))[0].pk,
        territories=(territory.pk,) if territory else (),
        actor=BUILDER,
        now=now,
    )
    if number % 13 == 5:
        partner_actions.watch_partner(
            partner_id=partner.pk, reason="Two disputed registrations last quarter", actor=BUILDER, now=now
        )
    admin_email, seller_email = emails_of(record, number)
    admin = join(people[0], admin_email, "Bea " + surname(number), ("partner_admin",), partner=partner)
    seller = join(people[1], seller_email, SELLERS[number % len(SELLERS)], ("seller",), partner=partner)
    countries = tuple(territory.countries) if territory else (record.country,)
    return Organisation(partner.pk, record.name, countries, admin, seller)


def emails_of(record: Record, number: int) -> tuple[str, str]:
    domain = record.domain or f"partner{number}.example"
    return f"admin@{domain}", f"seller@{domain}"


def others_of(record: Record) -> list[tuple[str, str, str]]:
    """Role, name and e-mail of the people whom the first partner has besides its admin and its seller."""
    domain = emails_of(record, 0)[0].partition("@")[2]
    return [(role, name, f"{name.split()[0].lower()}@{domain}") for role, name in OTHERS]


def surname(number: int) -> str:
    return ("Adler", "Bianchi", "Costa", "Dupont", "Eriksen", "Fischer", "Garcia", "Horvat")[number % 8]
