"""A new version of the deal workflow decides where the next deal from the portal lands; retired, a deal waits."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils.html import escape

from dealreg.models import Deal, DealStatus
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from prm.kernel.reference.models import ProductLine
from tests.cast import ada, bo, client_of, finn, mia, olivia, vendor
from tests.world import logged_in_as
from workflows.models import HumanTask, Incident, Run, Workflow, WorkflowVersion

INCIDENTS = "/console/workflows/incidents/"
pytestmark = pytest.mark.usefixtures("replays_true")


def work() -> None:
    """A worker passes by."""
    from prm.kernel.events import relay
    from workflows import engine

    with logged_in_as("worker"):
        while relay.drain() + engine.drain():
            pass


def register(**changes: str) -> UUID:
    """Bo fills in the portal's form and hands it in."""
    with vendor() as now:
        line = ProductLine.objects.get(code="platform")
        close = now.date().replace(year=now.year + 1, day=1)
    form = {
        "customer_name": "Nordwind Logistik GmbH",
        "customer_domain": "nordwind-logistik.de",
        "customer_country": "DE",
        "product_lines": [str(line.pk)],
        "amount": "150000",
        "currency": "EUR",
        "expected_close_on": close.isoformat(),
        "notes": "",
        **changes,
    }
    answer = client_of(bo).post("/portal/deals/new/", form)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    work()
    return UUID(answer["Location"].rstrip("/").rsplit("/", 1)[1])


def in_force() -> WorkflowVersion:
    with vendor():
        return WorkflowVersion.objects.select_related("workflow").get(
            workflow__key="deal-registration", status="published"
        )


def tree_as_downloaded(client: Client) -> dict[str, Any]:
    answer = client.get(f"/console/workflows/versions/{in_force().pk}/download/")
    tree: dict[str, Any] = json.loads(answer.content)
    return tree


def let_finn_approve(blocks: list[dict[str, Any]]) -> None:
    """Every approval in the tree goes to one named person."""
    for block in blocks:
        if block["type"] == "approval":
            block["assign"] = {"kind": "person", "value": finn.email}
        for case in block.get("cases", []):
            let_finn_approve(case["blocks"])
        let_finn_approve(block.get("otherwise", []))


@pytest.fixture
def second_admin() -> Client:
    """Mia is made an admin, so that there are two of them."""
    with vendor():
        Membership.objects.filter(pk=mia.membership_id).update(roles=["approver", "admin"])
    return client_of(mia)


class TestAVersionWithAnotherApprover:
    def upload(self) -> str:
        """Ada downloads the version in force, changes it and uploads it as a draft."""
        client = client_of(ada)
        tree = tree_as_downloaded(client)
        let_finn_approve(tree["blocks"])
        tree["parameters"] = [one for one in tree["parameters"] if one["key"] != "approver"]
        answer = client.post(
            "/console/workflows/upload/", {"tree": json.dumps(tree), "note": "Finn looks at large deals now"}
        )
        assert answer.status_code == 302, answer.content.decode()
        return str(answer["Location"])

    def test_the_next_deal_from_the_portal_lands_there(self, second_admin):
        before = register()
        draft = self.upload()
        second_admin.post(f"{draft}publish/")

        after = register(customer_name="Kessler Maschinenbau AG", customer_domain="kessler-maschinen.de")

        with vendor():
            owners = dict(HumanTask.objects.filter(status="open").values_list("subject_id", "owner__name"))
            runs = dict(Run.objects.values_list("subject_id", "version__number"))
        assert owners == {before: None, after: "Finn"}
        assert runs == {before: 1, after: 2}
        queue = client_of(finn).get("/console/queue/?view=mine").content.decode()
        assert "Kessler Maschinenbau AG" in queue
        assert "Nordwind" not in queue

    def test_its_author_can_not_publish_it(self):
        draft = self.upload()

        answer = client_of(ada).post(f"{draft}publish/", follow=True)

        assert in_force().number == 1
        assert "second person" in answer.content.decode()

    def test_a_tree_that_can_not_run_is_kept_as_a_draft_but_never_put_into_force(self, second_admin):
        client = client_of(ada)
        tree = tree_as_downloaded(client)
        tree["blocks"][1]["action"] = "dealreg.no_such_action"
        draft = str(client.post("/console/workflows/upload/", {"tree": json.dumps(tree)})["Location"])

        second_admin.post(f"{draft}publish/")

        assert in_force().number == 1
        assert "dealreg.no_such_action" in client.get(draft).content.decode()


class TestARetiredWorkflow:
    @pytest.fixture
    def deal(self) -> UUID:
        """Ada retires the workflow; then Bo hands a deal in."""
        client_of(ada).post(f"/console/workflows/{in_force().workflow_id}/retire/")
        return register()

    def test_leaves_the_deal_submitted_and_one_incident_tells_why(self, deal):
        with vendor():
            found = Deal.objects.get(pk=deal)
            incident = Incident.objects.get()
            assert found.status == DealStatus.SUBMITTED
            assert found.decided_at is None
            assert not Run.objects.filter(subject_id=deal).exists()
            assert not Message.objects.filter(subject_id=deal).exists()
        assert incident.subject_id == deal
        assert "“Deal registration” is retired" in incident.message
        page = client_of(ada).get(f"/console/workflows/incidents/{incident.pk}/").content.decode()
        assert escape(incident.message) in page
        assert "Nordwind Logistik GmbH" in page
        work()
        with vendor():
            assert Incident.objects.count() == 1

    def republished(self, second_admin: Client) -> None:
        with vendor():
            old = Workflow.objects.get(key="deal-registration").versions.get()
        tree = json.loads(client_of(ada).get(f"/console/workflows/versions/{old.pk}/download/").content)
        draft = str(client_of(ada).post("/console/workflows/upload/", {"tree": json.dumps(tree)})["Location"])
        second_admin.post(f"{draft}publish/")

    def test_many_incidents_are_tried_again_at_once_after_a_preview(self, deal, second_admin):
        other = register(customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example")
        everything = {"bulk": "retry", "all": "1"}
        still = client_of(olivia).post(INCIDENTS, {**everything, "confirmed": "1"}, follow=True).content.decode()
        assert "0 incidents are tried again" in still and "2 × Still no published workflow" in still
        self.republished(second_admin)

        preview = client_of(olivia).post(INCIDENTS, everything).content.decode()
        with vendor():
            assert Incident.objects.filter(status="open").count() == 2, "a preview changes nothing"
        client_of(olivia).post(INCIDENTS, {**everything, "confirmed": "1"})

        assert "Nordwind Logistik" in preview or "is retired" in preview
        with vendor():
            assert set(Run.objects.values_list("subject_id", flat=True)) == {deal, other}
            assert not Incident.objects.filter(status="open").exists()
        assert client_of(finn).post(INCIDENTS, everything).status_code == 403

    def test_goes_on_once_a_version_is_published_and_the_incident_tried_again(self, deal, second_admin):
        with vendor():
            incident = Incident.objects.get()
        self.republished(second_admin)

        client_of(ada).post(f"/console/workflows/incidents/{incident.pk}/resolve/", {"how": "retry"})
        work()

        with vendor():
            assert Deal.objects.get(pk=deal).status == DealStatus.SUBMITTED
            assert Incident.objects.get().status != "open"
