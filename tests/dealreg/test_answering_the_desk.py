"""A returned deal opens the fields that were asked for, whichever they are, and no other."""

import re

import pytest

from dealreg.entry import FIELDS
from dealreg.models import DealStatus
from tests.cast import birch, bo, client_of
from tests.dealreg.deals import returned, the


def fields_of(page: str) -> list[str]:
    form = page[page.index("What we need from you") :]
    return list(dict.fromkeys(re.findall(r'<(?:input|select|textarea)[^>]* name="([a-z_]+)"', form)))


class TestTheAnswer:
    @pytest.mark.parametrize("name", FIELDS)
    def test_has_a_field_for_whatever_was_asked(self, name):
        deal = returned(birch, opened=(name,))

        page = client_of(bo).get(f"/portal/deals/{deal}/answer/").content.decode()

        assert name in fields_of(page)
        assert set(FIELDS) & set(fields_of(page)) == {name}

    def test_is_sent_with_a_field_that_the_short_form_leaves_out(self):
        deal = returned(birch, opened=("customer_city", "contact_email"))

        answer = client_of(bo).post(
            f"/portal/deals/{deal}/answer/", {"customer_city": "Kiel", "contact_email": "einkauf@nordwind-logistik.de"}
        )

        assert answer.status_code == 302
        found = the(deal)
        assert (found.status, found.customer_city) == (DealStatus.SUBMITTED, "Kiel")
        assert found.contact_email == "einkauf@nordwind-logistik.de"
