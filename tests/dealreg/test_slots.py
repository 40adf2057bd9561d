"""What deals add to other records."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import birch, cedar, client_of, olivia
from tests.dealreg import deals


def page_of(organisation, client=None):
    client = client or client_of(olivia)
    return client.get(reverse("partners_console:partner", args=[organisation.id])).content.decode()


class TestAPartnersRecord:
    def test_shows_its_deals_with_their_states_and_the_way_to_all(self):
        deal = deals.approved(birch)
        deals.submitted(cedar, customer_name="Somebody Else AG", customer_domain="else.example")
        deals.draft(birch, customer_name="Not yet handed in")

        page = page_of(birch)

        assert f'href="{reverse("dealreg_console:deal", args=[deal])}"' in page
        assert "Nordwind Logistik GmbH" in page and "Protected" in page
        assert f"{reverse('dealreg_console:list')}?partner={birch.id}&amp;status=approved" in page
        assert "Somebody Else AG" not in page and "Not yet handed in" not in page

    def test_leads_to_a_list_of_that_partners_deals_alone(self):
        deals.submitted(birch)
        deals.submitted(cedar, customer_name="Somebody Else AG", customer_domain="else.example")

        found = client_of(olivia).get(reverse("dealreg_console:list"), {"partner": str(birch.id)}).content.decode()

        assert "Nordwind Logistik GmbH" in found and "Somebody Else AG" not in found

    def test_of_a_new_partner_says_that_there_are_none(self):
        assert "No deal has been handed in yet." in page_of(cedar)

    def test_asks_as_often_for_ten_times_the_deals(self):
        client = client_of(olivia)
        counts = []
        for number in range(11):
            deals.submitted(birch, customer_name=f"Customer {number} GmbH", customer_domain=f"c{number}.example")
            if number in (0, 10):
                with CaptureQueriesContext(connection) as asked:
                    page_of(birch, client)
                counts.append(len(asked))
        assert counts[1] <= counts[0]
