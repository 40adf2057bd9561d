"""Many customers marked at once: shown first, then done with its audit, and taken back with one stroke."""

import re

import pytest

from dealreg import actions
from dealreg.models import Customer, MatchKey
from prm.kernel.audit.models import AuditEntry
from tests.cast import acme, aud, cam, client_of, olivia, vendor, zenith, zoe

LIST = "/console/customers/"


def customer(name, of=acme, by=olivia, **fields):
    with vendor(of) as now:
        return actions.create_customer(name=name, actor=by.actor, now=now, **fields).pk


def house(*ids, of=acme):
    with vendor(of):
        return [Customer.objects.get(pk=pk).is_house for pk in ids]


@pytest.fixture
def three():
    """One that is a house account already, and two that are none."""
    return customer("Alder AG", is_house=True), customer("Baobab GmbH"), customer("Cypress KG")


class TestMakingManyHouseAccounts:
    def test_is_shown_first_and_changes_nothing(self, three):
        page = client_of(olivia).post(LIST, {"bulk": "house", "ids": three}).content.decode()

        assert "<strong>2</strong> rows will be changed" in page and "It is a house account already" in page
        assert "go to people from now on" in page
        assert house(*three) == [True, False, False]

    def test_confirmed_is_audited_one_by_one_and_leaves_other_vendors_and_the_keys_alone(self, three):
        other = customer("Zinnia Ltd", of=zenith, by=zoe)
        with vendor():
            keys = set(MatchKey.objects.values_list("pk", flat=True))

        data = {"bulk": "house", "ids": [*three, other], "confirmed": "1"}
        page = client_of(olivia).post(LIST, data, follow=True).content.decode()

        assert "2 customers are changed." in page
        assert house(*three) == [True, True, True] and house(other, of=zenith) == [False]
        with vendor():
            told = AuditEntry.objects.filter(action="customer.updated").values_list("target_id", "before", "after")
            assert sorted(told) == sorted((pk, {"is_house": False}, {"is_house": True}) for pk in three[1:])
            assert set(MatchKey.objects.values_list("pk", flat=True)) == keys

    def test_is_taken_back_with_one_stroke_for_those_that_were_changed(self, three):
        client = client_of(olivia)
        page = client.post(LIST, {"bulk": "house", "ids": three, "confirmed": "1"}, follow=True).content.decode()
        undo = re.search(r"undo=(/[^\s\"]+)", page)[1]

        assert client_of(cam).post(undo).status_code == 403
        assert client.post(undo).status_code == 204
        assert house(*three) == [True, False, False]
        assert client.post(undo).status_code == 409

    def test_is_for_those_who_may_do_it_to_one(self, three):
        for who in (cam, aud):
            assert client_of(who).post(LIST, {"bulk": "house", "ids": three}).status_code == 403

    def test_costs_two_statements_and_the_audit_of_each(self, three, django_assert_max_num_queries):
        more = [customer(f"Fir {number} AG") for number in range(10)]
        with vendor() as now, django_assert_max_num_queries(2 + 10 * 3):
            actions.mark_customers(
                customer_ids=more, mark="is_blocked", value=True, batch=acme.id, actor=olivia.actor, now=now
            )


class TestAMark:
    def test_that_there_is_none_of_is_refused(self, three):
        with vendor() as now, pytest.raises(ValueError, match="not a mark"):
            actions.mark_customers(
                customer_ids=three, mark="name", value=True, batch=acme.id, actor=olivia.actor, now=now
            )
