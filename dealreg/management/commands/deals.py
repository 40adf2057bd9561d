"""`manage.py deals import FILE.csv --partner …`: good rows go in once, bad ones are told with line and column."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from dealreg import actions
from dealreg.imports import DEAL_COLUMNS, Row, UnreadableFile, read_rows
from partners import queries as partners
from prm.kernel.automation.tables import unclosed_text, write_table
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.naming import vendor_named

REQUIRED = ("customer_name", "customer_country", "amount", "expected_close_on", "product_lines")


class Command(BaseCommand):
    help = "Bring deal registrations in from a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        one = what.add_parser("import", help="submit each row of a CSV file for a partner")
        one.add_argument("file", type=Path)
        one.add_argument("--partner", required=True, help="name, reference in your CRM, or id")
        one.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")
        one.add_argument("--errors", type=Path, help="where bad rows are told (default: FILE.errors.csv)")

    def handle(
        self, *args: Any, file: Path, partner: str, tenant: str | None, errors: Path | None, **options: Any
    ) -> None:
        vendor = vendor_named(tenant)
        actor = Actor.system(f"import of {file.name}"[:80])
        counts: Counter[str] = Counter()
        problems: list[tuple[int, str, str]] = []
        try:
            partner_id = _partner(vendor.pk, partner)
            for row in read_rows(file, DEAL_COLUMNS, REQUIRED):
                outcome, told = _one(vendor.pk, partner_id, row, actor)
                counts[outcome] += 1
                problems += told
        except UnreadableFile as why:
            raise CommandError(str(why)) from None
        self._report(counts, problems, errors or file.with_name(f"{file.name}.errors.csv"))

    def _report(self, counts: Counter[str], problems: list[tuple[int, str, str]], path: Path) -> None:
        self.stdout.write(
            f"{counts['submitted']} submitted, {counts['unchanged']} were in already, {counts['invalid']} refused."
        )
        path.unlink(missing_ok=True)
        if problems:
            path.write_bytes(write_table(["line", "column", "reason"], problems))
            for line, column, reason in problems[:10]:
                self.stdout.write(f"  line {line}, {column}: {reason}")
            self.stdout.write(f"All of them are in {path}")


def _one(tenant: UUID, partner_id: UUID, row: Row, actor: Actor) -> tuple[str, list[tuple[int, str, str]]]:
    """One row, one transaction: killed between two rows, the next run goes on behind the last."""
    if row.broken:
        return "invalid", [(row.line, row.broken, unclosed_text())]
    try:
        with acting(tenant=tenant, audience="vendor") as now:
            decision = actions.import_deal(partner_id=partner_id, row=row, actor=actor, now=now)
    except IntegrityError:
        return "unchanged", []  # somebody else is bringing the same row in
    if decision.allowed:
        return decision.outcome, []
    return "invalid", [(row.line, row.called(reason.key), reason.text) for reason in decision.reasons]


def _partner(tenant: UUID, wanted: str) -> UUID:
    with acting(tenant=tenant, audience="vendor"):
        found = partners.partner_by_external_id(wanted) or partners.partner_named(wanted)
        if found is None:
            try:
                found = partners.visible_partners().filter(pk=UUID(wanted)).first()
            except ValueError:
                found = None
        if found is None:
            raise CommandError(f"There is no partner “{wanted}”. Give its name, its reference or its id.")
        return found.pk
