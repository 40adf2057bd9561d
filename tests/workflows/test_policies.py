"""SLA policies: a promise by name, changed without a new version of the workflow."""

import pytest

from prm.kernel.audit.models import AuditEntry
from prm.kernel.reference.models import Calendar
from tests.cast import ada, aud, client_of, vendor, zack, zenith
from tests.workflows.test_console import work
from tests.workflows.things import approval, find, happened, publish, tree
from workflows.definition import lint, outline
from workflows.definition.lint import Surroundings
from workflows.models import Incident, SlaClock, SlaPolicy
from workflows.queries import surroundings

START = {"id": "clock", "type": "sla_start", "clock": "answer", "policy": "deal-answer"}
TYPED = {"key": "deal-answer", "name": "Answer to a deal", "minutes": "240", "calendar": "", "warn_at": "80,50",
         "warn": ["queue.owner", "role:ops"], "escalate": ["person:ada@acme.example"]}  # fmt: skip


def clock() -> SlaClock:
    with vendor():
        return SlaClock.objects.select_related("calendar").order_by("-started_at")[0]


class TestAPolicy:
    def test_is_set_by_an_admin_and_audited(self):
        assert client_of(ada).post("/admin/workflows/slapolicy/add/", TYPED).status_code == 302
        with vendor():
            held = SlaPolicy.objects.get()
            assert (held.minutes, held.warn_at, held.warn) == (240, [50, 80], ["queue.owner", "role:ops"])
            assert AuditEntry.objects.get(action="configuration.added").target_id == held.pk
        with vendor(zenith):
            assert not SlaPolicy.objects.exists()

    @pytest.mark.parametrize("wrong", [{"minutes": "0"}, {"warn_at": "120"}, {"warn": ["role:king"]}, {"key": "a b"}])
    def test_refuses_what_makes_no_sense(self, wrong):
        assert client_of(ada).post("/admin/workflows/slapolicy/add/", {**TYPED, **wrong}).status_code == 200
        with vendor():
            assert not SlaPolicy.objects.exists()

    def test_is_only_read_by_an_auditor_and_not_there_for_another_vendor(self):
        client_of(ada).post("/admin/workflows/slapolicy/add/", TYPED)
        assert client_of(aud).post("/admin/workflows/slapolicy/add/", TYPED).status_code == 403
        with vendor():
            pk = SlaPolicy.objects.get().pk
        assert client_of(zack).get(f"/admin/workflows/slapolicy/{pk}/change/").status_code == 302

    def test_is_what_a_clock_that_names_it_goes_by(self):
        client_of(ada).post("/admin/workflows/slapolicy/add/", TYPED)
        publish(START, approval())
        find()
        work()
        assert (clock().minutes, clock().warn_at, clock().calendar.is_default) == (240, [50, 80], True)
        with vendor():
            late = Calendar.objects.create(code="late", name="Late", days=[0, 1, 2, 3, 4, 5, 6], time_zone="UTC")
            SlaPolicy.objects.update(minutes=60, calendar=late)
        find()
        work()
        assert (clock().minutes, clock().calendar.code) == (60, "late")

    def test_gives_way_to_what_the_block_says_itself(self):
        client_of(ada).post("/admin/workflows/slapolicy/add/", TYPED)
        publish({**START, "minutes": 30}, approval())
        find()
        work()
        assert (clock().minutes, clock().warn_at) == (30, [50, 80])

    def test_that_is_gone_makes_an_incident_and_no_silence(self):
        client_of(ada).post("/admin/workflows/slapolicy/add/", TYPED)
        publish(START, approval())
        with vendor():
            SlaPolicy.objects.all().delete()
        subject = find()
        work()
        with vendor():
            assert "There is no SLA policy “deal-answer”" in Incident.objects.get().message
        assert ("clock", "started") not in happened(subject)


class TestTheLint:
    def test_knows_the_vendors_policies(self):
        around = Surroundings(policies=frozenset({"deal-answer"}))
        assert lint(tree(START), around) == []
        assert "policy “deal-answer”" in outline(tree(START))[1].text
        told = [problem.message for problem in lint(tree({**START, "policy": "other"}), around)]
        assert told == ["There is no SLA policy “other”. Add one under Setup, SLA."]
        with vendor():
            assert "deal-answer" in " ".join(p.message for p in lint(tree(START), surroundings()))

    def test_wants_minutes_or_a_policy(self):
        told = [problem.message for problem in lint(tree({"id": "c", "type": "sla_start", "clock": "answer"}))]
        assert told == ["Say how long: minutes, or the name of an SLA policy."]
        assert lint(tree({**START, "policy": 5}))
        assert lint(tree({**START, "policy": ["x"]}))
