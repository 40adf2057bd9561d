"""The builder at work in the console: what would match now, counted within the tenant's wall."""

from typing import Any

import pytest

from dealreg.actions import save_draft
from tests.cast import acme, ada, birch, bo, client_of, olivia, vendor, zoe

EDIT, PREVIEW = "/console/conditions/deal/when/edit", "/console/conditions/deal/when/preview"


def row(field: str, operator: str, value: str = "") -> dict[str, str]:
    return {
        "when-root-join": "and",
        "when-0-field": field,
        "when-0-operator": operator,
        "when-0-value": value,
    }


def asked(person: Any, url: str, data: dict[str, str]) -> Any:
    return client_of(person).post(url, data, headers={"HX-Request": "true", "HX-Target": "id_when"})


def drafts(*amounts: str) -> None:
    with vendor(acme) as now:
        for amount in amounts:
            fields = {"customer_name": f"Customer {amount}", "amount": amount, "currency": "EUR"}
            save_draft(partner_id=birch.id, fields=fields, actor=bo.actor, now=now)


class TestPreview:
    def test_counts_the_rows_of_this_vendor_alone(self):
        drafts("500", "1000", "2500")
        data = row("deal.amount", ">=", "1000")
        assert "Matches 2 of 3 deals now." in asked(olivia, PREVIEW, data).content.decode()
        assert "Matches 0 of 0 deals now." in asked(zoe, PREVIEW, data).content.decode()

    def test_tells_the_sentence_and_counts(self):
        answer = asked(olivia, PREVIEW, row("deal.amount", ">=", "1000"))
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "Applies when: Amount is at least 1,000.00." in text
        assert "Matches 0 of 0 deals now." in text

    def test_says_why_something_can_not_be_counted(self):
        assert "known at an event only" in asked(ada, PREVIEW, row("deal.amount", "changed")).content.decode()

    def test_counts_by_facts_that_no_column_holds(self):
        drafts("500", "1000")
        answer = asked(olivia, PREVIEW, row("partner.watched", "=", "false")).content.decode()
        assert "Matches 2 of 2 deals now." in answer

    def test_waits_for_the_rest_of_a_row(self):
        assert "Complete every row" in asked(ada, PREVIEW, row("deal.amount", ">=")).content.decode()

    @pytest.mark.parametrize("url", ["/console/conditions/salary/when/edit", "/console/conditions/deal/other/edit"])
    def test_what_nobody_registered_is_not_found(self, url):
        assert asked(ada, url, row("deal.amount", "=")).status_code == 404


class TestButtons:
    def test_add_a_row_with_the_focus_on_it(self):
        text = asked(ada, EDIT, row("deal.amount", ">=", "1000") | {"when-do": "add-rule:root"}).content.decode()
        assert 'name="when-1-field"' in text
        assert text.count("autofocus") == 1
        assert 'value="1000"' in text
        assert "Choose a field." not in text  # nothing is wrong with a row that was only just added


class TestWhoMayUseIt:
    def test_a_partner_has_no_way_in(self):
        assert asked(bo, PREVIEW, row("deal.amount", ">=", "1")).status_code in (302, 403, 404)

    def test_asking_by_address_is_refused(self):
        assert client_of(ada).get(PREVIEW).status_code == 405
