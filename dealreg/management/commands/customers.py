"""`manage.py customers import FILE.csv`: the vendor's end customers, thousands a second."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from dealreg import actions
from dealreg.imports import CUSTOMER_COLUMNS, CustomerRow, ImportSummary, UnreadableFile, customer_row, read_rows
from prm.kernel.automation.tables import unclosed_text
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from prm.kernel.tenancy.naming import vendor_named

BATCH = 2_000


class Command(BaseCommand):
    help = "Bring the vendor's end customers in from a file (CSV, also packed as .gz)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        one = what.add_parser(
            "import", help="columns: name, and any of domain, country, city, external_id, aliases, parent"
        )
        one.add_argument("file", type=Path)
        one.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")
        keys = what.add_parser("keys", help="make keys anew after an update of the matcher, where it was not done")
        keys.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")

    def handle(self, *args: Any, what: str, tenant: str | None, **options: Any) -> None:
        vendor = vendor_named(tenant)
        if what == "keys":
            self._keys(vendor.pk)
        else:
            self._import(vendor, options["file"])

    def _keys(self, vendor: UUID) -> None:
        changed = actions.bring_keys_up_to_date(vendor)
        told = "Every record has the keys of this matcher." if changed is None else f"{changed} records had other keys."
        self.stdout.write(told)

    def _import(self, vendor: Tenant, file: Path) -> None:
        actor = Actor.system(f"import of {file.name}"[:80])
        total, began, linked = ImportSummary(), perf_counter(), 0
        try:
            rows = list(read_rows(file, CUSTOMER_COLUMNS, ["name"]))
            whole = [customer_row(row) for row in rows if not row.broken]
            for batch in batches(whole):
                with acting(tenant=vendor.pk, audience="vendor") as now:
                    total += actions.import_customers(records=batch, actor=actor, now=now)
            for batch in batches(row for row in whole if row.parent):
                with acting(tenant=vendor.pk, audience="vendor") as now:
                    links = [(row.external_id, row.parent) for row in batch]
                    linked += actions.link_parents(links=links, actor=actor, now=now)
        except UnreadableFile as why:
            raise CommandError(str(why)) from None
        for row in rows:
            if row.broken:
                self.stderr.write(f"  line {row.line}, {row.broken}: {unclosed_text()}")
        seconds = perf_counter() - began
        self.stdout.write(
            f"{total.created} new, {total.updated} brought up to date, {total.unchanged} unchanged,"
            f" {total.refused} without a name, {linked} tied to their parent; {len(rows) / seconds:,.0f} rows a second."
        )


def batches(rows: Iterable[CustomerRow]) -> Iterator[list[CustomerRow]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
