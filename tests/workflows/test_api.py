"""The queue over the API: read, decide at once, and a 409 that says who was faster."""

from typing import Any

from django.test import Client

from prm.kernel.tenancy.ids import uuid7
from tests.cast import acme, ada, bea, birch, vendor
from tests.dealreg import deals
from tests.identity.test_tokens import call, key_of
from tests.workflows.test_decide_task import ask
from tests.workflows.things import happened, publish, settle
from tests.world import logged_in_as
from workflows.models import HumanTask, Run


def waiting(**parts: Any) -> tuple[Any, str]:
    """A subject that waits for a person, and its task's address."""
    with logged_in_as("worker"):
        subject = ask(**parts)
    with vendor(acme):
        return subject, f"/api/v1/tasks/{HumanTask.objects.get().pk}"


def decide(secret: str, path: str, key: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return Client().post(f"{path}/decide", body, content_type="application/json", headers=headers)


class TestTasks:
    def test_a_program_reads_what_waits_and_why(self) -> None:
        waiting()
        (row,) = call(key_of(ada, "ops"), "/api/v1/tasks?status=open").json()["results"]
        assert row["status"] == "open" and "approve" in row["outcomes"]

    def test_a_decision_is_carried_out_at_once(self) -> None:
        subject, path = waiting()
        answer = decide(key_of(ada, "ops", "admin"), path, "one", outcome="approve", note="fine")
        with logged_in_as("worker"):
            settle()
            assert answer.status_code == 200, answer.json()
            assert happened(subject)[-1] == ("ended", "done")
        assert answer.json()["status"] == "decided"

    def test_15_4_2_the_second_decider_gets_a_409_that_names_the_first(self) -> None:
        _, path = waiting()
        secret = key_of(ada, "ops", "admin")
        decide(secret, path, "one", outcome="approve")
        answer = decide(secret, path, "two", outcome="reject", note="late")
        assert answer.status_code == 409
        assert answer.json()["reasons"][0]["key"] == "task.already_decided"
        assert "CRM" in answer.json()["title"]

    def test_an_outcome_that_the_task_does_not_have_is_refused(self) -> None:
        _, path = waiting()
        assert decide(key_of(ada, "ops", "admin"), path, "one", outcome="explode").status_code == 422

    def test_8_2_1_a_key_decides_with_its_own_roles_not_with_its_makers(self) -> None:
        _, path = waiting()
        answer = decide(key_of(ada, "sales"), path, "one", outcome="approve")
        assert answer.status_code == 422
        assert [reason["key"] for reason in answer.json()["reasons"]] == ["task.not_yours_to_decide"]

    def test_2_3_5_two_keys_of_one_person_are_one_voice(self) -> None:
        _, path = waiting(block={"quorum": 2})
        assert decide(key_of(ada, "ops"), path, "one", outcome="approve").status_code == 200
        again = decide(key_of(ada, "approver"), path, "two", outcome="approve")
        assert [reason["key"] for reason in again.json()["reasons"]] == ["task.already_voted"]

    def test_a_partners_key_has_no_queue(self) -> None:
        _, path = waiting()
        secret = key_of(bea, "partner_admin")
        assert call(secret, "/api/v1/tasks").status_code == call(secret, path).status_code == 403


class TestStartingAWorkflow:
    def start(self, workflow: str, subject: object, key: str, *roles: str) -> Any:
        headers = {"Authorization": f"Bearer {key_of(ada, *roles)}", "Idempotency-Key": key}
        path = f"/api/v1/workflows/{workflow}/start"
        return Client().post(path, {"subject": str(subject)}, content_type="application/json", headers=headers)

    def test_by_hand_gives_the_run(self) -> None:
        deal = deals.submitted(birch)
        publish({"id": "e", "type": "end", "result": "seen"}, key="by-hand", trigger={"manual": True, "schema": "deal"})
        answer = self.start("by-hand", deal, "one", "ops")
        assert answer.status_code == 201, answer.json()
        with vendor(acme):
            run = Run.objects.get(workflow__key="by-hand")
            assert (run.subject_id, str(run.pk)) == (deal, answer.json()["run"])

    def test_is_refused_for_what_is_not_there_not_manual_or_not_theirs(self) -> None:
        publish({"id": "e", "type": "end"}, key="by-hand", trigger={"manual": True, "schema": "deal"})
        assert self.start("by-hand", uuid7(), "one", "ops").status_code == 422
        assert self.start("deal-registration", uuid7(), "two", "ops").status_code == 422
        assert self.start("no-such", uuid7(), "three", "ops").status_code == 404
        assert self.start("by-hand", uuid7(), "four", "approver").status_code == 403

    def test_every_workflow_in_force_is_listed_with_what_starts_it(self) -> None:
        publish({"id": "e", "type": "end"}, key="by-hand", trigger={"manual": True, "schema": "deal"})
        rows = call(key_of(ada, "auditor"), "/api/v1/workflows").json()["results"]
        assert {row["key"]: row["event"] for row in rows} == {
            "by-hand": "@manual",
            "connection-broke": "integrations.connection.broke",
            "deal-dispute": "dealreg.dispute.raised",
            "deal-registration": "dealreg.deal.submitted",
        }
