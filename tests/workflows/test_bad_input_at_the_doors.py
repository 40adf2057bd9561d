"""Bad workflows walked as their admins would: from the console's page and from a folder of text files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command
from django.utils.html import escape

from prm.kernel import events
from prm.kernel.automation.registry import Outcome, Trigger, register_trigger
from prm.kernel.events import relay
from prm.kernel.events.models import Delivery
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message, MessageTemplate
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.ids import uuid7
from tests import world
from tests.cast import ada, client_of, mia, olivia, vendor, zenith
from tests.workflows.test_bad_input import branch, nested, upload
from tests.workflows.test_incidents import wear_out
from tests.workflows.things import (
    KEEP,
    TELL,
    THROW,
    ThingFound,
    ThingLost,
    approval,
    behaving,
    find,
    publish,
    settle,
    tree,
)
from workflows import actions, engine
from workflows.definition.files import HEAD, text_of
from workflows.models import Incident, Run, Work, WorkflowVersion

INCIDENT_OPENED = "workflows.incident.opened"
CALL = {"id": "call", "type": "subworkflow", "workflow": "other"}
WAIT = {"id": "wait", "type": "wait"}
HOOK = {"id": "hook", "type": "webhook", "url": "https://10.0.0.1/hook"}


def other_calls_things() -> None:
    publish(KEEP)
    publish({**CALL, "workflow": "things"}, key="other")


def mia_has_left() -> None:
    with vendor():
        Membership.objects.filter(pk=mia.membership_id).update(ended_at=current().now)


def nothing() -> None:
    """The vendor as it is."""


WRONG_TYPES = approval(title=["Keep", "it?"], quorum="many", outcomes=7)
MIA = approval(assign={"kind": "person", "value": mia.email})
BAD: dict[str, tuple[Callable[[], None], list[dict[str, Any]], str]] = {
    "an unknown block": (nothing, [{"id": "x", "type": "jump"}], "There is no block of the type “jump”"),
    "wrong types": (nothing, [WRONG_TYPES], "“quorum” is to be a whole number"),
    "a cycle through sub-workflows": (other_calls_things, [CALL], "without end: things → other → things"),
    "ten thousand blocks": (nothing, [{"type": "end"}] * 10_000, "10000 blocks are too many: 200 are allowed"),
    "a condition of depth fifty": (nothing, [branch(nested(50))], "Groups can be nested 5 deep"),
    "an approver who left": (mia_has_left, [MIA], "The approver “mia@acme.example” is not among our people"),
    "a variable that no wording has": (nothing, [{**TELL, "variables": {"colour": "red"}}], "no variable “colour”"),
    "a webhook to a private address": (nothing, [HOOK], "This address lies in a private network."),
}


@pytest.mark.parametrize("bad", BAD)
class TestABadWorkflow:
    def test_is_told_on_its_pages_and_a_second_admin_can_not_put_it_into_force(self, bad: str):
        so_far, blocks, sentence = BAD[bad]
        so_far()
        kept = upload(tree(*blocks))
        if len(blocks) > 200:  # what no page could draw is not even kept
            assert kept.status_code == 422 and sentence in kept.content.decode()
            return
        assert kept.status_code == 302
        page = client_of(ada).get(kept["Location"]).content.decode()
        assert escape(sentence) in page and "object is not" not in page  # as Python would say it
        assert escape(sentence) in client_of(ada).get(f"{kept['Location']}design/").content.decode()

        with vendor():
            Membership.objects.filter(pk=olivia.membership_id).update(roles=["ops", "admin"])
        refused = client_of(olivia).post(f"{kept['Location']}publish/", follow=True).content.decode()
        assert escape(sentence) in refused
        with vendor():
            assert not WorkflowVersion.objects.filter(status="published", publisher=str(olivia.person_id)).exists()
            assert WorkflowVersion.objects.filter(status="draft", workflow__key="things").count() == 1

    def test_is_told_with_file_and_place_by_lint_and_import_which_take_nothing(self, bad: str, tmp_path: Path):
        so_far, blocks, sentence = BAD[bad]
        sentence = {"a condition of depth fifty": "What stands at blocks.0.cases.0.when is nested"}.get(bad, sentence)
        so_far()
        (tmp_path / "workflows").mkdir()
        (tmp_path / HEAD).write_text('{"format": 1, "what": "program"}')
        (tmp_path / "workflows" / "things.json").write_text(text_of(tree(*blocks)))
        for command in ("lint", "import"):
            told = StringIO()
            with pytest.raises(CommandError) as ended:
                call_command("workflows", command, str(tmp_path), "--tenant", "acme", stdout=told, stderr=told)
            assert ended.value.returncode == 1
            assert "workflows/things.json: " in told.getvalue() and sentence in told.getvalue(), command
        with vendor():
            assert not WorkflowVersion.objects.filter(status="draft").exists()


class TestAWordingWithAVariableThatDoesNotExist:
    """Workflows and the product itself send it; no message may be lost for it."""

    PAGE = "/console/messages/wordings/test.thing_kept/en/"

    @pytest.mark.parametrize("body", ["{{ colour }}", "{% if thing %}{% else %}{{ colour }}{% endif %}"])
    def test_is_refused_when_it_is_saved_and_told_what_there_is(self, body: str):
        page = client_of(ada).post(self.PAGE, {"subject": "Kept", "body": body}).content.decode()
        assert escape("There is no variable “colour” here. There are: thing, steps, recipient, vendor, url.") in page
        with vendor():
            assert not MessageTemplate.objects.exists()

    @pytest.mark.usefixtures("as_worker")
    def test_that_came_about_all_the_same_loses_no_message(self):
        with vendor():
            MessageTemplate.objects.create(key="test.thing_kept", language="en", subject="{{ colour }}", body="x")
        publish(TELL)
        find(weight="7")
        settle()
        with vendor():
            assert {one.body for one in Message.objects.filter(template="test.thing_kept")} == {"It weighs 7."}
            assert not Incident.objects.exists()


def broken() -> Outcome:
    raise ValueError("the scales are broken")


@pytest.mark.usefixtures("as_worker")
class TestAnActionThatAlwaysRaises:
    def test_is_one_incident_that_operations_read_and_skip_while_others_go_on(self):
        publish(KEEP, THROW)
        publish(KEEP, of=zenith)
        with behaving(keep=broken):
            subject = find()
            wear_out()
        find(of=zenith)
        settle()
        with vendor(zenith):
            assert Run.objects.get().status == "ended"
        with vendor():
            assert not Delivery.objects.exclude(state="done").exists()
            incident = Incident.objects.get()
        page = f"/console/workflows/incidents/{incident.pk}/"
        assert escape("The step “keep” failed 4 times, the last time with “the scales are broken”") in read(page)
        with world.logged_in_as("web"):
            assert client_of(olivia).post(f"{page}resolve/", {"how": "skip"}).status_code == 302
        settle()
        with vendor():
            assert Run.objects.get(subject_id=subject).result == "done"


def read(path: str) -> str:
    with world.logged_in_as("web"):
        return client_of(olivia).get(path).content.decode()


@pytest.mark.usefixtures("as_worker")
class TestAWorkflowThatTriggersItself:
    def test_is_stopped_with_one_incident_that_says_what_to_change(self):
        subject = uuid7()

        def again() -> Outcome:
            events.publish(ThingFound(subject_id=subject, facts={"thing.weight": "5"}), at=current().now)
            return Outcome("done")

        publish(KEEP)
        with behaving(keep=again):
            find(subject=subject)
            settle()
        with vendor():
            incident = Incident.objects.get()
            assert not Delivery.objects.exclude(state="done").exists()
        told = "“Things” has set itself off 10 times in a row, so it was stopped here. Change its trigger"
        assert escape(told) in read("/console/workflows/incidents/?view=open")
        assert escape(told) in read(f"/console/workflows/incidents/{incident.pk}/")

    def test_by_way_of_what_another_app_does_about_it_too(self):
        subject = uuid7()

        def lose() -> Outcome:
            events.publish(ThingLost(subject_id=subject, facts={"thing.weight": "5", "echo": True}), at=current().now)
            return Outcome("done")

        publish(KEEP, event=ThingEchoed.name)
        with behaving(keep=lose):
            find(subject=subject, kind=ThingEchoed)
            for _round in range(30):
                relay.drain(limit=20)
                engine.drain(limit=20)
        with vendor():
            assert Run.objects.count() == 10
            assert Incident.objects.get().kind == "loop"


@dataclass(frozen=True, kw_only=True)
class ThingEchoed(events.Event):
    name: ClassVar[str] = "test.thing.echoed"


register_trigger(Trigger(ThingEchoed.name, "A lost thing is told of", "thing"))


@events.handler(ThingLost.name, name="test.echo")
def echo(event: events.Delivered, now: datetime) -> None:
    """What another app might do when a thing is lost."""
    if event.facts.get("echo"):
        events.publish(ThingEchoed(subject_id=event.subject_id, facts={"thing.weight": "5"}), at=now)


@pytest.mark.usefixtures("as_worker")
class TestAWorkflowThatIsLateAndStartsOnWhatIsLate:
    def test_is_stopped_as_one_that_triggers_itself(self, forward: Callable[..., None]):
        late = ({"id": "clock", "type": "sla_start", "clock": "answer", "minutes": 1}, {**WAIT, "business_minutes": 5})
        publish(*late)
        publish(*late, key="again", name="Again", event="workflows.sla.breached")
        find()
        for _day in range(13):
            settle()
            forward(days=4)
        with vendor():
            assert Run.objects.filter(workflow__key="again").count() == 10
            assert [(one.kind, one.workflow.key) for one in Incident.objects.all()] == [("loop", "again")]


@pytest.mark.usefixtures("as_worker")
class TestAWorkflowThatSeesToIncidents:
    """What fails in it would set it off again, and what it lacks would be an incident of each incident."""

    def incidents(self, found: int = 1) -> list[str]:
        """Whose incidents there are once the engine has had its turn, in rounds that end whatever happens."""
        for _thing in range(found):
            find()
        with behaving(keep=broken, throw=broken):
            for _round in range(14):
                relay.drain(limit=20)
                engine.drain(limit=20)
                skip_pauses()
        with vendor():
            return sorted(Incident.objects.values_list("workflow__key", flat=True))

    def test_and_fails_itself_is_one_incident_more(self):
        publish(KEEP)
        publish(THROW, key="helper", event=INCIDENT_OPENED)
        assert self.incidents() == ["helper", "things"]

    def test_and_can_not_be_read_is_one_incident_more(self):
        publish(KEEP)
        publish({"no": "type"}, key="helper", event=INCIDENT_OPENED, unlinted=True)
        assert self.incidents() == ["helper", "things"]

    def test_and_does_so_by_the_clock_leaves_out_what_failed_in_it(self, forward: Callable[..., None]):
        publish(THROW, key="helper", trigger={"schedule": "0 6 * * *", "each": "incident"})
        publish(KEEP)
        assert self.incidents() == ["things"]
        for _day in range(2):
            forward(days=1)
            engine.keep_time()
            told = self.incidents(found=0)
        assert told == ["helper", "helper", "things"]

    def test_and_was_retired_is_missed_by_nobody(self):
        publish(KEEP)
        helper = publish(THROW, key="helper", event=INCIDENT_OPENED)
        with vendor() as now:
            assert actions.retire_workflow(workflow_id=helper, actor=ada.actor, now=now).allowed
        assert self.incidents() == ["things"]


def skip_pauses() -> None:
    """Back-off is machine time."""
    with vendor():
        for work in Work.objects.filter(status="ready", kind="step"):
            Work.objects.filter(pk=work.pk).update(not_before=work.created_at)
