"""What a machine can't do becomes one incident, with a way on."""

import pytest
from django.utils import translation

from prm.kernel.audit.models import AuditEntry
from prm.kernel.automation.registry import Outcome
from prm.kernel.events import relay
from prm.kernel.events.models import Delivery, EventRow
from prm.kernel.identity.models import Membership
from tests import world
from tests.cast import ada, aud, client_of, mia, olivia, vendor
from tests.workflows.things import KEEP, TELL, WEIGH, ThingNeeded, behaving, find, happened, publish, settle
from workflows import actions, engine
from workflows.models import Incident, Run, Work
from workflows.queries.stories import timeline

pytestmark = pytest.mark.usefixtures("as_worker", "replays_true")


def broken() -> Outcome:
    raise ValueError("the scales are broken")


def only() -> Incident:
    return Incident.objects.get()


def wear_out() -> None:
    """Try until nobody tries any more: back-off is machine time, so it is skipped here."""
    for _try in range(6):
        settle()
        with vendor():
            Work.objects.filter(status="ready", kind="step").update(not_before=Work.objects.first().created_at)


class TestAFailingStep:
    def test_is_tried_again_with_a_pause_and_ends_as_one_incident_with_its_evidence(self):
        publish(WEIGH, KEEP)
        with behaving(weigh=broken):
            subject = find()
            settle()
            with vendor():
                work = Work.objects.get()
                assert (work.status, work.attempt) == ("ready", 1)
                assert work.not_before > work.created_at
                assert not Incident.objects.exists()
            wear_out()
        with vendor():
            incident = only()
            told = "The step “weigh” failed 4 times, the last time with “the scales are broken” (ValueError)."
            assert incident.message == told
            assert "the scales are broken" in incident.evidence["error"]
            assert (incident.block, incident.subject_id) == ("weigh", subject)
            assert Work.objects.get().status == "held"

    def test_goes_on_after_a_retry_once_the_cause_is_mended(self):
        publish(WEIGH, KEEP)
        with behaving(weigh=broken):
            subject = find()
            wear_out()
        with vendor() as now:
            assert actions.retry_incident(incident_id=only().pk, actor=olivia.actor, now=now).allowed
        with behaving(weigh=lambda: Outcome("light")):
            settle()
        assert happened(subject)[-1] == ("ended", "done")
        with vendor():
            assert only().status == "retried"
            assert AuditEntry.objects.filter(action="incident.retried").exists()

    def test_can_be_skipped(self):
        publish(WEIGH, KEEP)
        with behaving(weigh=broken):
            subject = find()
            wear_out()
            with vendor() as now:
                actions.skip_incident(incident_id=only().pk, actor=olivia.actor, now=now)
            settle()
        assert ("weigh", "skipped") in happened(subject)
        assert happened(subject)[-1] == ("ended", "done")

    def test_can_end_its_run(self):
        publish(WEIGH, KEEP)
        with behaving(weigh=broken):
            find()
            wear_out()
            with vendor() as now:
                actions.cancel_incident(incident_id=only().pk, actor=ada.actor, now=now)
        with vendor():
            assert Run.objects.get().status == "cancelled"
            assert only().status == "cancelled"
            assert not Work.objects.exists()

    @pytest.mark.parametrize("who", [mia, aud])
    def test_is_not_resolved_by_those_who_may_not(self, who):
        publish(WEIGH)
        with behaving(weigh=broken):
            find()
            wear_out()
        with vendor() as now:
            decision = actions.retry_incident(incident_id=only().pk, actor=who.actor, now=now)
            assert decision.reason_keys == ("incident.not_yours",)
            assert only().status == "open"

    def test_leaves_the_steps_before_it_done(self):
        publish(KEEP, WEIGH)
        with behaving(weigh=broken) as calls:
            find()
            wear_out()
            assert [key for key, *_ in calls].count("thing.keep") == 1


class TestABrokenDefinition:
    def test_never_breaks_the_event_and_becomes_one_incident(self):
        publish(
            KEEP,
            unlinted=True,
            trigger={"event": "test.thing.found", "when": {"field": "thing.colour", "operator": "=", "value": "red"}},
        )
        find()
        settle()
        with vendor():
            assert only().kind == "broken_definition"
            assert EventRow.objects.filter(name="test.thing.found").count() == 1
            assert not Delivery.objects.exclude(state="done").exists()

    def test_an_action_that_nobody_offers_is_an_incident_at_once(self):
        publish({"id": "x", "type": "action", "action": "thing.vanished"}, unlinted=True)
        find()
        settle()
        with vendor():
            assert "thing.vanished" in only().message

    def test_a_branch_that_fails_leaves_the_finished_step_before_it_alone(self):
        publish(WEIGH, {"id": "b", "type": "branch", "cases": []}, KEEP, unlinted=True)
        with behaving(weigh=lambda: Outcome("light")) as calls:
            subject = find()
            settle()
            assert [key for key, *_ in calls] == ["thing.weigh"]
        assert ("weigh", "light") in happened(subject)
        with vendor():
            assert only().block == "b"


class TestNobodyTakesAnEventUp:
    def test_after_the_workflow_is_retired_one_incident_says_why(self):
        workflow = publish(KEEP)
        with vendor() as now:
            assert actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now).allowed
        subject = find()
        settle()
        settle()
        with vendor():
            incident = only()
            assert incident.kind == "no_workflow"
            assert "retired" in incident.message
            assert incident.subject_id == subject
            assert not Run.objects.exists()

    def test_a_retry_starts_it_once_there_is_a_version_again(self):
        workflow = publish(KEEP)
        with vendor() as now:
            actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now)
        subject = find()
        settle()
        with vendor() as now:
            refused = actions.retry_incident(incident_id=only().pk, actor=olivia.actor, now=now)
            assert refused.reason_keys == ("incident.still_fails",)
        publish(KEEP)
        with vendor() as now:
            assert actions.retry_incident(incident_id=only().pk, actor=olivia.actor, now=now).allowed
        settle()
        assert happened(subject)[-1] == ("ended", "done")

    def test_an_event_that_needs_an_answer_is_an_incident_when_there_never_was_a_workflow(self):
        find(kind=ThingNeeded)
        find()
        settle()
        with vendor():
            assert only().event_name == "test.thing.needed"


class TestARunThatStandsStill:
    def test_is_found_and_can_go_on(self):
        publish(KEEP, TELL)
        subject = find()
        relay.drain()
        with vendor():
            Work.objects.all().delete()  # as no code of ours does
        assert engine.sweep(quiet="0 seconds") == 1
        assert engine.sweep(quiet="0 seconds") == 0
        with vendor() as now:
            assert only().kind == "stuck"
            actions.retry_incident(incident_id=only().pk, actor=olivia.actor, now=now)
        settle()
        assert happened(subject)[-1] == ("ended", "done")

    def test_waiting_is_not_standing_still(self):
        publish({"id": "w", "type": "wait", "minutes": 60})
        find()
        settle()
        assert engine.sweep(quiet="0 seconds") == 0


class TestAnIncidentsSentence:
    def retired(self) -> Incident:
        workflow = publish(KEEP)
        with vendor() as now:
            actions.retire_workflow(workflow_id=workflow, actor=ada.actor, now=now)
        find()
        settle()
        with vendor():
            return only()

    def test_is_told_in_the_readers_language_whatever_the_workers_was(self):
        incident = self.retired()
        assert "“Things” is retired and no other takes this up" in incident.message
        with vendor():
            Membership.objects.filter(pk=ada.membership_id).update(language="de")
        with world.logged_in_as("web"):
            for path in ("", f"{incident.pk}/"):
                page = client_of(ada).get(f"/console/workflows/incidents/{path}").content.decode()
                assert "„Things“ ist zurückgezogen" in page and "is retired" not in page, path

    def test_of_a_broken_step_too_in_the_incident_and_in_the_story_of_its_run(self):
        publish({"id": "clock", "type": "sla_start", "clock": "answer", "policy": "deal-answer"}, KEEP, unlinted=True)
        subject = find()
        settle()
        with vendor(), translation.override("de"):
            sentence = "Es gibt keine SLA-Richtlinie „deal-answer“."
            assert only().sentence.startswith(sentence)
            assert any(entry["text"].startswith(sentence) for entry in timeline(subject))

    def test_kept_before_sentences_were_stays_as_it_was(self):
        incident = self.retired()
        with vendor(), translation.override("de"):
            Incident.objects.update(said=None, message="“Things” was put away, long ago.")
            incident.refresh_from_db()
            assert incident.sentence == "“Things” was put away, long ago."
