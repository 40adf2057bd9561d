"""A whole program as text files: out, in, byte for byte; bad files are told and change nothing."""

import copy
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from dealreg.models import DealPolicy
from partners.models import Tier, TierBenefit
from prm import setup
from prm.kernel.audit.models import AuditEntry
from prm.kernel.automation.actions import save_rule_draft
from prm.kernel.automation.models import RuleVersion
from prm.kernel.identity.actors import Actor
from prm.kernel.messages.actions import save_template
from prm.kernel.reference.models import Calendar, Holiday, Program
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.naming import vendor_named
from tests.cast import acme, ada, mia, vendor, zack
from tests.workflows.things import KEEP, WEIGH, approval, publish, tree
from workflows import actions
from workflows.actions.programs import Report, import_program
from workflows.definition.files import HEAD, BadFiles, text_of
from workflows.models import SlaPolicy, WorkflowVersion
from workflows.queries.programs import program_files

IMPORTER = Actor(kind="system", id="program import", name="Import", roles=frozenset({"admin"}))
SECOND = Actor(kind="person", id="second", name="Second", roles=frozenset({"admin"}))


@pytest.fixture
def nobody() -> Iterator[UUID]:
    """An empty vendor: not even a calendar."""
    tenant = setup.create_tenant(slug=f"empty-{uuid7().hex[-8:]}", name="Empty", currency="EUR")
    yield tenant.pk


def exported(tenant: UUID = acme.id, **how: bool) -> dict[str, str]:
    with acting(tenant=tenant, audience="vendor"):
        return program_files(**how)


def brought(files: dict[str, str], tenant: UUID = acme.id, **how: Any) -> Report:
    with acting(tenant=tenant, audience="vendor") as now:
        return import_program(files=files, actor=IMPORTER, now=now, **how)


def problems(files: dict[str, str], tenant: UUID = acme.id) -> list[str]:
    with pytest.raises(BadFiles) as caught:
        brought(files, tenant)
    return [str(problem) for problem in caught.value.problems]


def changed(files: dict[str, str], file: str, **parts: Any) -> dict[str, str]:
    document = json.loads(files[file])
    document.update(parts)
    return {**files, file: text_of(document)}


def own_program() -> None:
    """Something of every kind."""
    with vendor(acme) as now:
        save_template(
            key="deal.approved", language="de", subject="Schön", body="Ihr Geschäft ✓", actor=ada.actor, now=now
        )
        SlaPolicy.objects.create(key="answer", name="Answer", minutes=240, warn_at=[50], warn=["role:ops"])
    publish(WEIGH, approval(assign={"kind": "person", "value": str(mia.membership_id)}), KEEP)


class TestExporting:
    def test_gives_every_part_sorted_without_ids(self):
        own_program()
        files = exported()
        folders = {name.partition("/")[0] for name in files}
        assert folders == {HEAD, "approval-matrix", "calendars", "close-reasons", "deal-types", "messages",
                           "product-lines", "programs", "rules", "sla-policies", "territories", "verticals",
                           "workflows"}  # fmt: skip
        with vendor(acme):
            ids = [str(row.pk) for model in (Calendar, Program, Tier, SlaPolicy) for row in model.objects.all()]
        assert not [one for one in [*ids, str(mia.membership_id)] if any(one in text for text in files.values())]
        assert "mia@acme.example" in files["workflows/things.json"]
        assert all(text.endswith("}\n") for text in files.values())

    def test_gives_the_same_bytes_each_time(self):
        assert exported() == exported()


class TestReadingBack:
    def test_into_an_empty_vendor_gives_identical_bytes(self, nobody: UUID):
        own_program()
        with vendor(acme) as now:
            tree = WorkflowVersion.objects.get(workflow__key="things").tree
            natural = {**tree, "blocks": [WEIGH, approval(), KEEP]}
            actions.save_draft(tree=natural, actor=zack.actor, now=now)
            draft = WorkflowVersion.objects.get(workflow__key="things", status="draft")
            assert actions.publish_version(version_id=draft.pk, actor=ada.actor, now=now).allowed
        files = exported()
        report = brought(files, nobody, publisher=SECOND)
        assert set(report.counts) == {"added", "published"}
        assert exported(nobody) == files

    def test_makes_drafts_of_workflows_and_rules_until_a_second_person_publishes(self, nobody: UUID):
        files = exported()
        report = brought(files, nobody)
        assert set(report.counts) == {"added", "drafted"}
        again = exported(nobody)
        assert not [name for name in again if name.startswith(("workflows/", "rules/"))]
        assert exported(nobody, drafts=True) == files
        with acting(tenant=nobody, audience="vendor"):
            assert {version.status for version in WorkflowVersion.objects.all()} == {"draft"}
            assert {version.status for version in RuleVersion.objects.all()} == {"draft"}

    def test_changes_nothing_where_everything_is_there_already(self):
        own_program()
        with vendor(acme):
            before = AuditEntry.objects.count()
        assert brought(exported()).changed == ()
        with vendor(acme):
            assert AuditEntry.objects.count() == before

    def test_twice_makes_one_draft(self, nobody: UUID):
        files = exported()
        brought(files, nobody)
        assert brought(files, nobody).changed == ()

    def test_says_what_it_would_change_and_changes_nothing_when_dry(self):
        files = exported()
        files = changed(files, "calendars/office.json", opens="08:00:00")
        deals = json.loads(files["workflows/deal-registration.json"])
        deals["parameters"][0]["value"] = 240
        files["workflows/deal-registration.json"] = text_of(deals)
        report = brought(files, dry_run=True)
        told = {line.file: [change.text for change in line.changes] for line in report.changed}
        assert told == {
            "calendars/office.json": ["~ opens: opens: 09:00:00 -> 08:00:00"],
            "workflows/deal-registration.json": ["~ workflow: parameter answer_minutes value: 480 -> 240"],
        }
        assert exported(drafts=True) != files
        assert exported(drafts=True) == exported()

    def test_takes_changed_tiers_with_their_ranks_and_benefits(self):
        files = exported()
        name = next(name for name in files if name.startswith("programs/"))
        program = json.loads(files[name])
        gold, silver = program["tiers"][:2]
        gold["rank"], silver["rank"] = silver["rank"], gold["rank"]
        program["tiers"][:2] = [silver, gold]
        gold["benefits"] = ["Only this"]
        files[name] = text_of(program)
        assert brought(files).counts["changed"] == 1
        assert exported() == files
        with vendor(acme):
            assert list(TierBenefit.objects.filter(tier__code=gold["code"]).values_list("text")) == [("Only this",)]

    def test_moves_the_default_calendar(self):
        files = exported()
        office = json.loads(files["calendars/office.json"])
        files["calendars/zz-late.json"] = text_of({**office, "code": "zz-late", "holidays": office["holidays"][:2]})
        files["calendars/office.json"] = text_of({**office, "is_default": False, "holidays": []})
        brought(files)
        assert exported() == files
        with vendor(acme):
            assert Calendar.objects.get(is_default=True).code == "zz-late"
            assert Holiday.objects.count() == 2

    def test_leaves_somebody_elses_draft_alone(self):
        publish(KEEP)
        with vendor(acme) as now:
            actions.save_draft(tree=tree(KEEP, WEIGH), actor=ada.actor, now=now)
        files = exported()
        files["workflows/things.json"] = text_of(tree(WEIGH))
        assert problems(files) == [
            "workflows/things.json: A draft by Ada waits with other changes. Publish it first, "
            "or take these changes into it."
        ]

    def test_takes_workflows_that_run_one_another_in_the_order_in_which_they_can_be(self, nobody: UUID):
        sub = {"id": "sub", "type": "subworkflow", "workflow": "zz-inner", "save_as": "sub"}
        files = {name: text for name, text in exported().items() if not name.startswith("workflows/")}
        files["workflows/aa-outer.json"] = text_of(tree(sub, key="aa-outer"))
        files["workflows/zz-inner.json"] = text_of(tree(KEEP, key="zz-inner"))
        assert brought(files, nobody).counts["drafted"] >= 2
        report = brought(files, nobody, publisher=SECOND)
        assert [line.file for line in report.changed if line.file.startswith("workflows/")] == [
            "workflows/zz-inner.json",
            "workflows/aa-outer.json",
        ]
        assert exported(nobody) == files

    def test_takes_the_policy_of_deals_once_there_is_one(self, nobody: UUID):
        with vendor(acme):
            DealPolicy.objects.create(extension_days=30)
        files = exported()
        assert '"extension_days": 30' in files["deal-policy/policy.json"]
        brought(files, nobody, publisher=SECOND)
        assert exported(nobody) == files
        told = problems(changed(files, "deal-policy/policy.json", review_threshold="0.999"), nobody)
        assert told[0].startswith("deal-policy/policy.json: review_threshold: ")

    def test_never_lets_the_importer_publish_its_own(self, nobody: UUID):
        files = exported()
        with acting(tenant=nobody, audience="vendor") as now, pytest.raises(BadFiles) as caught:
            import_program(files=files, actor=IMPORTER, publisher=IMPORTER, now=now)
        assert any("second person" in str(problem) for problem in caught.value.problems)
        assert list(exported(nobody)) == [HEAD]


def broken_files(files: dict[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    deal = "workflows/deal-registration.json"
    rules = next(name for name in files if name.startswith("rules/"))
    program = next(name for name in files if name.startswith("programs/"))
    yield {name: text for name, text in files.items() if name != HEAD}, "program.json: This file is missing"
    yield {**files, HEAD: '{"format": 9}'}, "program.json: format: Only programs of format 1"
    yield {**files, deal: "{"}, f"{deal}: This is not JSON"
    yield {**files, deal: "[]"}, f"{deal}: This must be a JSON object"
    yield {**files, deal: '{"key": 1, "key": 2}'}, f"{deal}: “key” stands twice"
    yield {**files, deal: '{"key": NaN}'}, f"{deal}: NaN is no number"
    yield {**files, deal: '{"key": 1e999}'}, f"{deal}: At key stands a number that is too large"
    yield {**files, deal: '{"key": "a\\u0000"}'}, f"{deal}: At key stands a character"
    yield {**files, deal: '{"key": "\\ud800"}'}, f"{deal}: At key stands a character"
    yield {**files, deal: "[" * 100_000}, f"{deal}: This is nested too deeply"
    yield {**files, "workflows/other.json": files[deal]}, "workflows/other.json: The file's name does not agree"
    yield {**files, "passwords/x.json": "{}"}, "passwords/x.json: Nobody takes this"
    yield changed(files, deal, blocks=[{"id": "x", "type": "jump"}]), f"{deal}: blocks.0: x: There is no block"
    yield changed(files, deal, key=5), f"{deal}: key: This is missing"
    yield changed(files, "calendars/office.json", time_zone="Mars/Base"), "calendars/office.json: time_zone: Mars/Base"
    yield changed(files, "calendars/office.json", opens=9), "calendars/office.json: opens: This has the wrong type"
    yield changed(files, "calendars/office.json", closes="08:00:00"), "calendars/office.json: closes: It must close"
    yield changed(files, "calendars/office.json", more=1), "calendars/office.json: more: Nobody knows"
    yield changed(files, "calendars/office.json", holidays=[{"day": "soon", "name": "x"}]), "holidays.0.day: "
    yield changed(files, program, calendar="none"), f"{program}: calendar: There is no “none”"
    yield changed(files, program, currency="XXXX"), f"{program}: currency: "
    yield changed(files, program, tiers=[]), f"{program}: tiers: "
    yield changed(files, rules, schema="weather"), f"{rules}: schema: No app knows"
    yield changed(files, rules, document={"rules": [{"key": "x"}]}), f"{rules}: document"
    yield {**files, "messages/no.such.en.json": text_of({"key": "no.such", "language": "en", "subject": "s",
           "body": "b"})}, "messages/no.such.en.json: key: There is no message template"  # fmt: skip
    yield {**files, "messages/deal.approved.en.json": text_of({"key": "deal.approved", "language": "en",
           "subject": "{{ nonsense }}", "body": "b"})}, "messages/deal.approved.en.json: The wording"  # fmt: skip
    yield {**files, "sla-policies/a.json": text_of({"key": "a", "name": "A", "minutes": 0, "calendar": None,
           "warn_at": [], "warn": [], "escalate": []})}, "sla-policies/a.json: minutes: "  # fmt: skip
    yield {**files, "sla-policies/a.json": text_of({"key": "a", "name": "A", "minutes": 5, "calendar": None,
           "warn_at": [], "warn": ["role:king"], "escalate": []})}, "sla-policies/a.json: warn: "  # fmt: skip


class TestBadFiles:
    def test_are_told_with_file_path_and_reason_and_nothing_is_taken(self):
        files = exported()
        with vendor(acme):
            Tier.objects.first()
        for bad, told in broken_files(copy.deepcopy(files)):
            bad = changed(bad, "verticals/retail.json", name="Shops") if "verticals/retail.json" in bad else bad
            assert any(told in problem for problem in problems(bad)), (told, problems(bad))
            assert exported() == files

    def test_all_problems_are_told_at_once(self):
        files = changed(changed(exported(), "calendars/office.json", opens=9), "verticals/retail.json", name=None)
        assert len(problems(files)) == 2


def run(*words: str) -> str:
    out = StringIO()
    call_command("workflows", *words, "--tenant", "acme", stdout=out, stderr=out)
    return out.getvalue()


class TestTheCommand:
    def test_exports_imports_and_touches_only_what_differs(self, tmp_path: Path):
        folder = tmp_path / "program"
        assert "0 removed" in run("export", str(folder))
        files = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.json")}
        assert files == exported()
        (folder / "verticals" / "gone.json").write_text("{}")
        (folder / "README.md").write_text("ours")
        assert ": 0 written, 1 removed." in run("export", str(folder))
        assert (folder / "README.md").exists()
        assert "unchanged" in run("import", str(folder))
        assert "no problems" in run("lint", str(folder))
        assert run("diff", str(folder)) == ""

    def test_promotes_a_change_with_a_second_person(self, tmp_path: Path):
        run("export", str(tmp_path / "p"))
        path = tmp_path / "p" / "workflows" / "deal-registration.json"
        deals = json.loads(path.read_text())
        deals["parameters"][0]["value"] = 120
        path.write_text(text_of(deals))
        assert "~ workflow: parameter answer_minutes value: 480 -> 120" in run("diff", str(tmp_path / "p"))
        assert "Nothing was changed." in run("import", str(tmp_path / "p"), "--dry-run")
        assert "published workflows/deal-registration.json" in run(
            "import", str(tmp_path / "p"), "--publish-as", "ada@acme.example", "--note", "Faster"
        )
        told = run("diff", "deal-registration", "1", "2")
        assert "480 -> 120" in told
        with vendor(acme):
            version = WorkflowVersion.objects.get(workflow__key="deal-registration", status="published")
            assert (version.number, version.publisher_name, version.note) == (2, "Ada", "Faster")

    def test_ends_with_one_and_every_reason_on_bad_files(self, tmp_path: Path):
        run("export", str(tmp_path / "p"))
        (tmp_path / "p" / "verticals" / "retail.json").write_text("{")
        out = StringIO()
        for words in (["import"], ["lint"]):
            with pytest.raises(CommandError) as caught:
                call_command("workflows", *words, str(tmp_path / "p"), "--tenant", "acme", stdout=out, stderr=out)
            assert caught.value.returncode == 1
        assert out.getvalue().count("verticals/retail.json: This is not JSON") == 2

    def test_refuses_a_folder_that_holds_something_else_and_people_who_are_no_admins(self, tmp_path: Path):
        (tmp_path / "thesis.txt").write_text("precious")
        with pytest.raises(CommandError):
            run("export", str(tmp_path))
        run("export", str(tmp_path / "p"))
        for email in ("mia@acme.example", "zack@zenith.example", "nobody@acme.example"):
            with pytest.raises(CommandError, match="There is no admin"):
                run("import", str(tmp_path / "p"), "--publish-as", email)

    def test_lints_drafts_and_single_files(self, tmp_path: Path):
        assert "0 drafts: no problems" in run("lint")
        with vendor(acme) as now:
            actions.save_draft(tree=tree({"id": "x", "type": "jump"}), actor=ada.actor, now=now)
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("workflows", "lint", "--tenant", "acme", stdout=out, stderr=out)
        assert "things/1: blocks.0: There is no block of the type “jump”" in out.getvalue()
        with vendor(acme) as now:
            ruleset = RuleVersion.objects.get(ruleset__key="deal-eligibility").ruleset_id
            document = {"rules": [{"key": "x", "when": {"field": "no.fact", "operator": "=", "value": 1}}]}
            save_rule_draft(ruleset_id=ruleset, document=document, note="", actor=ada.actor, now=now)
        with pytest.raises(CommandError):
            call_command("workflows", "lint", "--tenant", "acme", stdout=out, stderr=out)
        assert "deal-eligibility/2: " in out.getvalue()
        (tmp_path / "things.json").write_text(text_of(tree(KEEP)))
        out = StringIO()
        call_command("workflows", "lint", str(tmp_path / "things.json"), stdout=out)
        assert "1 files: no problems" in out.getvalue()

    def test_lints_files_against_the_only_vendor_and_says_so_where_there_is_none_to_ask(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        call = {"type": "subworkflow", "id": "call"}
        for key, other in (("one", "two"), ("two", "one")):
            text = text_of({**tree({**call, "workflow": other}), "key": key})
            (tmp_path / f"{key}.json").write_text(text)
        paths = [str(tmp_path / "one.json"), str(tmp_path / "two.json")]
        err = StringIO()
        call_command("workflows", "lint", *paths, stdout=StringIO(), stderr=err)  # there are two vendors
        assert "other workflows are not looked at" in err.getvalue()
        monkeypatch.setattr("workflows.management.commands.workflows.only_vendor", lambda: vendor_named("acme"))
        with pytest.raises(CommandError):
            call_command("workflows", "lint", *paths, stdout=StringIO(), stderr=err)
        assert "would run one another without end: one → two → one" in err.getvalue()

    def test_draws_in_mermaid_and_dot(self, tmp_path: Path):
        drawn = run("graph", "deal-registration")
        assert drawn.startswith("flowchart TD\n")
        assert '(["A deal is submitted"])' in drawn
        assert run("graph", "deal-registration", "--format", "dot").startswith("digraph workflow {")
        (tmp_path / "t.json").write_text(text_of(tree(approval(title='Say "yes" <b>|'))))
        assert "#quot;yes#quot; #lt;b#gt;#124;" in run("graph", str(tmp_path / "t.json"))

    def test_says_when_there_is_no_such_workflow(self):
        with pytest.raises(CommandError, match="no such workflow"):
            run("graph", "no-such")
