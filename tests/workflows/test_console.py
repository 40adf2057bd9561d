"""The console's pages of workflows, as signed-in people see them."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import reverse

from prm.kernel.automation import checklist
from prm.kernel.automation.registry import Outcome
from prm.kernel.messages.models import Message
from prm.kernel.tenancy.ids import uuid7
from tests import world
from tests.cast import ada, aud, bo, cam, client_of, mia, olivia, vendor, zack, zoe
from tests.workflows.things import KEEP, TELL, WEIGH, approval, behaving, find, happened, publish, settle, tree
from workflows import actions
from workflows.models import HumanTask, Incident, Intent, Run, WorkflowVersion

HTMX = {"HX-Request": "true"}


def work() -> None:
    """A worker passes by."""
    with world.logged_in_as("worker"):
        settle()


def ask(number: int = 1, **block) -> list[HumanTask]:
    """So many things wait for a person, the heaviest reason first."""
    publish(WEIGH, approval(**block), KEEP, TELL)
    with behaving(weigh=lambda: Outcome("heavy", {"reasons": [{"key": "thing.heavy", "text": "It weighs 40 kg."}]})):
        for _thing in range(number):
            find()
        work()
    with vendor():
        return list(HumanTask.objects.order_by("opened_at", "id"))


def ten_seconds() -> None:
    with vendor():
        for intent in Intent.objects.filter(status="pending"):
            intent.executes_at -= timedelta(seconds=11)
            intent.save(update_fields=["executes_at"])
    work()


def toast_of(response) -> dict:
    return json.loads(response["HX-Trigger"])["toast"]


class TestTheQueue:
    def test_says_in_each_row_why_it_is_there(self):
        ask()
        page = client_of(olivia).get("/console/queue/").content.decode()
        assert page.count("It weighs 40 kg.") == 3  # the row, the task, its history
        assert 'data-key="1"' in page
        assert 'data-key="3"' in page

    def test_asks_its_question_in_the_row_and_above_the_keys_once_each(self):
        ask(title="May we protect it?")
        with vendor():
            HumanTask.objects.update(subject_name="Nordwind GmbH")
        page = client_of(olivia).get("/console/queue/").content.decode()
        assert page.count('"queue-asked">May we protect it?<') == 1
        assert page.count('id="question">May we protect it?<') == 1

    def test_opens_on_the_task_of_a_subject(self):
        _first, second = ask(2)
        page = client_of(olivia).get(f"/console/queue/?subject={second.subject_id.hex}")
        assert page.context["task"] == second

    def test_is_read_by_an_auditor_without_buttons(self):
        ask()
        page = client_of(aud).get("/console/queue/").content.decode()
        assert "It weighs 40 kg." in page
        assert 'value="approve" data-key' not in page

    def test_has_views_with_counts(self):
        ask(3)
        page = client_of(olivia).get("/console/queue/?view=things")
        assert [view["count"] for view in page.context["views"] if view["key"] in ("all", "things")] == [3, 3]

    def test_has_the_same_number_of_queries_for_ten_times_the_rows(self, django_assert_max_num_queries):
        ask(2)
        client = client_of(olivia)
        client.get("/console/queue/")
        few = queries_of(client)
        with behaving(weigh=lambda: Outcome("heavy")):
            for _thing in range(20):
                find()
            work()
        assert queries_of(client) == few
        assert few <= 25

    @pytest.mark.parametrize("address", ["/console/queue/{id}/", "/console/workflows/runs/{run}/"])
    def test_gives_strangers_the_same_answer_as_for_what_does_not_exist(self, address):
        task = ask()[0]
        theirs = client_of(zoe).get(address.format(id=task.pk, run=task.run_id))
        missing = client_of(zoe).get(address.format(id=uuid7(), run=uuid7()))
        assert theirs.status_code == missing.status_code == 404

    def test_is_no_partners_business(self):
        ask()
        assert client_of(bo).get("/console/queue/").status_code in (302, 403)


def queries_of(client) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get("/console/queue/").status_code == 200
    return len(captured)


class TestDeciding:
    def decide(self, who, task, outcome="approve", **more):
        data = {"outcome": outcome, "position": "0", "state": "", **more}
        return client_of(who).post(f"/console/queue/{task.pk}/decide/", data, headers=HTMX)

    def test_goes_on_to_the_next_without_a_reload_and_offers_undo(self):
        first, second = ask(2)
        response = self.decide(olivia, first)
        assert response.status_code == 200
        assert "<html" not in response.content.decode()
        assert response.context["task"] == second
        assert response["HX-Push-Url"] == f"/console/queue/{second.pk}/"
        told = toast_of(response)
        assert told["undo"].startswith("/console/queue/undo/?intent=")
        assert told["seconds"] == 10

    def test_taken_back_leaves_everything_as_before_and_no_mail(self):
        task = ask()[0]
        undo = toast_of(self.decide(olivia, task))["undo"]
        assert client_of(olivia).post(undo, headers=HTMX).status_code == 204
        ten_seconds()
        with vendor():
            assert HumanTask.objects.get().status == "open"
            assert not Message.objects.exists()

    def test_not_taken_back_sends_one_mail(self):
        task = ask()[0]
        self.decide(olivia, task)
        ten_seconds()
        with vendor():
            assert Message.objects.filter(channel="email").count() == 1

    def test_a_second_person_gets_a_409_that_names_the_first(self):
        task = ask()[0]
        self.decide(olivia, task)
        response = self.decide(mia, task)
        assert response.status_code == 409
        assert response.content.decode() == "Olivia has already decided this."

    def test_a_refusal_for_another_reason_leaves_the_page_and_says_why(self):
        task = ask(limit_fact="thing.price", note_required=[])[0]
        with vendor():
            HumanTask.objects.update(limit_value="60000")
        response = self.decide(olivia, task)
        assert response.status_code == 422
        assert response["HX-Reswap"] == "none"
        assert "above your limit" in toast_of(response)["text"]

    def test_an_auditor_can_not(self):
        task = ask()[0]
        assert self.decide(aud, task).status_code == 403

    def test_works_without_scripts(self):
        task = ask()[0]
        client = client_of(olivia)
        response = client.post(f"/console/queue/{task.pk}/decide/", {"outcome": "approve"})
        assert response.status_code == 302
        assert "undo=/console/queue/undo/" in client.get(response["Location"]).content.decode()

    def test_a_get_changes_nothing(self):
        task = ask()[0]
        assert client_of(olivia).get(f"/console/queue/{task.pk}/decide/").status_code == 405

    def test_claim_release_snooze_and_assign(self):
        task = ask()[0]
        client = client_of(mia)
        client.post(f"/console/queue/{task.pk}/claim/", headers=HTMX)
        assert self.decide(olivia, task).content.decode() == "Mia is working on this."
        client.post(f"/console/queue/{task.pk}/release/", headers=HTMX)
        until = client.get("/console/queue/").context["snoozes"][1]["until"].isoformat()
        assert client.post(f"/console/queue/{task.pk}/snooze/", {"until": until}, headers=HTMX).status_code == 200
        assert client.get("/console/queue/").context["rows"] == []
        assert client.get("/console/queue/?view=snoozed").context["rows"]
        person = {"person": str(cam.membership_id)}
        assert client.post(f"/console/queue/{task.pk}/assign/", person, headers=HTMX).status_code == 403
        assert client_of(olivia).post(f"/console/queue/{task.pk}/assign/", person, headers=HTMX).status_code == 200


class TestManyAtOnce:
    def test_a_preview_says_what_would_happen_and_why_some_are_skipped(self):
        tasks = ask(3)
        with vendor() as now:
            actions.claim_task(task_id=tasks[0].pk, actor=mia.actor, now=now)
        picked = {"pick": [str(task.pk) for task in tasks], "outcome": "approve"}
        page = client_of(olivia).post("/console/queue/bulk/", picked, headers=HTMX)
        assert len(page.context["will"]) == 2
        assert [why for _task, why in page.context["skipped"]] == ["Mia is working on this."]
        with vendor():
            assert not Intent.objects.exists()

    def test_running_decides_each_and_one_undo_takes_all_back(self):
        tasks = ask(3)
        client = client_of(olivia)
        picked = {"pick": [str(task.pk) for task in tasks], "outcome": "reject", "note": "Not ours"}
        told = toast_of(client.post("/console/queue/bulk/run/", picked, headers=HTMX))
        assert told["text"] == "3 decided"
        client.post(told["undo"], headers=HTMX)
        with vendor():
            assert {task.status for task in HumanTask.objects.all()} == {"open"}


class TestToday:
    @pytest.mark.parametrize("who", [ada, olivia, mia, cam, aud])
    def test_greets_every_role_with_what_concerns_it(self, who):
        ask()
        page = client_of(who).get("/console/")
        assert page.status_code == 200
        assert who.name in page.content.decode()

    def test_counts_what_is_late(self, superuser):
        ask()
        with vendor() as now:
            HumanTask.objects.update(due_at=now - timedelta(hours=1))
        assert client_of(olivia).get("/console/").context["counts"].late == 1

    def test_leads_an_admin_to_what_is_not_set_up(self):
        with vendor():
            missing, needed = checklist.still_open()
        assert missing
        page = client_of(ada).get("/console/").content.decode()
        assert f"Setup: {needed - len(missing)} of {needed}" in page and f'href="{missing[0].url}"' in page
        assert "All quiet" not in page
        assert "Setup:" not in client_of(mia).get("/console/").content.decode()

    def test_is_not_calm_while_an_incident_is_open(self):
        ask()
        assert "Nothing is pressing." in client_of(olivia).get("/console/").content.decode()
        with vendor() as now:
            Incident.objects.create(kind="step_failed", message="It can't go on.", opened_at=now)
        page = client_of(olivia).get("/console/").content.decode()
        assert "1 incident is open" in page and "Nothing is pressing" not in page


class TestVersions:
    def test_are_told_in_sentences(self):
        publish(WEIGH, approval(), KEEP)
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="things")
        page = client_of(aud).get(f"/console/workflows/versions/{version.pk}/").content.decode()
        assert "Ask the role “Operations manager”: “Keep it?” (Approve, Decline)" in page

    def test_go_out_as_json_and_come_back_as_a_draft_that_a_second_person_publishes(self):
        publish(KEEP)
        client = client_of(ada)
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="things")
        text = client.get(f"/console/workflows/versions/{version.pk}/download/").content.decode()
        changed = {**json.loads(text), "name": "Things again"}
        response = client.post("/console/workflows/upload/", {"tree": json.dumps(changed), "note": "name"})
        assert response.status_code == 302
        draft = response["Location"]
        client.post(f"{draft}publish/")
        with vendor():
            assert WorkflowVersion.objects.get(workflow__key="things", number=2).status == "draft"

    def test_of_the_shipped_deal_registration_are_readable(self):
        client = client_of(ada)
        page = client.get("/console/workflows/")
        assert "Deal registration" in page.content.decode()
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="deal-registration")
        told = client.get(f"/console/workflows/versions/{version.pk}/")
        assert told.context["problems"] == []
        assert len(told.context["lines"]) > 10

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "null"])
    def test_a_file_that_is_none_is_refused_in_words(self, text):
        response = client_of(ada).post("/console/workflows/upload/", {"tree": text})
        assert response.status_code == 422

    @pytest.mark.parametrize("who", [olivia, mia, aud])
    def test_are_changed_by_admins_only(self, who):
        publish(KEEP)
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="things")
        client = client_of(who)
        assert client.post(f"/console/workflows/{version.workflow_id}/retire/").status_code == 403
        assert client.post("/console/workflows/upload/", {"tree": json.dumps(tree(KEEP))}).status_code == 403


class TestIncidents:
    def test_are_listed_shown_and_resolved(self):
        publish(KEEP)
        with vendor() as now:
            workflow = WorkflowVersion.objects.get(workflow__key="things").workflow_id
            actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now)
        subject = find()
        work()
        client = client_of(olivia)
        with vendor():
            incident = Incident.objects.get()
        assert "retired" in client.get("/console/workflows/incidents/?view=open").content.decode()
        page = reverse("workflows:incident", args=[incident.pk])
        assert "Try again" in client.get(page).content.decode()
        publish(KEEP)
        client.post(f"{page}resolve/", {"how": "retry"})
        work()
        assert happened(subject)[-1] == ("ended", "done")
        assert client.get(page).status_code == 200

    def test_of_another_vendor_are_not_there(self):
        response = client_of(zack).get(reverse("workflows:incident", args=[uuid7()]))
        assert response.status_code == 404


class TestRuns:
    def test_show_their_steps(self):
        task = ask()[0]
        page = client_of(aud).get(reverse("workflows:run", args=[task.run_id])).content.decode()
        assert "It weighs 40 kg." in page
        assert "Waiting for a person" in page
        assert client_of(aud).get("/console/workflows/runs/").status_code == 200
        with vendor():
            assert isinstance(Run.objects.get().pk, UUID)
