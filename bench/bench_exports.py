"""Exports of 50,000 deals: seconds, rows a second, and by how much the process grows while it writes.

`python -m bench.bench_exports [--quick]`. The bar: each format within 60 seconds and 60 MB.
"""

import argparse
import os
import resource
import sys
from io import BytesIO
from itertools import islice
from time import perf_counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
os.environ.setdefault("PRM_EMBEDDED", "bench")

from bench import bench_conflict_check as seeds

SECONDS, MEGABYTES = 60.0, 60.0
ADDRESS = "/console/deals/?cols=customer_name,partner,status,amount,submitted_at,number,protected_until,stage"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="2,000 deals")
    options = parser.parse_args()
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    seeds.DATABASE = "prm_bench_exports"
    seeds.own_database(handle)
    try:
        missed = measure(2_000 if options.quick else 50_000)
    finally:
        seeds.drop_database(handle)
    return 1 if missed else 0


def measure(deals: int) -> list[str]:
    from bench.bench_pages import people
    from prm.demo.names import generate

    seeds.DEALS = deals
    tenant = seeds.a_vendor()
    records = list(islice(generate(7, min(deals, 18_000)), deals))
    seeds.import_all(tenant, records)
    seeds.fill_with_deals(tenant, records)
    seeds.analyse()
    staff, _seller = people(tenant)
    _write(tenant, staff, "csv", 200)  # whatever is loaded once
    _write(tenant, staff, "xlsx", 200)
    return [problem for kind in ("csv", "xlsx") for problem in _write(tenant, staff, kind, deals)]


def _write(tenant: Any, staff: Any, kind: str, wanted: int) -> list[str]:
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting
    from prm.kernel.tenancy.models import Tenant
    from prm.kernel.ui.exports import files
    from prm.kernel.ui.exports.pages import Reader, table_of

    actor = Actor("person", str(staff.person_id), staff.name, frozenset(staff.roles), membership_id=staff.pk)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, perf_counter()
    with acting(tenant=tenant, audience="vendor") as now:
        reader = Reader(staff, actor, Tenant.objects.get(pk=tenant), now, "en")
        address = ADDRESS if wanted > 200 else f"{ADDRESS}&q=B-0001"
        with open(os.devnull, "w+b") if kind == "csv" else BytesIO() as out, reader.reading():
            rows = files.write(table_of(address, reader), kind, out, reader.zone, lambda done: None)
    seconds = perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{kind:4} {rows:7,} rows  {seconds:5.1f} s  {rows / seconds:7,.0f} rows/s  grown by {grown:5.1f} MB")
    missed = [f"{kind}: {seconds:.0f} s"] if seconds > SECONDS else []
    return missed + ([f"{kind}: {grown:.0f} MB"] if grown > MEGABYTES else [])


if __name__ == "__main__":
    sys.exit(main())
