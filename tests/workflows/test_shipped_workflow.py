"""The shipped deal registration under another version, and under none; and what a step costs."""

import copy
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.kernel.decisions import Decision
from prm.kernel.events import relay
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests import world
from tests.cast import Somebody, ada, birch, cam, client_of, finn, mia, olivia, vendor
from tests.dealreg import deals
from tests.workflows.things import KEEP, approval, find, publish, settle
from workflows import actions
from workflows.definition.blocks import walk
from workflows.engine import claiming
from workflows.engine.performing import take_steps
from workflows.models import HumanTask, Incident, Run, WorkflowVersion

OPERATOR = Actor(kind="person", id="operator", name="Operator", roles=frozenset({"admin"}))


def work() -> None:
    with world.logged_in_as("worker"):
        settle()


def large() -> UUID:
    """A deal that goes to a person."""
    return deals.submitted(birch, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example",
                           customer_city="Wien", amount="64000.00")  # fmt: skip


def published() -> WorkflowVersion:
    return WorkflowVersion.objects.get(workflow__key="deal-registration", status="published")


class TestAnotherApprover:
    def test_of_a_new_version_gets_the_next_deal(self):
        with vendor() as now:
            tree: dict[str, Any] = copy.deepcopy(published().tree)
            for _path, _depth, block in walk(tree["blocks"]):
                if block["type"] == "approval":
                    block["assign"] = {"kind": "person", "value": "cam@acme.example"}
            tree["parameters"] = [one for one in tree["parameters"] if one["key"] != "approver"]
            draft = actions.save_draft(tree=tree, actor=OPERATOR, now=now, note="Cam decides")
            decision = actions.publish_version(version_id=draft.facts["version"], actor=ada.actor, now=now)
            assert decision.allowed, decision.reasons
        deal = large()
        work()
        with vendor():
            assert HumanTask.objects.get(subject_id=deal).owner_id == cam.membership_id


class TestARetiredWorkflow:
    def test_leaves_the_deal_submitted_and_one_incident_tells_why(self):
        with vendor() as now:
            workflow = published().workflow_id
            assert actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now).allowed
        deal = large()
        work()
        assert deals.the(deal).status == "submitted"
        with vendor():
            incident = Incident.objects.get(subject_id=deal)
            assert "Deal registration" in incident.message
            assert "retired" in incident.message


class TestWhatAStepCosts:
    def test_the_engine_itself_needs_no_more_than_four_statements(self, as_worker: None):
        publish(KEEP, {**KEEP, "id": "again", "save_as": "again"})
        find()
        relay.drain()
        going = take_steps(claiming.claim()[0], 1)
        assert going is None
        claimed = claiming.claim()[0]
        with CaptureQueriesContext(connection) as captured:
            take_steps(claimed, 1)
        said = [query["sql"] for query in captured if "workflows_" in query["sql"] or "set_config" in query["sql"]]
        assert len(said) <= 4, said


def huge(amount: str = "240000.00") -> UUID:
    """A deal on which two people decide."""
    return deals.submitted(birch, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example",
                           customer_city="Wien", amount=amount)  # fmt: skip


def answer(deal: UUID, block: str, outcome: str, who: Somebody, note: str = "") -> Decision:
    with vendor() as now:
        task = HumanTask.objects.get(subject_id=deal, block=block)
        return actions.decide_task(
            task_id=task.pk, outcome=outcome, note=note, actor=who.actor, now=now, immediately=True
        )


def open_blocks(deal: UUID) -> set[str]:
    with vendor():
        return set(HumanTask.objects.filter(subject_id=deal, status="open").values_list("block", flat=True))


class TestALargeDeal:
    def test_hears_two_opinions_at_once_and_takes_two_approvers(self):
        deal = huge()
        work()
        assert open_blocks(deal) == {"cam-says", "finance-says"}
        assert answer(deal, "cam-says", "support", cam).allowed
        work()
        assert open_blocks(deal) == {"finance-says"}
        assert answer(deal, "finance-says", "concern", finn, "The margin is thin.").allowed
        work()

        assert open_blocks(deal) == {"ask-two"}
        with vendor():
            why = [reason["text"] for reason in HumanTask.objects.get(subject_id=deal, block="ask-two").reasons]
            assert "Finn: concern. The margin is thin." in why
            assert "Cam: support" in why
        assert answer(deal, "ask-two", "approve", mia).allowed
        work()
        assert deals.the(deal).status != "approved"
        assert answer(deal, "ask-two", "approve", mia).reason_keys == ("task.already_voted",)
        assert answer(deal, "ask-two", "approve", ada).allowed
        work()
        assert deals.the(deal).status == "approved"

    def test_does_not_wait_for_ever_for_an_opinion(self, forward: Callable[..., None]):
        deal = huge()
        work()
        answer(deal, "cam-says", "support", cam)
        forward(days=4)
        work()
        assert open_blocks(deal) == {"ask-two"}
        with vendor():
            assert HumanTask.objects.get(subject_id=deal, block="finance-says").outcome == "timed_out"
            assert Message.objects.filter(template="deal.opinion_missing", recipient=finn.membership_id).exists()


class TestAChannelManager:
    def asked(self) -> UUID:
        deal = deals.submitted(birch, customer_domain="", contact_email="x@gmail.com")
        work()
        return deal

    def test_who_is_away_is_stood_in_for(self):
        with vendor() as now:
            Membership.objects.filter(pk=cam.membership_id).update(
                away_from=now.date(), away_until=None, delegate=olivia.membership_id
            )
        deal = self.asked()
        with vendor():
            task = HumanTask.objects.get(subject_id=deal)
            assert (task.block, task.owner_id) == ("ask-cam", olivia.membership_id)

    def test_who_keeps_silent_leaves_it_to_an_approver_and_nothing_is_approved_by_time(
        self, forward: Callable[..., None]
    ):
        deal = self.asked()
        assert open_blocks(deal) == {"ask-cam"}
        forward(days=5)
        work()
        assert open_blocks(deal) == {"ask-instead"}
        assert deals.the(deal).status == "submitted"
        with vendor():
            assert Message.objects.filter(template="workflows.task_escalated").exists()


class TestTheShippedWorkflowsAboutTrouble:
    def install(self, key: str) -> None:
        with vendor() as now:
            actions.install_template(key=key, actor=ada.actor, now=now)

    def test_an_incident_is_asked_about_and_resolved_in_the_name_of_who_answers(self):
        self.install("incident-handling")
        publish({"id": "x", "type": "action", "action": "thing.vanished"}, KEEP, unlinted=True)
        with world.logged_in_as("worker"):
            find()
            settle()
        with vendor():
            broken = Incident.objects.get()
            task = HumanTask.objects.get()
            assert (task.subject_id, task.owner_id, task.queue) == (broken.pk, olivia.membership_id, "incidents")
        page = client_of(olivia).get(f"/console/queue/{task.pk}/")
        assert "thing.vanished" in page.content.decode()
        assert answer(broken.pk, "ask", "skip", olivia).allowed
        work()
        with vendor():
            broken.refresh_from_db()
            assert (broken.status, broken.resolved_by) == ("skipped", "Olivia")
            assert Run.objects.get(workflow__key="incident-handling").result == "resolved"
            assert Run.objects.get(workflow__key="things").result == "done"

    def test_an_incident_that_is_resolved_elsewhere_leaves_the_queue(self):
        self.install("incident-handling")
        publish({"id": "x", "type": "action", "action": "thing.vanished"}, KEEP, unlinted=True)
        with world.logged_in_as("worker"):
            find()
            settle()
        with vendor() as now:
            actions.skip_incident(incident_id=Incident.objects.get().pk, actor=ada.actor, now=now)
        work()
        with vendor():
            assert HumanTask.objects.get().status == "cancelled"

    def test_something_late_finds_somebody_who_takes_charge_or_an_admin_hears(self, forward: Callable[..., None]):
        self.install("sla-escalation")
        clock = {"id": "c", "type": "sla_start", "clock": "answer", "minutes": 60}
        publish(clock, approval())
        with world.logged_in_as("worker"):
            subject = find()
            settle()
            forward(days=4)
            settle()
        assert "take-charge" in open_blocks(subject)
        forward(days=4)
        work()
        assert "admin" in open_blocks(subject)
        with vendor():
            assert Message.objects.filter(template="workflows.nobody_took_charge", recipient=ada.membership_id).exists()
        assert answer(subject, "admin", "taken", ada).allowed
        work()
        with vendor():
            assert Run.objects.get(workflow__key="sla-escalation").result == "passed_on"
            assert HumanTask.objects.get(subject_id=subject, block="review").status == "open"
