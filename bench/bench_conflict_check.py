"""One conflict check, the whole action with its commit, against 18,316 customers and 20,000 deals.

`python -m bench.bench_conflict_check [--accounts accounts.csv.gz] [--checks 400]`; the bar is p95 < 50 ms.
Without a list of accounts it takes the project's own generated names. Half of the deals are open (their
keys are searched), half are approved and protect a customer. Beside it stands this machine's commit rate.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
os.environ.setdefault("PRM_EMBEDDED", "bench")

CUSTOMERS, DEALS, BAR = 18_316, 20_000, 0.050
DATABASE = "prm_bench_conflict_check"


def main() -> int:
    options = _options()
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    own_database(handle)
    tenant = a_vendor()
    records = list(islice(accounts(options.accounts), CUSTOMERS))
    print(f"customers: {import_all(tenant, records):,.0f} records a second (aim 3,000)")
    fill_with_deals(tenant, records)
    analyse()
    deals = new_deals(tenant, records, options.checks + 20)
    check_each(tenant, deals[:20])
    seconds = sorted(check_each(tenant, deals[20:]))
    p50, p95, p99 = (seconds[int(len(seconds) * share)] * 1000 for share in (0.5, 0.95, 0.99))
    print(
        f"conflict check, whole action: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms"
        f" ({len(seconds)} checks; {len(records):,} customers, {DEALS:,} deals)"
    )
    print(f"this machine: {commit_rate(tenant):,.0f} small commits a second")
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    drop_database(handle)
    met = p95 < BAR * 1000
    print(f"bar: p95 < {BAR * 1000:.0f} ms: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument(
        "--accounts", type=Path, default=Path(os.environ["ACCOUNTS"]) if os.environ.get("ACCOUNTS") else None
    )
    parser.add_argument("--checks", type=int, default=400)
    return parser.parse_args()


def own_database(handle: Any) -> None:
    """A fresh database beside the others of the servers."""
    from django.db import connections
    from psycopg2.sql import SQL, Identifier

    drop_database(handle)
    with superuser(handle) as cursor:
        cursor.execute(SQL("CREATE DATABASE {} TEMPLATE template0 OWNER prm_owner").format(Identifier(DATABASE)))
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = DATABASE


def drop_database(handle: Any) -> None:
    from django.db import connections
    from psycopg2.sql import SQL, Identifier

    connections.close_all()
    with superuser(handle) as cursor:
        cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(DATABASE)))


@contextmanager
def superuser(handle: Any) -> Iterator[Any]:
    import psycopg2

    server = psycopg2.connect(**handle.superuser("postgres"))
    server.autocommit = True
    with server.cursor() as cursor:
        yield cursor
    server.close()


def a_vendor() -> UUID:
    """A vendor with two partners, in tables made from the models of every app that is ours."""
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    from prm.embedded.addresses import CHECKOUT
    from prm.kernel.tenancy.context import acting
    from prm.setup import configure_vendor, create_tenant

    ours = [app.label for app in apps.get_app_configs() if Path(app.path) == CHECKOUT / app.name.replace(".", "/")]
    settings.MIGRATION_MODULES = dict.fromkeys(ours)
    call_command("migrate", database="owner", verbosity=0, run_syncdb=True)
    tenant = create_tenant(slug="bench", name="Bench", time_zone="Europe/Berlin", currency="EUR")
    with acting(tenant=tenant.pk, audience="vendor") as now:
        configure_vendor(now=now)
        partners(now)
    return tenant.pk


def partners(now: datetime) -> None:
    from partners.actions import create_partner, enrol_partner
    from partners.models import Tier
    from partners.queries import default_program
    from prm.kernel.identity.actors import Actor
    from prm.kernel.reference.models import Territory

    actor, program = Actor.system("bench"), default_program()
    assert program is not None
    for name in ("Birch", "Cedar"):
        partner = create_partner(name=name, country="DE", actor=actor, now=now)
        enrol_partner(
            partner_id=partner.pk,
            program_id=program.pk,
            tier_id=Tier.objects.get(code="gold").pk,
            territories=(Territory.objects.get(code="dach").pk,),
            actor=actor,
            now=now,
        )


def accounts(path: Path | None) -> Iterator[Any]:
    """The records to know: a real list, or generated ones."""
    from dealreg.imports import CUSTOMER_COLUMNS, read_rows
    from prm.demo.names import generate
    from prm.kernel.matching import Record

    if path is None:
        yield from generate(7, CUSTOMERS)
        return
    for row in read_rows(path, CUSTOMER_COLUMNS, ["name"]):
        values = row.values
        yield Record(values["name"], values.get("domain", ""), values.get("country", ""), values.get("city", ""))


def import_all(tenant: UUID, records: list[Any]) -> float:
    from dealreg import actions
    from dealreg.imports import CustomerRow
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting

    began = perf_counter()
    for start in range(0, len(records), 2000):
        rows = [CustomerRow(r.name, r.domain, r.country, r.city) for r in records[start : start + 2000]]
        with acting(tenant=tenant, audience="vendor") as now:
            actions.import_customers(records=rows, actor=Actor.system("bench"), now=now)
    return len(records) / (perf_counter() - began)


def fill_with_deals(tenant: UUID, records: list[Any]) -> None:
    """Half open, half approved and protecting; written in bulk, along the state machine's own moves."""
    from dealreg.models import Customer, Deal, DealLine, Protection
    from prm.kernel.clock import local_date
    from prm.kernel.reference.models import ProductLine
    from prm.kernel.tenancy.context import acting

    rng = random.Random(11)
    with acting(tenant=tenant, audience="vendor") as now:
        lines, until = list(ProductLine.objects.order_by("code")), local_date(now) + timedelta(days=60)
        deals = [_deal(number, rng, records, now) for number in range(DEALS)]
        Deal.objects.bulk_create(deals, batch_size=1000)
        DealLine.objects.bulk_create(
            [DealLine(deal=deal, product_line=lines[n % len(lines)]) for n, deal in enumerate(deals)], batch_size=2000
        )
        mine = Deal.objects.filter(pk__in=[deal.pk for deal in deals])
        mine.update(status="submitted", submission=1, submitted_at=now, answer_due_at=now)
        _write_keys(deals[: DEALS // 2])
        customers = list(Customer.objects.order_by("pk")[: DEALS // 2])
        winners = deals[DEALS // 2 :][: len(customers)]
        Deal.objects.filter(pk__in=[deal.pk for deal in deals[DEALS // 2 :]]).update(
            status="approved", protected_until=until, decided_at=now
        )
        Protection.objects.bulk_create(
            [
                Protection(
                    customer=customer,
                    product_line=lines[n % len(lines)],
                    deal=deal,
                    partner_id=deal.partner_id,
                    granted_on=local_date(now),
                    until=until,
                )
                for n, (customer, deal) in enumerate(zip(customers, winners, strict=True))
            ],
            batch_size=2000,
        )


def _write_keys(deals: list[Any]) -> None:
    from dealreg.models import MatchKey
    from prm.kernel.matching import Normal, key_values

    rows = [
        MatchKey(key=value, kind=MatchKey.Kind.DEAL, record_id=deal.pk)
        for deal in deals
        for value in key_values(Normal.from_json(deal.normal))
    ]
    MatchKey.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)


def _deal(number: int, rng: random.Random, records: list[Any], now: datetime, prefix: str = "B") -> Any:
    from dealreg.entry import normal_of
    from dealreg.models import Deal
    from partners.models import Partner
    from partners.queries import default_program
    from prm.demo.names import variant

    if not _known:
        _known.update(partners=list(Partner.objects.order_by("name")), program=default_program())
    record = variant(rng.choice(records), rng)
    deal = Deal(
        partner=_known["partners"][number % 2],
        program=_known["program"],
        number=f"{prefix}-{number:06}",
        customer_name=record.name[:300],
        customer_domain=record.domain[:255],
        customer_country=record.country[:2],
        customer_city=record.city[:160],
        amount=Decimal(10_000),
        amount_vendor=Decimal(10_000),
        currency="EUR",
        expected_close_on=date(2099, 1, 1),
        created_at=now,
        changed_at=now,
    )
    deal.normal = normal_of(deal)
    return deal


_known: dict[str, Any] = {}


def new_deals(tenant: UUID, records: list[Any], count: int) -> list[UUID]:
    """Deals that nobody has checked: other spellings of known accounts, and names nobody knows."""
    from dealreg.models import Deal, DealLine
    from prm.demo.names import generate
    from prm.kernel.reference.models import ProductLine
    from prm.kernel.tenancy.context import acting

    rng = random.Random(13)
    unknown = list(generate(99, count // 4))
    with acting(tenant=tenant, audience="vendor") as now:
        deals = [_deal(n, rng, unknown if n % 4 == 0 else records, now, "N") for n in range(count)]
        Deal.objects.bulk_create(deals)
        lines = list(ProductLine.objects.order_by("code"))
        DealLine.objects.bulk_create([DealLine(deal=deal, product_line=line) for deal in deals for line in lines])
        Deal.objects.filter(pk__in=[deal.pk for deal in deals]).update(
            status="submitted", submission=1, submitted_at=now, answer_due_at=now
        )
    return [deal.pk for deal in deals]


def check_each(tenant: UUID, deals: list[UUID]) -> list[float]:
    from dealreg import actions
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting

    actor, seconds, outcomes = Actor.system("bench"), [], {"clear": 0, "review": 0, "conflict": 0}
    for deal in deals:
        began = perf_counter()
        with acting(tenant=tenant, audience="vendor") as now:
            decision = actions.check_conflicts(deal_id=deal, actor=actor, now=now)
        seconds.append(perf_counter() - began)
        outcomes[decision.outcome] += 1
    print("outcomes:", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    return seconds


def analyse() -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        for table in ("dealreg_customer", "dealreg_deal", "dealreg_matchkey", "dealreg_protection", "dealreg_dealline"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def commit_rate(tenant: UUID) -> float:
    """Small transactions a second: one row each, committed."""
    from django.db import connections

    connection = connections["owner"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_commit (n int)")
        began = perf_counter()
        for number in range(500):
            cursor.execute("INSERT INTO bench_commit VALUES (%s)", [number])
        seconds = perf_counter() - began
        cursor.execute("DROP TABLE bench_commit")
    return 500 / seconds


if __name__ == "__main__":
    sys.exit(main())
