"""What the deal desk looks at: rendered as the queue and the deal's page render it."""

from django.template.loader import render_to_string
from django.utils import translation

from dealreg import actions, queries
from prm.kernel.automation import registry
from tests.cast import birch, cam, cedar, olivia, vendor
from tests.dealreg.deals import approved, submitted


def shown(deal, language="en"):
    panel = registry.panels["deal"]
    with vendor(), translation.override(language):
        return render_to_string(panel.template, dict(panel.evidence(deal)))


def checked(of=cedar, **changes):
    deal = submitted(of, **changes)
    with vendor() as now:
        actions.validate_deal(deal_id=deal, actor=olivia.actor, now=now)
        actions.check_conflicts(deal_id=deal, actor=cam.actor, now=now)
    return deal


class TestEvidence:
    def test_shows_the_deal_beside_the_rival_with_what_differs(self):
        approved(birch)

        page = shown(checked(customer_name="Nordwind Logistik", customer_city="Kiel"))

        assert "Birch Systems" in page and "Nordwind Logistik GmbH" in page
        assert "differs" in page and "Kiel" in page and "Hamburg" in page
        assert "What the rules said" in page

    def test_a_name_is_text_whatever_it_holds(self):
        approved(birch, customer_name="<script>alert(1)</script> Nordwind Logistik GmbH")

        assert "<script>alert(1)" not in shown(checked())

    def test_says_so_when_nothing_resembles(self):
        assert "No other record resembles" in shown(checked())

    def test_has_rows_for_many_deals_in_three_queries(self, django_assert_max_num_queries):
        deals = [submitted(customer_name=f"{name} AG") for name in ("Elm", "Fir", "Oak", "Yew")]

        with vendor(), django_assert_max_num_queries(3):
            rows = queries.queue_rows(deals)

        assert {row["tier"] for row in rows.values()} and len(rows) == 4
        assert rows[deals[0]]["url"].endswith(f"{deals[0]}/")

    def test_a_return_can_open_named_fields_and_a_duplicate_names_its_other(self):
        first = approved(birch)
        deal = checked(customer_name="Nordwind Logistik")

        with vendor():
            evidence = registry.panels["deal"].evidence(deal)

        assert ("amount", "amount") in [(name, str(label)) for name, label in evidence["fields"]]
        assert str(first) in [other for other, _label in evidence["others"]]
