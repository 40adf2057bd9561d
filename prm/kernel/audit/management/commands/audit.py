"""`manage.py audit verify|export|heads|seal|erase`: the audit's chain, from the command line."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from prm.kernel import audit
from prm.kernel.audit import erasing, exporting, reading, sealing, verifying
from prm.kernel.audit.offline import Unreadable, kept_heads
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant


class Command(BaseCommand):
    help = "Verify the audit, export it, print the heads of its chain, seal what waits, or erase a person from it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        verify = what.add_parser("verify", help="go along the chain; names what was altered, deleted or cut off")
        verify.add_argument("--heads", type=Path, help="heads that were kept elsewhere")
        export = what.add_parser("export", help="write a file that `python -m prm.kernel.audit.offline` verifies")
        export.add_argument("file", help="where to, or - for the standard output")
        what.add_parser("heads", help="print the newest block of each vendor, to be kept on another machine")
        what.add_parser("seal", help="seal now what waits")
        erase = what.add_parser("erase", help="forget who a person was; the chain stays (as prm_owner)")
        erase.add_argument("--person", required=True, type=UUID, help="the person's id, as in an entry's actor_id")
        for one in (verify, export, erase):
            one.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")

    def handle(self, *args: Any, what: str, tenant: str | None = None, **options: Any) -> None:
        found = list(_vendors(tenant))
        if what in ("export", "erase") and len(found) != 1:
            raise CommandError("Say which vendor with --tenant.")
        getattr(self, f"_{what}")(found, **options)

    def _verify(self, vendors: list[Tenant], heads: Path | None, **options: Any) -> None:
        kept = _kept(heads)
        broken = 0
        for vendor in vendors:
            with _still(), acting(tenant=vendor.pk, audience="auditor"):
                report = verifying.verify(kept.get(str(vendor.pk), {}))
            broken += not report.holds
            self.stdout.write(
                f"{vendor.slug}: {report.entries} entries, {report.blocks} blocks, {report.unsealed} not sealed yet"
                f" (oldest {report.lag.total_seconds():.0f} s), {report.erased} with a person erased"
            )
            for fault in verifying.told(report.faults):
                self.stdout.write(self.style.ERROR(f"  {fault}"))
        if broken:
            raise CommandError("The audit is not what was written.")
        self.stdout.write(self.style.SUCCESS("The audit is what was written."))

    def _export(self, vendors: list[Tenant], file: str, **options: Any) -> None:
        with ExitStack() as stack:
            out = self.stdout if file == "-" else stack.enter_context(Path(file).open("w", encoding="utf-8"))
            stack.enter_context(_still())
            stack.enter_context(acting(tenant=vendors[0].pk, audience="auditor"))
            for line in exporting.lines():
                out.write(line)
        if file != "-":
            self.stdout.write(f"Written: {file}")

    def _heads(self, vendors: list[Tenant], **options: Any) -> None:
        for vendor in vendors:
            with acting(tenant=vendor.pk, audience="auditor"):
                head = reading.head()
            if head:
                self.stdout.write(f"{vendor.pk} {head[0]} {head[1]}")

    def _seal(self, vendors: list[Tenant], **options: Any) -> None:
        self.stdout.write(f"{sealing.seal_all()} entries sealed.")

    def _erase(self, vendors: list[Tenant], person: UUID, **options: Any) -> None:
        try:
            count = erasing.erase_person(tenant_id=vendors[0].pk, person_id=person)
        except erasing.NotTheOwner as error:
            raise CommandError(str(error)) from None
        with acting(tenant=vendors[0].pk, audience="vendor") as now:
            vendor = Tenant.objects.get(pk=vendors[0].pk)
            actor = Actor.system("manage.py audit erase")
            audit.record(
                "person.erased", target=vendor, actor=actor, at=now, after={"person": person, "entries": count}
            )
        self.stdout.write(f"{count} entries no longer say who that was.")


def _vendors(slug: str | None) -> Iterator[Tenant]:
    """The vendor of that slug, or all. Raises CommandError for a slug that nobody has."""
    with acting(audience="relay"):
        found = list(Tenant.objects.filter(**({"slug": slug} if slug else {})).order_by("slug"))
    if slug and not found:
        raise CommandError(f"There is no vendor “{slug}”.")
    yield from found


def _kept(file: Path | None) -> dict[str, dict[int, str]]:
    """Heads by vendor. Raises CommandError for a file that holds none."""
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        return {line.split()[0]: kept_heads(text, line.split()[0]) for line in text.splitlines() if line.strip()}
    except (OSError, UnicodeDecodeError, Unreadable, IndexError) as error:
        raise CommandError(f"The heads can't be read: {error}") from None


@contextmanager
def _still() -> Iterator[None]:
    """The transaction inside sees one state of the database, whatever is written and sealed meanwhile."""
    connection.ensure_connection()
    session = connection.connection
    session.set_session(isolation_level="REPEATABLE READ")
    try:
        yield
    finally:
        if not session.closed:
            session.set_session(isolation_level="DEFAULT")
