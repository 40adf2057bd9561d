"""The shipped deal registration through the real engine: its log conforms, its figures add up."""

import json
from io import StringIO

from tests import world
from tests.cast import birch, cedar, olivia, vendor
from tests.dealreg import deals
from tests.workflows import ocel
from tests.workflows.replayer import conforms, replays
from tests.workflows.things import settle
from workflows import actions
from workflows.analytics import log
from workflows.models import HumanTask, Workflow


def decide(outcome: str) -> None:
    """Olivia answers what is open, with whatever answer fits."""
    with vendor() as now:
        for task in HumanTask.objects.filter(status="open", role__in=["ops", ""]):
            wanted = outcome if outcome in task.outcomes else task.outcomes[0]
            actions.decide_task(task_id=task.pk, outcome=wanted, note="so", detail={"fields": ["notes"]},
                                actor=olivia.actor, now=now, immediately=True)  # fmt: skip


class TestTheLogOfDeals:
    def test_conforms_to_the_shipped_version(self):
        deals.submitted(birch)
        deals.submitted(cedar, customer_name="Nordwind-Logistik GmbH & Co.", customer_domain="")
        deals.submitted(birch, customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example",
                        customer_city="Wien", amount="64000.00")  # fmt: skip
        for outcome in ("return", "approve", "reject"):
            with world.logged_in_as("worker"):
                settle()
            decide(outcome)
        with world.logged_in_as("worker"):
            settle()
        out = StringIO()
        with vendor():
            log.write(out, Workflow.objects.get(key="deal-registration").pk)
        made = json.loads(out.getvalue())
        assert list(ocel.faults(made)) == []
        found = replays(made)
        assert len(found) == 3
        for replay in found:
            conforms(replay)
