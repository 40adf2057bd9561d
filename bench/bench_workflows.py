"""Five-step workflows, each step a business write behind the wall, beside DBOS doing the same in one run.

`python -m bench.bench_workflows [--quick] [--part timers]`. Measured from the trigger's publish to the run's end:
throughput with one and two worker processes in alternating rounds, the time of one run at ten a second, ten
thousand timers due at once, a claim beside a million waiting timers, and a quiet vendor beside a flooding one.
Both engines use the same PostgreSQL with fsync and synchronous commits on. DBOS runs as bench/dbos_side.py says.
"""

import argparse
import os
import statistics
import sys
from typing import Any
from uuid import UUID

os.environ.setdefault("PRM_ROLE", "worker")  # the web's login may not look for work
from bench import bench_conflict_check as shared  # it names the kind of servers

shared.DATABASE = "prm_bench_workflows"
PARTS = ("throughput", "flood", "timers", "claims")
ONE, TWO, TIMERS_A_SECOND, SLOWER, DOUBLE = 1.5, 2.0, 500, 0.20, 2.0
_missed: list[str] = []


def bar(name: str, met: bool) -> None:
    """Say whether it was met; one that was not makes the whole run fail."""
    print(f"  bar: {name}: {'met' if met else 'MISSED'}", flush=True)
    if not met:
        _missed.append(name)


def main() -> int:
    options = _options()
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    from bench import five_steps, sides, timers

    shared.own_database(handle)
    loud, quiet = vendors(handle)
    print(f"this machine: {shared.commit_rate(loud):,.0f} small commits a second, {os.cpu_count()} processors")
    ours = sides.Ours(handle, shared.DATABASE)
    try:
        if "throughput" in options.parts:
            beside_dbos(handle, ours, loud, options)
        if "flood" in options.parts:
            flood(ours, loud, quiet, options, five_steps)
        if "timers" in options.parts:
            timers.drain(ours, loud, 1_000 if options.quick else 10_000, bar, TIMERS_A_SECOND)
    finally:
        ours.close()
    if "claims" in options.parts:
        timers.claims(handle, loud, 50_000 if options.quick else 1_000_000, bar, SLOWER)
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    shared.drop_database(handle)
    print(f"bars missed: {', '.join(_missed) or 'none'}")
    return 1 if _missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--runs", type=int, default=None, help="of a round")
    parser.add_argument("--part", dest="parts", action="append", choices=PARTS, help="only this one, or these")
    options = parser.parse_args()
    options.parts = options.parts or PARTS
    options.rounds = options.rounds or (2 if options.quick else 4)
    options.runs = options.runs or (60 if options.quick else 400)
    return options


def vendors(handle: Any) -> tuple[UUID, UUID]:
    from bench import five_steps
    from prm.kernel.tenancy.context import acting
    from prm.setup import configure_vendor, create_tenant

    loud = shared.a_vendor()
    quiet = create_tenant(slug="quiet", name="Quiet", time_zone="Europe/Berlin", currency="EUR").pk
    with acting(tenant=quiet, audience="vendor") as now:
        configure_vendor(now=now)
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(five_steps.TABLE + five_steps.WALL)
    for tenant in (loud, quiet):
        five_steps.put_into_force(tenant)
    return loud, quiet


def own_database_of_dbos(handle: Any) -> None:
    """Beside ours, on the same server; without a wall, since DBOS knows of none."""
    import psycopg2

    from bench import five_steps, sides

    drop(handle, sides.DBOS_DATABASE)
    with shared.superuser(handle) as cursor:
        cursor.execute(f"CREATE DATABASE {sides.DBOS_DATABASE} TEMPLATE template0")
    made = psycopg2.connect(**handle.superuser(sides.DBOS_DATABASE))
    with made, made.cursor() as cursor:
        cursor.execute(five_steps.TABLE)
    made.close()


def drop(handle: Any, database: str) -> None:
    with shared.superuser(handle) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def beside_dbos(handle: Any, ours: Any, tenant: UUID, options: argparse.Namespace) -> None:
    """Both engines in one run, with one worker and with two."""
    from bench import sides

    own_database_of_dbos(handle)
    theirs = sides.Theirs(handle)
    try:
        for workers, wanted in ((1, ONE), (2, TWO)):
            throughput(ours, theirs, tenant, workers, wanted, options)
    finally:
        ours.stop()
        theirs.close()
        drop(handle, sides.DBOS_DATABASE)


def throughput(ours: Any, theirs: Any, tenant: UUID, workers: int, wanted: float, options: argparse.Namespace) -> None:
    """Rounds of one and the other in turn; with one worker also the time of a run at ten a second."""
    both = (ours, theirs)
    for side in both:
        side.start(workers)
        side.run(tenant, 20)
        side.pause()
    rates: dict[str, list[float]] = {side.name: [] for side in both}
    waits: dict[str, list[float]] = {side.name: [] for side in both}
    for _round in range(options.rounds):
        for side in both:
            side.go_on()
            rates[side.name].append(rate_of(side.run(tenant, options.runs)))
            waits[side.name] += spans(side.run(tenant, 30 if options.quick else 100, 10))
            side.pause()
    for side in both:
        side.stop()
    ours_rate, their_rate = (statistics.median(rates[side.name]) for side in both)
    ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["DBOS"], strict=True))
    print(
        f"{workers} worker{'s' if workers > 1 else ''}, enqueue to finish, {options.rounds} rounds of {options.runs}:"
    )
    print(f"  ours {ours_rate:,.0f} runs a second, DBOS {their_rate:,.0f}; ratio of the median round {ratio:.2f}")
    print(
        f"  each round, ours / DBOS: {', '.join(f'{a:,.0f} / {b:,.0f}' for a, b in zip(*rates.values(), strict=True))}"
    )
    bar(f"at least {wanted} times DBOS with {workers}", ratio >= wanted)
    mine, other = (statistics.median(waits[side.name]) * 1000 for side in both)
    both_told = f"{told(waits['ours'])} ours, {told(waits['DBOS'])} DBOS"
    print(f"  10 a second, trigger to finish: {both_told}; ratio of p50 {mine / other:.2f}")
    bar(f"p50 at 10 a second at most DBOS's with {workers}", mine <= other)


def rate_of(stamps: dict[str, tuple[float, float]]) -> float:
    begun, ended = zip(*stamps.values(), strict=True)
    return len(stamps) / (max(ended) - min(begun))


def told(seconds: list[float]) -> str:
    return f"p50 {share_of(seconds, 0.5) * 1000:.1f} ms, p95 {share_of(seconds, 0.95) * 1000:.1f} ms"


def share_of(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def flood(ours: Any, loud: UUID, quiet: UUID, options: argparse.Namespace, five_steps: Any) -> None:
    """Ten triggers of a quiet vendor, alone and beside five thousand of another that come at once."""
    count = 500 if options.quick else 5_000
    ours.start(2)
    ours.run(quiet, 20)
    alone = spans(ours.run(quiet, 10, 5))
    five_steps.trigger_many(loud, count)
    beside = spans(ours.run(quiet, 10, 5))
    ours.stop()
    ratio = share_of(beside, 0.95) / share_of(alone, 0.95)
    print(f"a quiet vendor's 10 triggers beside {count:,} of another's:")
    print(f"  alone {told(alone)}; beside {told(beside)}; ratio of p95 {ratio:.2f}")
    bar("its p95 at most doubles", ratio <= DOUBLE)


def spans(stamps: dict[str, tuple[float, float]]) -> list[float]:
    return [ended - begun for begun, ended in stamps.values()]


if __name__ == "__main__":
    sys.exit(main())
