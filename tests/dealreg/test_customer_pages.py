"""Customers in the console: made, changed, known by other names, and what deals then meet."""

from uuid import uuid4

import pytest

from dealreg.models import Customer, DealAssessment
from tests.cast import aud, client_of, finn, olivia, vendor, zoe
from tests.dealreg import deals

NEW = "/console/customers/new/"
TYPED = {"name": "Alpenrose Hotels AG", "domain": "alpenrose.example", "country": "AT", "external_id": "A-1"}


@pytest.fixture
def customer():
    client_of(olivia).post(NEW, TYPED)
    with vendor():
        return Customer.objects.get(external_id="A-1")


def at(customer, more=""):
    return f"/console/customers/{customer.pk}/{more}"


class TestACustomer:
    def test_is_made_shown_and_changed(self, customer):
        client = client_of(olivia)
        assert "Alpenrose Hotels AG" in client.get(at(customer)).content.decode()

        client.post(at(customer, "edit/"), {**TYPED, "name": "Alpenrose Resorts AG", "is_house": "on"})

        page = client.get(at(customer)).content.decode()
        assert "Alpenrose Resorts AG" in page and "House account" in page and "customer.updated" in page

    def test_of_a_taken_reference_is_refused_in_words(self, customer):
        client = client_of(olivia)
        answer = client.post(NEW, {**TYPED, "name": "Somebody Else"})
        client.post(NEW, {"name": "Somebody Else", "external_id": "A-2"})
        with vendor():
            other = Customer.objects.get(external_id="A-2")
        changed = client.post(at(other, "edit/"), {"name": "Somebody Else", "external_id": "A-1"})

        for refused in (answer, changed):
            assert refused.status_code == 422
            assert "Alpenrose Hotels AG has this reference already." in refused.content.decode()

    def test_keeps_its_own_reference_when_it_is_changed(self, customer):
        assert client_of(olivia).post(at(customer, "edit/"), TYPED).status_code == 302

    def test_is_found_by_another_name_once_somebody_has_written_it_down(self, customer):
        client_of(olivia).post(at(customer, "aliases"), {"name": "Zugspitz Betriebs GmbH"})

        assert "Zugspitz Betriebs GmbH" in client_of(aud).get(at(customer)).content.decode()
        deal = deals.in_review(customer_name="Zugspitz Betriebs GmbH", customer_domain="", customer_country="AT")
        with vendor():
            assert DealAssessment.objects.get(deal_id=deal).customer_id == customer.pk

    def test_shows_its_deals_and_who_is_protected(self, customer):
        deal = deals.approved(customer_name="Alpenrose Hotels AG", customer_domain="alpenrose.example")

        page = client_of(aud).get(at(customer)).content.decode()

        assert f"/console/deals/{deal}/" in page and "Birch Systems" in page
        assert "Who is or was protected here" in page and "Protected until" in page

    def test_is_read_by_an_auditor_and_changed_by_those_who_may(self, customer):
        assert client_of(aud).get(at(customer)).status_code == 200
        for who in (aud, finn):
            assert client_of(who).post(at(customer, "aliases"), {"name": "x"}).status_code == 403

    def test_of_another_vendor_answers_as_one_that_does_not_exist(self, customer):
        client = client_of(zoe)
        answers = {client.get(f"/console/customers/{pk}/").status_code for pk in (customer.pk, uuid4())}
        assert answers == {404}
