"""Conflict checks among a million accounts, beside a second vendor of 200,000, with the wall on.

`python -m bench.bench_conflicts_scale [--quick] [--accounts accounts.csv.gz]`. The accounts are real names with
their own words exchanged for coined ones (without a list, coined altogether); they are brought in as customers are,
keys and all, over two connections. Once the register lies still, a check is the whole action with its commit, on
one connection: half of the deals asked about are other spellings of known accounts. Exits non-zero when a bar is
missed.
"""

import argparse
import os
import random
import subprocess
import sys
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time, time
from typing import Any
from uuid import UUID

from bench import bench_conflict_check as shared  # it names the kind of servers

shared.DATABASE = "prm_bench_conflicts_scale"
ACCOUNTS, BESIDE, CONNECTIONS = 1_000_000, 200_000, 2
LOAD, P95, P99, GROWTH = 5_000, 0.020, 0.040, 0.10
BATCH, SAMPLE = 2_000, 20_000
_missed: list[str] = []


def main() -> int:
    options = _options()
    if options.load:
        return load(UUID(options.load), options.count, options.seed, options.accounts)
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    shared.own_database(handle)
    tenant, beside = vendors()
    share = 100 if options.quick else 1
    rate = loaded(tenant, ACCOUNTS // share, options.accounts)
    bar(f"load of {ACCOUNTS // share:,} {rate:,.0f} a second >= {LOAD:,}", rate >= LOAD)
    loaded(beside, BESIDE // share, options.accounts, first_seed=100)
    count_words(tenant)
    records = list(islice(companies(SAMPLE, 1, options.accounts), SAMPLE // (10 if options.quick else 1)))
    shared.DEALS = len(records)
    shared.fill_with_deals(tenant, records)
    shared.analyse()
    with shared.superuser(handle) as cursor:
        cursor.execute("CHECKPOINT")  # what the load left to be written is not a check's
    check(tenant, records, 200 if options.quick else options.checks)
    told_sizes()
    print(f"this machine: {shared.commit_rate(tenant):,.0f} small commits a second, {os.cpu_count()} processors")
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    shared.drop_database(handle)
    print(f"bars missed: {', '.join(_missed) or 'none'}")
    return 1 if _missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", default=bool(os.environ.get("QUICK")), help="a hundredth")
    parser.add_argument(
        "--accounts", type=Path, default=Path(os.environ["ACCOUNTS"]) if os.environ.get("ACCOUNTS") else None
    )
    parser.add_argument("--checks", type=int, default=2_000)
    parser.add_argument("--load", default="", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def vendors() -> tuple[UUID, UUID]:
    from prm.kernel.tenancy.context import acting
    from prm.setup import configure_vendor, create_tenant

    tenant = shared.a_vendor()
    beside = create_tenant(slug="beside", name="Beside", time_zone="Europe/Berlin", currency="EUR").pk
    with acting(tenant=beside, audience="vendor") as now:
        configure_vendor(now=now)
    return tenant, beside


def companies(count: int, seed: int, accounts: Path | None) -> Any:
    """The companies of one connection: the same seed gives the same ones."""
    from bench.register import invented, raw_record_of, rows_of
    from prm.demo.names import generate

    if accounts is None:
        return iter(generate(seed, count))
    return invented([raw_record_of(row) for row in rows_of(str(accounts))], count, seed)


def loaded(tenant: UUID, count: int, accounts: Path | None, first_seed: int = 1) -> float:
    """Records a second over several connections, a process each: from the first batch of all to the last."""
    told = ["--accounts", str(accounts)] if accounts else []
    each = ["--load", str(tenant), "--count", str(count // CONNECTIONS)]
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "bench.bench_conflicts_scale", *each, *told]
    started = [subprocess.Popen([*command, "--seed", str(first_seed + n)], **piped) for n in range(CONNECTIONS)]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit("Loading failed: see above.")
    ours, theirs, began, ended = zip(*(map(float, line.split()) for line in said), strict=True)
    rate = count / (max(ended) - min(began))
    print(
        f"load: {count:,} accounts with keys, {rate:,.0f} a second over {CONNECTIONS} connections;"
        f" each takes {sum(ours) / count * 1e6:.0f} microseconds of Python's processor time"
        f" and {sum(theirs) / count * 1e6:.0f} of PostgreSQL's",
        flush=True,
    )
    return rate


def load(tenant: UUID, count: int, seed: int, accounts: Path | None) -> int:
    import django
    from django.db import connections

    django.setup()
    connections["default"].settings_dict["NAME"] = shared.DATABASE
    from dealreg import actions
    from dealreg.imports import CustomerRow
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting

    left = iter(list(islice(companies(count, seed, accounts), count)))  # made up beforehand: it is no part of loading
    before, began = process_time(), time()
    while batch := [CustomerRow(r.name, r.domain, r.country, r.city) for r in islice(left, BATCH)]:
        with acting(tenant=tenant, audience="vendor") as now:
            actions.import_customers(records=batch, actor=Actor.system("bench"), now=now)
    print(process_time() - before, backend_time(), began, time())
    return 0


def backend_time() -> float:
    """Processor seconds of the PostgreSQL process behind this connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        numbers = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def count_words(tenant: UUID) -> None:
    from dealreg import actions
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting

    began = perf_counter()
    with acting(tenant=tenant, audience="vendor") as now:
        counted = actions.count_words(actor=Actor.system("bench"), now=now)
    words = len(counted.counts) if counted else 0
    print(f"words counted in {perf_counter() - began:.1f} s: {words:,} of them shared by customers")


def check(tenant: UUID, records: list[Any], count: int) -> None:
    deals = shared.new_deals(tenant, random.Random(17).sample(records, min(len(records), 5_000)), count + 50)
    shared.check_each(tenant, deals[:50])
    before, cpu, behind = memory(), process_time(), backend_time()
    seconds = sorted(shared.check_each(tenant, deals[50:]))
    cpu, behind, after = process_time() - cpu, backend_time() - behind, memory()
    p50, p95, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"whole check: p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms,"
        f" {cpu / len(seconds) * 1000:.1f} ms of Python's processor time and"
        f" {behind / len(seconds) * 1000:.1f} ms of PostgreSQL's ({len(seconds):,} checks, one connection)"
    )
    print(f"memory of the process: {before:.0f} MB before, {after:.0f} MB after")
    bar(f"p95 {p95 * 1000:.1f} ms <= {P95 * 1000:.0f} ms", p95 <= P95)
    bar(f"p99 {p99 * 1000:.1f} ms <= {P99 * 1000:.0f} ms", p99 <= P99)
    bar(f"memory flat: {before:.0f} to {after:.0f} MB", after <= before * (1 + GROWTH))


def memory() -> float:
    """What this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def told_sizes() -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        for table in ("dealreg_customer", "dealreg_matchkey"):
            cursor.execute(
                "SELECT reltuples::bigint, pg_size_pretty(pg_table_size(oid)), pg_size_pretty(pg_indexes_size(oid))"
                " FROM pg_class WHERE relname = %s",
                [table],
            )
            print("{}: {:,} rows, {} and {} of indexes".format(table, *cursor.fetchone()))


def bar(name: str, met: bool) -> None:
    print(f"  bar: {name}: {'met' if met else 'MISSED'}", flush=True)
    if not met:
        _missed.append(name)


if __name__ == "__main__":
    sys.exit(main())
