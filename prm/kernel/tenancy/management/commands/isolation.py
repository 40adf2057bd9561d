"""`manage.py isolation prove`: try the wall on this database and print what was met."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.kernel.tenancy.proof import prove


class Command(BaseCommand):
    help = "Prove, on the live database and without leaving a trace, that no tenant or partner reaches another's rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["prove"])

    def handle(self, *args: Any, **options: Any) -> None:
        proof = prove()
        tables = len({cell.model for cell in proof.cells})
        self.stdout.write(f"{tables} tenant tables, {len(proof.cells)} tries, each rolled back")
        for met, count in sorted(proof.figures().items()):
            self.stdout.write(f"  {met:8} {count:6}")
        for cell in proof.holes:
            self.stdout.write(self.style.ERROR(f"HOLE    {cell.who}: {cell.verb} on {cell.model}"))
        for cell in proof.jammed:
            self.stdout.write(self.style.WARNING(f"JAMMED  {cell.who}: {cell.verb} on {cell.model} met {cell.met}"))
        if not proof.holds:
            raise CommandError(f"{len(proof.holes)} holes, {len(proof.jammed)} jammed doors.")
        self.stdout.write(self.style.SUCCESS("The wall holds: no try reached a row that was not its own."))
