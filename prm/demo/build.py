"""Builds the demo vendor by running the product, and says what came out."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection

from dealreg import actions as deals
from dealreg.imports import CustomerRow
from partners.models import Partner, Watch
from prm.demo import cast, intakes, pipeline, rare, syncing, terms
from prm.demo.cast import BUILDER, Organisation, Worker
from prm.demo.history import YEAR, History, catch_up, move_clock, settle
from prm.demo.market import Market, market
from prm.demo.moves import live_moves
from prm.demo.verdicts import settle_some
from prm.embedded import addresses, processes
from prm.kernel.identity.operators import add_operator
from prm.kernel.matching import Record
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from prm.setup import configure_vendor, create_tenant, tenants_login

SEED = 20_260
DEALS = 1_500
PATIENCE = 600.0  # seconds for what the workers usually do in two
Say = Callable[[str], None]


@dataclass
class Demo:
    """The vendor on its way to being a demo."""

    tenant: UUID
    say: Say
    progress: Callable[[str, float], None]
    rng: random.Random


def exists() -> bool:
    """Whether the demo is there, whole: its clock stands at the present once it is."""
    tenant = Tenant.objects.using("owner").filter(slug=cast.SLUG).first()
    return tenant is not None and tenant.clock_offset == timedelta(0)


def is_half_made() -> bool:
    return Tenant.objects.using("owner").filter(slug=cast.SLUG).exists() and not exists()


def build(*, accounts: str, wanted: int, say: Say, progress: Callable[[str, float], None]) -> UUID:
    """Set the vendor up and live through its year; returns its tenant."""
    rng = random.Random(SEED)  # noqa: S311  a repeatable demo, not a secret
    tenant = create_tenant(
        slug=cast.SLUG,
        name=cast.VENDOR,
        time_zone="Europe/Berlin",
        currency="EUR",
        is_sandbox=True,
        clock_offset=-(rare.LASTS + YEAR),
        brand_color="#3454d1",
    )
    demo = Demo(tenant.pk, say, progress, rng)
    say(f"vendor {cast.VENDOR}: program, tiers, rules and the deal workflow")
    with acting(tenant=tenant.pk, audience="vendor") as now:
        configure_vendor(now=now)
    place = market(accounts, SEED)
    _import_customers(demo, place)
    staff, partners = _people(demo)
    with not_waiting_for_the_disk(), workers(2):
        say("the first weeks: templates taken into use, and everything that happens rarely")
        _rare_days(demo, staff, partners)
        terms.share_out(tenant.pk, staff["Ada Okafor"], staff["Mia Sorensen"])
        say(f"a program year: {wanted} deals through the portal's own action, decided by real workers")
        history = History(tenant.pk, partners, staff, place, rng, wanted)
        history.live(lambda share: progress("living through the year", share))
        terms.add(tenant.pk, partners, staff["Ada Okafor"])
        live_moves(history)
        intakes.bring_in(tenant.pk, partners, staff["Cam Rossi"])
        settle_some(tenant.pk, staff)
        settle(tenant.pk, 60)
        ops = next(worker for worker in staff.values() if "ops" in worker.roles)
        syncing.connect(tenant.pk, staff["Ada Okafor"], ops, lambda: settle(tenant.pk))
    catch_up(tenant.pk)
    pipeline.fill(tenant.pk, rng)
    return tenant.pk


def _rare_days(demo: Demo, staff: dict[str, Worker], partners: list[Organisation]) -> None:
    """What a year may not bring by itself; the year begins when these weeks are over."""
    with acting(tenant=demo.tenant, audience="vendor") as now:
        begins = now + rare.LASTS
        cam = next(worker for worker in staff.values() if "cam" in worker.roles)  # one for both: they give opinions
        known = Partner.objects.filter(cam=cam.membership_id).exclude(pk__in=Watch.objects.values("partner"))
        one, other = _neighbours([who for who in partners if known.filter(pk=who.id).exists()])
    by_role = {role: worker.actor for worker in reversed(staff.values()) for role in worker.roles}
    rare.Rare(
        tenant=demo.tenant,
        one=one,
        other=other,
        staff={**by_role, "second": staff["Anton Brandt"].actor},
        work=lambda: _all_done(demo.tenant),
        forward=lambda to: move_clock(demo.tenant, to),
    ).live()
    move_clock(demo.tenant, begins)
    settle(demo.tenant)


def _all_done(tenant: UUID) -> None:
    """What follows asks about what has happened: however slow the machine, wait for it."""
    if not settle(tenant, PATIENCE):
        raise RuntimeError(f"The workers did not get through the demo's first weeks within {PATIENCE:.0f} seconds.")


def _neighbours(partners: list[Organisation]) -> tuple[Organisation, Organisation]:
    """Two that sell in one country."""
    return next((a, b) for a, b in combinations(partners, 2) if set(a.countries) & set(b.countries))


def _import_customers(demo: Demo, place: Market) -> None:
    demo.say(f"importing {len(place.accounts):,} customers from the vendor's CRM")
    began = time.monotonic()
    rows = [_row(record, number) for number, record in enumerate(place.accounts)]
    for start in range(0, len(rows), 1_000):
        with acting(tenant=demo.tenant, audience="vendor") as now:
            deals.import_customers(records=rows[start : start + 1_000], actor=BUILDER, now=now)
        demo.progress("importing customers", min(1.0, (start + 1_000) / len(rows)))
    demo.say(f"{len(rows) / (time.monotonic() - began):,.0f} customers a second")


def _row(record: Record, number: int) -> CustomerRow:
    return CustomerRow(
        name=record.name,
        domain=record.domain,
        country=record.country,
        city=record.city,
        external_id=f"C-{number:06}",
        is_house=number % 97 == 3,
        is_blocked=number % 211 == 7,
    )


def _people(demo: Demo) -> tuple[dict[str, Worker], list[Organisation]]:
    demo.say(f"{len(cast.STAFF)} people of the vendor, {cast.PARTNERS} partners with theirs, the platform's operator")
    password = make_password(cast.PASSWORD)
    name, mail = cast.OPERATOR
    add_operator(mail, name, using=tenants_login(), password=password)
    records = cast.partner_records(demo.rng)
    staff_ids = {name: cast.person_of(_mail(name), name, password) for name, _roles, _limit in cast.STAFF}
    seller_ids = []
    for number, record in enumerate(records):
        emails = cast.emails_of(record, number)
        names = (f"Bea {cast.surname(number)}", cast.SELLERS[number % len(cast.SELLERS)])
        seller_ids.append(tuple(cast.person_of(m, n, password) for m, n in zip(emails, names, strict=True)))
    others = [
        (cast.person_of(mail, name, password), mail, name, role) for role, name, mail in cast.others_of(records[0])
    ]
    with acting(tenant=demo.tenant, audience="vendor") as now:
        staff = {
            name: cast.join(staff_ids[name], _mail(name), name, roles, approval_limit=limit)
            for name, roles, limit in cast.STAFF
        }
        cams = [staff["Cam Rossi"], staff["Carla Weiss"]]
        partners = [
            cast.enrol(record, number, seller_ids[number], cams, demo.rng, now)  # type: ignore[arg-type]
            for number, record in enumerate(records)
        ]
        for person, mail, name, role in others:
            cast.join(person, mail, name, (role,), partner_id=partners[0].id)
    return staff, partners


def _mail(name: str) -> str:
    return f"{name.split()[0].lower()}@{cast.DOMAIN}"


def logins() -> list[tuple[str, str]]:
    """One login for each kind of person: role, e-mail. All have the demo's one password."""
    found = [(role, _mail(name)) for name, roles, _limit in cast.STAFF for role in roles]
    once = {role: mail for role, mail in reversed(found)}
    record = cast.partner_records(random.Random(SEED))[0]  # noqa: S311
    admin, seller = cast.emails_of(record, 0)
    others = [(role, mail) for role, _name, mail in cast.others_of(record)]
    staff = [(role, once[role]) for role in dict(found)]
    return [("operator", cast.OPERATOR[1]), *staff, ("partner_admin", admin), ("seller", seller), *others]


@contextmanager
def not_waiting_for_the_disk() -> Iterator[None]:
    """Commits are written a moment later; the next one after this waits for all of them.

    What a power cut takes with it is a demo that was half made, and is made anew.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        yield
        cursor.execute("SET synchronous_commit = on")


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Real Celery workers for as long as the demo is built, each a process of its own."""
    started = [_worker(number) for number in range(count)]
    try:
        yield
    finally:
        for process in started:
            processes.stop(process, (signal.SIGTERM, 10))


def _worker(number: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PRM_ROLE": "worker",
        "PRM_EMBEDDED": addresses.current_kind(),
        "PRM_LOG_LEVEL": "ERROR",
        "PRM_OUTGOING_HOSTS": syncing.LOOPBACK,
        "PGOPTIONS": "-c synchronous_commit=off",  # as not_waiting_for_the_disk
    }
    lonely = ("--pool", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat")
    quiet = ("--queues", "celery", "--hostname", f"demo{number}@%h", "--loglevel", "ERROR")
    return processes.spawn(  # mails wait until the program runs
        [sys.executable, "-m", "celery", "-A", "prm", "worker", *lonely, *quiet],
        log=addresses.folder(addresses.current_kind()) / "demo-worker.log",
        at_death=signal.SIGQUIT,  # at once: its database stops too
        env=environment,
    )
