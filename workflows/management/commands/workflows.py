"""`manage.py workflows …`: a vendor's program as text files, checked, compared and tried before it is published."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.queries import members_with_role
from prm.kernel.tenancy.context import acting, is_acting
from prm.kernel.tenancy.models import Tenant
from prm.kernel.tenancy.naming import only_vendor, vendor_named
from workflows.actions.programs import Report, check_program, import_program
from workflows.definition.comparing import compare
from workflows.definition.files import HEAD, BadFiles, FileProblem, read_text
from workflows.definition.graph import FORMATS, dot, mermaid
from workflows.management import folders
from workflows.models import WorkflowVersion
from workflows.queries.coverage import Coverage, coverage_of
from workflows.queries.programs import Documents, compare_programs, draft_problems, program_documents, program_files
from workflows.replay import commanding as replaying

IMPORTER = Actor(kind="system", id="program import", name="Import from files", roles=frozenset({"admin"}))
NOT_ASKED = (
    "No vendor was asked: people, message templates, SLA policies and other workflows are not looked at."
    " Name the vendor with --tenant."
)


class Command(BaseCommand):
    help = "A vendor's program as text files: check, export, import, compare, draw, and what of it has been used."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        lint = what.add_parser("lint", help="check files, or a vendor's drafts; ends with 1 on problems")
        lint.add_argument("paths", nargs="*", type=Path, help="program folders or workflow files (default: the drafts)")
        export = what.add_parser("export", help="write the program in force as text files")
        export.add_argument("folder", type=Path)
        export.add_argument("--drafts", action="store_true", help="drafts in place of what is in force")
        bring = what.add_parser("import", help="take a folder in: changed workflows and rules become drafts")
        bring.add_argument("folder", type=Path)
        bring.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        bring.add_argument("--as", dest="author", help="the e-mail of the admin in whose name it is done")
        bring.add_argument("--publish-as", dest="publisher", help="the e-mail of a second admin, who publishes")
        bring.add_argument("--note", default="", help="what has changed, for the versions")
        diff = what.add_parser("diff", help="compare two versions of a workflow, or a folder with the vendor")
        diff.add_argument("what_with", metavar="KEY|FOLDER")
        diff.add_argument("old", nargs="?", type=int, help="a version's number (default: in force)")
        diff.add_argument("new", nargs="?", type=int, help="another one's (default: the draft, else the newest)")
        graph = what.add_parser("graph", help="draw a workflow as text")
        graph.add_argument("workflow", metavar="KEY|FILE")
        graph.add_argument("--format", choices=FORMATS, default="mermaid")
        graph.add_argument("--version", dest="number", type=int)
        covered = what.add_parser("coverage", help="which blocks and cases runs have really taken")
        covered.add_argument("key", nargs="?", help="a workflow's key (default: all that are in force)")
        covered.add_argument("--version", dest="number", type=int)
        covered.add_argument("--require", type=float, metavar="PERCENT", help="end with 1 below this")
        past = what.add_parser("replay", help="walk a draft over the past; nothing is written")
        replaying.add_arguments(past)
        for one in (lint, export, bring, diff, graph, covered, past):
            one.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")

    def handle(self, *args: Any, what: str, tenant: str | None, **options: Any) -> None:
        try:
            getattr(self, what if what != "import" else "bring")(tenant, **options)
        except BadFiles as bad:
            self._fail(bad.problems)
        except WorkflowVersion.DoesNotExist:
            raise CommandError("There is no such workflow or version here.") from None
        except OSError as error:
            raise CommandError(str(error)) from error

    def replay(self, tenant: str | None, **options: Any) -> None:
        replaying.replay(self.stdout.write, self.stderr.write, tenant=tenant, **options)

    def lint(self, tenant: str | None, *, paths: list[Path], **options: Any) -> None:
        if not paths:
            with acting(tenant=vendor_named(tenant).pk, audience="vendor"):
                drafts = draft_problems()
            problems = [problem for found in drafts.values() for problem in found]
            return self._checked(problems, f"{len(drafts)} drafts")
        files = {name: text for path in paths for name, text in folders.documents_at(path).items()}
        vendor = vendor_named(tenant) if tenant else only_vendor()
        if vendor is None:
            self.stderr.write(NOT_ASKED)
            problems = check_program(files=files)
        else:
            with acting(tenant=vendor.pk, audience="vendor"):
                problems = check_program(files=files)
        return self._checked(problems, f"{len(files)} files")

    def export(self, tenant: str | None, *, folder: Path, drafts: bool, **options: Any) -> None:
        with acting(tenant=vendor_named(tenant).pk, audience="vendor"):
            files = program_files(drafts=drafts)
        written, removed = folders.write(folder, files)
        self.stdout.write(f"{len(files)} files in {folder}: {written} written, {removed} removed.")

    def bring(
        self,
        tenant: str | None,
        *,
        folder: Path,
        dry_run: bool,
        author: str | None,
        publisher: str | None,
        note: str,
        **options: Any,
    ) -> None:
        files = folders.read(folder)
        with acting(tenant=vendor_named(tenant).pk, audience="vendor") as now:
            report = import_program(
                files=files,
                actor=_admin(author) if author else IMPORTER,
                publisher=_admin(publisher) if publisher else None,
                note=note or f"Imported from {folder.name}",
                dry_run=dry_run,
                now=now,
            )
        self._report(report, dry_run)

    def diff(self, tenant: str | None, *, what_with: str, old: int | None, new: int | None, **options: Any) -> None:
        vendor = vendor_named(tenant)
        if Path(what_with).is_dir():
            return self._diff_folder(vendor, Path(what_with))
        with acting(tenant=vendor.pk, audience="vendor"):
            before, after = _version(what_with, old, "published"), _version(what_with, new, "draft")
        self.stdout.write(f"{before} -> {after}")
        for change in compare(before.tree, after.tree):
            self.stdout.write(change.text)
        return None

    def _diff_folder(self, vendor: Tenant, folder: Path) -> None:
        """From what the vendor has in force to what the folder says."""
        files = folders.read(folder)
        if problems := [one for one in check_program(files=files) if not one.path]:
            raise BadFiles(problems)
        with acting(tenant=vendor.pk, audience="vendor"):
            here = program_documents()
        for difference in compare_programs(here, _documents(files)):
            sign = {"added": "+", "removed": "-", "changed": "~"}[difference.kind]
            self.stdout.write(f"{sign} {difference.file}")
            for change in difference.changes:
                self.stdout.write(f"  {change.text}")

    def graph(self, tenant: str | None, *, workflow: str, format: str, number: int | None, **options: Any) -> None:
        if Path(workflow).is_file():
            tree = read_text(workflow, folders.text_in(Path(workflow)))
        else:
            with acting(tenant=vendor_named(tenant).pk, audience="vendor"):
                tree = _version(workflow, number, "published").tree
        self.stdout.write(mermaid(tree) if format == "mermaid" else dot(tree), ending="")

    def coverage(
        self, tenant: str | None, *, key: str | None, number: int | None, require: float | None, **options: Any
    ) -> None:
        with acting(tenant=vendor_named(tenant).pk, audience="vendor"):
            if key:
                versions = [_version(key, number, "published")]
            else:
                versions = list(WorkflowVersion.objects.filter(status="published").order_by("workflow__key"))
            found = [coverage_of(version) for version in versions]
        for one in found:
            self._covered(one)
        if require is not None and (short := [one for one in found if one.percent < require]):
            told = ", ".join(f"{one.version} has {one.percent:.1f} %" for one in short)
            raise CommandError(f"Less than {require:g} % has been taken: {told}.")

    # --- what is said ------------------------------------------------------------------------------

    def _covered(self, one: Coverage) -> None:
        self.stdout.write(
            f"{one.version}: {one.taken} of {len(one.spots)} taken ({one.percent:.1f} %), {one.runs} runs"
        )
        for spot in one.spots:
            self.stdout.write(f"  {'  ' if spot.count else '! '}{spot.count:>8}  {spot.name}")

    def _report(self, report: Report, dry_run: bool) -> None:
        for line in report.changed:
            self.stdout.write(f"{line.outcome:9} {line.file}")
            for change in line.changes:
                self.stdout.write(f"            {change.text}")
        counts = ", ".join(f"{count} {outcome}" for outcome, count in report.counts.items()) or "no files"
        self.stdout.write(f"{counts}. Nothing was changed." if dry_run else f"{counts}.")

    def _checked(self, problems: list[FileProblem], what: str) -> None:
        if problems:
            self._fail(problems)
        self.stdout.write(f"{what}: no problems.")

    def _fail(self, problems: list[FileProblem]) -> None:
        for problem in problems:
            self.stderr.write(str(problem))
        raise CommandError(f"{len(problems)} problems. Nothing was changed.", returncode=1)


def _version(key: str, number: int | None, wanted: str) -> WorkflowVersion:
    """The version of that number, else the one in that state, else the newest."""
    versions = WorkflowVersion.objects.filter(workflow__key=key).select_related("workflow")
    if number is not None:
        return versions.get(number=number)
    found = versions.filter(status=wanted).first() or versions.order_by("-number").first()
    if found is None:
        raise WorkflowVersion.DoesNotExist
    return found


def _admin(email: str) -> Actor:
    """An admin of the vendor, by e-mail. Raises CommandError."""
    assert is_acting()
    person = members_with_role("admin").filter(email__iexact=email, person__isnull=False).first()
    if person is None:
        raise CommandError(f"There is no admin {email} here.")
    return Actor(
        kind="person",
        id=str(person.person_id),
        name=str(person),
        roles=frozenset(person.roles),
        membership_id=person.pk,
    )


def _documents(files: dict[str, str]) -> Documents:
    found: dict[str, dict[str, Any]] = {}
    for name, text in files.items():
        folder, _slash, rest = name.rpartition("/")
        if name != HEAD:
            found.setdefault(folder, {})[rest.removesuffix(".json")] = json.loads(text)
    return found
