"""The shipped deal registration under another version, and under none; and what a step costs."""

import copy
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.kernel.events import relay
from prm.kernel.identity.actors import Actor
from tests import world
from tests.cast import ada, birch, cam, vendor
from tests.dealreg import deals
from tests.workflows.things import KEEP, find, publish, settle
from workflows import actions
from workflows.definition.blocks import walk
from workflows.engine import claiming
from workflows.engine.performing import take_steps
from workflows.models import HumanTask, Incident, WorkflowVersion

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
