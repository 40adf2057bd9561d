"""A run that waits is ended by hand, a draft is thrown away, and a story tells the way that no case asked for."""

import pytest

from prm.kernel.audit.models import AuditEntry, DecisionRecord
from tests import world
from tests.cast import ada, client_of, mia, olivia, vendor, zoe
from tests.workflows.things import KEEP, TELL, THROW, approval, find, happened, publish, settle, tree
from workflows import actions
from workflows.models import HumanTask, Run, SlaClock, Work, Workflow, WorkflowVersion

CLOCK = {"id": "clock", "type": "sla_start", "clock": "answer", "minutes": 60}
HEAVY = {"field": "thing.weight", "operator": ">", "value": "10"}
BRANCH = {
    "id": "size",
    "type": "branch",
    "cases": [{"id": "heavy", "name": "Heavy", "when": HEAVY, "blocks": [THROW]}],
    "otherwise": [KEEP],
}


def waiting_run() -> Run:
    publish(CLOCK, approval(), KEEP, TELL)
    find()
    with world.logged_in_as("worker"):
        settle()
    with vendor():
        return Run.objects.get(workflow__key="things")


def end(run: Run, who=olivia, reason="The customer is bankrupt."):
    return client_of(who).post(f"/console/workflows/runs/{run.pk}/end/", {"reason": reason})


class TestEndingARun:
    def test_says_first_what_stops_and_then_stops_it_with_the_reason_on_record(self):
        run = waiting_run()
        page = client_of(olivia).get(f"/console/workflows/runs/{run.pk}/")
        stops = page.context["stops"]
        assert [task.title for task in stops.tasks] == ["Keep it?"]
        assert [clock.name for clock in stops.clocks] == ["answer"]
        assert f"/console/workflows/runs/{run.pk}/end/" in page.content.decode()

        assert end(run).status_code == 302
        with world.logged_in_as("worker"):
            settle()
        with vendor():
            run.refresh_from_db()
            assert (run.status, run.result) == ("cancelled", "cancelled")
            assert HumanTask.objects.get().status == "cancelled"
            assert SlaClock.objects.get().status == "stopped"
            assert not Work.objects.filter(run=run).exists()
            entry = AuditEntry.objects.get(action="run.ended_by_hand")
            assert (entry.target_id, entry.after["reason"]) == (run.pk, "The customer is bankrupt.")
            assert DecisionRecord.objects.filter(rule="run-ending/1", subject_id=run.pk).count() == 1
        assert ("keep", "done") not in happened(run.subject_id)
        told = client_of(olivia).get(f"/console/workflows/runs/{run.pk}/").context["entries"][0]
        assert (told["title"], told["text"], told["actor"]) == ("Ended by hand", "The customer is bankrupt.", "Olivia")

    def test_is_refused_without_a_reason_and_once_it_is_over(self):
        run = waiting_run()
        with vendor() as now:
            refused = actions.end_run(run_id=run.pk, reason=" ", actor=olivia.actor, now=now)
        assert refused.reason_keys == ("reason.missing",)
        end(run)
        with vendor() as now:
            refused = actions.end_run(run_id=run.pk, reason="Again", actor=olivia.actor, now=now)
            assert refused.reason_keys == ("run.over",)
            assert AuditEntry.objects.filter(action="run.ending_refused").count() == 2

    def test_is_for_those_who_dispatch_here(self):
        run = waiting_run()
        assert "/end/" not in client_of(mia).get(f"/console/workflows/runs/{run.pk}/").content.decode()
        assert (end(run, mia).status_code, end(run, zoe).status_code) == (403, 404)
        with vendor():
            run.refresh_from_db()
            assert run.status == "running"


class TestThrowingADraftAway:
    def draft(self, *blocks, **head) -> WorkflowVersion:
        with vendor() as now:
            made = actions.save_draft(tree=tree(*blocks, **head), actor=ada.actor, now=now)
            return WorkflowVersion.objects.select_related("workflow").get(pk=made.facts["version"])

    def discard(self, version: WorkflowVersion, who=ada):
        return client_of(who).post(f"/console/workflows/versions/{version.pk}/discard/")

    def test_leaves_what_is_in_force_and_keeps_the_tree_in_the_audit(self):
        publish(KEEP)
        draft = self.draft(KEEP, TELL)
        assert "/discard/" in client_of(ada).get(f"/console/workflows/versions/{draft.pk}/").content.decode()
        assert self.discard(draft)["Location"].endswith(f"/console/workflows/{draft.workflow_id}/")
        with vendor():
            assert [version.status for version in draft.workflow.versions.all()] == ["published"]
            entry = AuditEntry.objects.get(action="workflow.draft_discarded")
            assert [block["id"] for block in entry.before["tree"]["blocks"]] == ["keep", "tell"]

    def test_takes_a_workflow_with_it_that_never_had_a_version(self):
        draft = self.draft(KEEP, key="others")
        assert self.discard(draft)["Location"] == "/console/workflows/"
        with vendor():
            assert not Workflow.objects.filter(key="others").exists()

    @pytest.mark.parametrize("who", [olivia, mia])
    def test_is_for_admins_only(self, who):
        assert self.discard(self.draft(KEEP), who).status_code == 403

    def test_never_takes_a_version_that_was_in_force(self):
        publish(KEEP)
        with vendor() as now:
            version = WorkflowVersion.objects.get(workflow__key="things")
            refused = actions.discard_draft(version_id=version.pk, actor=ada.actor, now=now)
            assert refused.reason_keys == ("workflow.wrong_state",)
        assert self.discard(version).status_code == 302
        with vendor():
            assert WorkflowVersion.objects.filter(pk=version.pk).exists()


def test_a_story_tells_the_way_that_a_branch_takes_when_no_case_holds():
    publish(BRANCH)
    find(weight="3")
    with world.logged_in_as("worker"):
        settle()
    with vendor():
        run = Run.objects.get(workflow__key="things")
    entries = client_of(olivia).get(f"/console/workflows/runs/{run.pk}/").context["entries"]
    told = [(entry["title"], entry["text"]) for entry in entries]
    assert ("Otherwise", "None of these held: Heavy") in told
