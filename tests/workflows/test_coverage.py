"""Coverage: which blocks and ways of a version have really been taken, from run events alone."""

from io import StringIO
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command

from prm.kernel.automation.registry import Outcome
from tests.cast import aud, client_of, mia, vendor
from tests.workflows.test_console import work
from tests.workflows.things import KEEP, THROW, WEIGH, approval, behaving, find, publish
from workflows import actions
from workflows.models import HumanTask, WorkflowVersion
from workflows.queries.coverage import Coverage, coverage_of

HEAVY = {"field": "steps.weight", "operator": "=", "value": "heavy"}
BLOCKS = (
    WEIGH,
    {
        "id": "how",
        "type": "branch",
        "cases": [
            {"id": "heavy", "name": "Heavy", "when": HEAVY,
             "blocks": [approval(), {"id": "asked", "type": "end", "result": "asked"}]}
        ],
        "otherwise": [KEEP],
    },
    THROW,
    {"id": "over", "type": "end"},
)  # fmt: skip


def covered() -> Coverage:
    with vendor():
        return coverage_of(WorkflowVersion.objects.get(workflow__key="things"))


def take(weight: str) -> None:
    with behaving(weigh=lambda: Outcome(weight)):
        find()
        work()


class TestCoverage:
    def test_knows_nothing_before_the_first_run(self):
        publish(*BLOCKS)
        found = covered()
        assert (found.runs, found.taken, found.percent) == (0, 0, 0.0)
        assert [spot.name for spot in found.spots] == [
            "weigh", "how", "how/heavy", "review", "asked", "how/otherwise", "keep", "throw", "over",
        ]  # fmt: skip

    def test_counts_blocks_ways_and_ends(self):
        publish(*BLOCKS)
        for weight in ("light", "light", "heavy"):
            take(weight)
        assert covered().by_name == {
            "weigh": 3, "how": 3, "how/heavy": 1, "review": 1, "asked": 0, "how/otherwise": 2, "keep": 2, "throw": 2,
            "over": 2,
        }  # fmt: skip
        assert [spot.name for spot in covered().missing] == ["asked"]
        with vendor() as now:
            task = HumanTask.objects.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now, immediately=True)
        work()
        assert covered().percent == 100
        assert covered().by_name["asked"] == 1
        assert covered().by_name["over"] == 2

    def test_counts_only_the_version_that_is_asked_for(self):
        publish(*BLOCKS)
        take("light")
        publish(KEEP)
        with vendor():
            first, second = WorkflowVersion.objects.filter(workflow__key="things").order_by("number")
            assert (coverage_of(first).runs, coverage_of(second).runs) == (1, 0)

    def test_is_told_by_the_command_which_fails_when_something_is_missing(self):
        publish(*BLOCKS)
        take("light")
        out = StringIO()
        call_command("workflows", "coverage", "things", "--tenant", "acme", stdout=out)
        assert "things/1: 6 of 9 taken (66.7 %), 1 runs" in out.getvalue()
        assert "!        0  how/heavy" in out.getvalue()
        with pytest.raises(CommandError, match=r"things/1 has 66\.7 %"):
            call_command("workflows", "coverage", "things", "--require", "100", "--tenant", "acme", stdout=out)
        call_command("workflows", "coverage", "things", "--require", "60", "--tenant", "acme", stdout=out)


class TestCoverageOfAParallel:
    BOTH: ClassVar[dict[str, Any]] = {
        "id": "both", "type": "parallel", "join": "all",
        "branches": [{"id": "left", "name": "Left", "blocks": [KEEP]},
                     {"id": "right", "name": "Right", "blocks": [approval()]}],
    }  # fmt: skip

    def test_counts_who_entered_who_arrived_and_what_came_behind(self):
        publish(self.BOTH, THROW)
        find()
        work()
        assert covered().by_name == {"both": 1, "both/left": 1, "keep": 1, "both/right": 0, "review": 1, "throw": 0}
        with vendor() as now:
            task = HumanTask.objects.get()
            actions.decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now, immediately=True)
        work()
        assert covered().percent == 100


class TestThePages:
    def test_show_counts_beside_blocks_and_what_is_missing(self):
        publish(*BLOCKS)
        take("light")
        with vendor():
            version = WorkflowVersion.objects.get(workflow__key="things")
        page = client_of(aud).get(f"/console/workflows/versions/{version.pk}/covered/")
        assert page.status_code == 200
        assert page.context["coverage"].taken == 6
        assert "how/heavy" in page.content.decode()

    def test_show_two_versions_side_by_side(self):
        publish(WEIGH, KEEP)
        publish(KEEP, THROW)
        with vendor():
            first, second = WorkflowVersion.objects.filter(workflow__key="things").order_by("number")
        client = client_of(aud)
        page = client.get(f"/console/workflows/versions/{second.pk}/compared/")
        assert [change.text for change in page.context["changes"]] == [
            "+ throw (action) at 2",
            "- weigh (validate) at 1",
        ]
        back = client.get(f"/console/workflows/versions/{first.pk}/compared/?with={second.pk}")
        assert len(back.context["changes"]) == 2
        assert "first version" in client.get(f"/console/workflows/versions/{first.pk}/compared/").content.decode()
        for wrong in ("nonsense", str(first.pk)):
            assert client.get(f"/console/workflows/versions/{first.pk}/compared/?with={wrong}").status_code == 404
