"""Deals from before a connection: written by the lane of every change, with progress, and never twice."""

from typing import Any
from uuid import UUID

from integrations import actions, queries
from integrations.actions import existing
from integrations.models import Connection
from prm.kernel.decisions import Decision
from tests.cast import ada, aud, client_of, mia, olivia, vendor
from tests.dealreg.deals import draft, submitted
from tests.integrations import salesforce_server as sf
from tests.integrations.lines import behind_the_web, jobs, salesforce, webhook
from tests.integrations.salesforce_server import SalesforceServer


def ask(connection: UUID, who: Any = ada) -> Decision:
    with vendor() as now:
        return actions.write_existing(connection_id=connection, actor=who.actor, now=now)


def standing(connection: UUID) -> queries.Existing:
    with vendor():
        return queries.existing_of(Connection.objects.get(pk=connection))


def deals(many: int) -> list[UUID]:
    return [submitted(customer_name=f"Kunde {n} GmbH", customer_domain=f"kunde-{n}.de") for n in range(many)]


class TestWritingWhatThereIs:
    def test_writes_every_deal_once_in_batches_and_again_sends_nothing(self, receiver: Any, monkeypatch: Any):
        monkeypatch.setattr(existing, "AT_ONCE", 2)
        made = deals(3)
        draft()
        behind_the_web()
        line = webhook(receiver)
        assert (standing(line).records, standing(line).known) == (3, 0)

        assert ask(line).allowed
        assert ask(line).reason_keys == ("sync.being_written",)
        behind_the_web()

        found = standing(line)
        assert (found.wanted, found.done, found.is_running, found.known) == (3, 3, False, 3)
        assert [job.subject_id for job in jobs()] == made and len(receiver.got) == 3
        assert ask(line).allowed
        behind_the_web()
        assert len(receiver.got) == 3 and standing(line).done == 3

    def test_a_batch_that_is_told_twice_is_noted_once_and_what_waits_is_left_to_itself(self, receiver: Any):
        deals(2)
        line = webhook(receiver)
        with vendor() as now:
            for _time in range(2):
                actions.note_existing(connection_id=line, run="1", after=None, now=now)
            actions.note_existing(connection_id=line, run="2", after=None, now=now)

        assert len(jobs(event=queries.EXISTING)) == 2

    def test_only_keepers_and_only_with_a_mapping(self, receiver: Any):
        deals(1)
        line = webhook(receiver, rows=[], on=False)

        assert ask(line).reason_keys == ("mapping.missing",)
        assert "sync.not_yours" in ask(line, mia).reason_keys


class TestThePages:
    def test_show_what_would_happen_and_how_far_it_is(self, receiver: Any):
        deals(2)
        behind_the_web()
        page = f"/console/integrations/{webhook(receiver)}/existing/"

        assert "2 deals go out as they are now" in client_of(olivia).get(page).content.decode()
        assert client_of(olivia).post(page).status_code == 302
        assert "0 of 2 deals" in client_of(olivia).get(page).content.decode()
        behind_the_web()
        done = client_of(olivia).get(page, headers={"HX-Request": "true"}).content.decode()
        assert "2 deals went through" in done and "<html" not in done
        assert client_of(aud).get(page).status_code == 403

    def test_dead_letters_are_counted_beside_the_navigation_and_on_today(self, org: SalesforceServer):
        assert "need" not in client_of(olivia).get("/console/").content.decode().split("Other systems")[-1][:300]
        salesforce(org)
        deal = submitted()
        org.faults = [sf.DUPLICATE]
        behind_the_web()

        today = client_of(olivia).get("/console/").content.decode()
        assert "1 change could not be written and needs help" in today
        assert "could not be written" not in client_of(mia).get("/console/").content.decode()
        why = client_of(olivia).get(f"/console/integrations/deals/{deal}/").content.decode()
        assert "A deal is submitted" in why and "dealreg.deal" not in why
