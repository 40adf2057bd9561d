"""The generic webhook: signed as Standard Webhooks says, with two secrets while one is changed over."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from hmac import compare_digest, digest

import pytest

from integrations import actions, queries, rules
from tests.cast import ada, cedar, mia, olivia, vendor
from tests.dealreg.deals import submitted
from tests.integrations.conftest import Receiver
from tests.integrations.lines import at_once, go, jobs, states, the_connection, webhook

pytestmark = pytest.mark.usefixtures("as_worker")


def verified(secret: str, headers: dict[str, str], body: str) -> bool:
    """As a receiver checks it: any of the signatures will do."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    wanted = "v1," + b64encode(digest(key, signed, sha256)).decode()
    return any(compare_digest(one, wanted) for one in headers["webhook-signature"].split(" "))


class TestAMessage:
    def test_is_signed_and_says_what_changed_and_what_is(self, receiver: Receiver):
        connection = webhook(receiver)
        deal = submitted()
        go()
        [(headers, body)] = receiver.got
        with vendor():
            secret = queries.newest_secret(connection)
        assert secret.startswith("whsec_")
        assert verified(secret, headers, body)
        assert not verified(secret, headers, body + " ")
        told = json.loads(body)
        assert told["type"] == "deal.changed"
        assert told["data"]["id"] == str(deal)
        assert told["data"]["changed"] == told["data"]["fields"]
        assert told["data"]["fields"]["Amount"] == "12000.00"

    def test_that_was_not_taken_goes_again_under_the_same_id(self, receiver: Receiver):
        webhook(receiver)
        submitted()
        receiver.answers = [(500, {}), (404, {})]
        for _try in range(3):
            go()
            at_once()
        assert states() == ["done"]
        assert len(receiver.got) == 3
        assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
        assert len({body for _headers, body in receiver.got}) == 1

    def test_is_signed_with_both_secrets_for_a_day_after_a_change(self, receiver: Receiver):
        connection = webhook(receiver)
        with vendor() as now:
            old = queries.newest_secret(connection)
            assert actions.set_secret(connection_id=connection, actor=olivia.actor, now=now).refused
            assert actions.set_secret(connection_id=connection, actor=ada.actor, now=now).allowed
            new = queries.newest_secret(connection)
        assert old != new
        submitted()
        go()
        [(headers, body)] = receiver.got
        assert verified(old, headers, body) and verified(new, headers, body)

    def test_that_a_receiver_wants_no_more_breaks_the_connection(self, receiver: Receiver):
        connection = webhook(receiver)
        submitted()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        receiver.answers = [(410, {})]
        go()
        assert (the_connection(connection).status, len(receiver.got)) == ("broken", 1)

    def test_that_is_declined_again_and_again_is_a_dead_letter(self, receiver: Receiver):
        webhook(receiver)
        submitted()
        receiver.answers = [(422, {})] * 20
        for _try in range(12):
            go()
            at_once()
        assert [(job.state, job.attempt) for job in jobs()] == [("dead", rules.TRIES["declined"])]


class TestAPausedConnection:
    def test_collects_what_changes_and_sends_it_in_order_once_it_is_switched_on(self, receiver: Receiver):
        connection = webhook(receiver, on=False)
        submitted()
        submitted(cedar, customer_name="Alpenblick Optik", customer_domain="alpenblick.example")
        go()
        assert (receiver.got, states()) == ([], ["waiting", "waiting"])
        with vendor() as now:
            assert actions.switch_connection(connection_id=connection, to="active", actor=mia.actor, now=now).refused
            assert actions.switch_connection(connection_id=connection, to="active", actor=olivia.actor, now=now).allowed
        go()
        assert [json.loads(body)["data"]["fields"]["Name"] for _headers, body in receiver.got] == [
            "Nordwind Logistik GmbH",
            "Alpenblick Optik",
        ]

    def test_can_not_be_switched_on_before_a_field_is_mapped(self, receiver: Receiver):
        connection = webhook(receiver, rows=[], on=False)
        with vendor() as now:
            decision = actions.switch_connection(connection_id=connection, to="active", actor=ada.actor, now=now)
        assert decision.reason_keys == ("mapping.missing",)


class TestWritingNow:
    def test_writes_a_deal_that_nothing_has_happened_to(self, receiver: Receiver):
        deal = submitted()
        go()
        connection = webhook(receiver)
        with vendor() as now:
            assert queries.why("deal", deal)[0].state == "never"
            asked = actions.sync_now(subject="deal", subject_id=deal, actor=olivia.actor, now=now)
            assert asked.allowed
            assert actions.sync_now(subject="deal", subject_id=connection, actor=olivia.actor, now=now).refused
        go()
        assert len(receiver.got) == 1
        with vendor() as now:
            assert queries.why("deal", deal)[0].state == "synced"
            actions.sync_now(subject="deal", subject_id=deal, actor=olivia.actor, now=now)
        go()
        assert len(receiver.got) == 1  # nothing is new to them
        assert states() == ["done", "done"]
