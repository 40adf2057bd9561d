"""What words weigh, and how a CRM's other names and ties are used."""

from dealreg import actions, queries
from dealreg.imports import CustomerRow
from dealreg.models import Customer, CustomerWords, MatchKey
from dealreg.tasks import count_words
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, TokenWeights, keys, normalise
from tests.cast import vendor, zenith

CRM = Actor.system("crm")


def bring_in(*rows):
    with vendor() as now:
        return actions.import_customers(records=rows, actor=CRM, now=now)


class TestWords:
    def test_a_word_that_many_customers_bear_weighs_less_with_this_vendor_alone(self, as_worker):
        bring_in(*(CustomerRow(f"Zyloflux {number} Werke") for number in range(400)))
        shipped = TokenWeights.shipped().idf("zyloflux")

        assert count_words() == 1
        assert count_words() == 0, "nothing has changed since"

        with vendor():
            assert queries.token_weights().idf("zyloflux") < shipped - 1
            assert CustomerWords.objects.get().records == 400
        with vendor(zenith):
            assert queries.token_weights().idf("zyloflux") == shipped


class TestOtherNamesAndTies:
    def test_former_names_are_found_and_children_are_tied_to_their_mothers(self):
        rows = (
            CustomerRow("Tulpe Garten AG", external_id="C2", parent="C1"),
            CustomerRow("Zeppelin Holding SE", external_id="C1", aliases=("Luftschiff Werke", "Zeppelin Holding SE")),
        )
        bring_in(*rows)
        with vendor() as now:
            linked = actions.link_parents(links=[(row.external_id, row.parent) for row in rows], actor=CRM, now=now)
            again = actions.link_parents(links=[("C2", "C1")], actor=CRM, now=now)

            mother = Customer.objects.get(external_id="C1")
            former = {key.value for key in keys(normalise(Record("Luftschiff Werke")))}
            found = MatchKey.objects.filter(key__in=former, record_id=mother.pk)
            assert (linked, again) == (1, 0)
            assert Customer.objects.get(external_id="C2").parent_id == mother.pk
            assert found.count() == len(former)

    def test_a_new_other_name_is_added_once(self):
        row = CustomerRow("Zeppelin Holding SE", external_id="C1", aliases=("Luftschiff Werke",))
        bring_in(CustomerRow("Zeppelin Holding SE", external_id="C1"))

        assert bring_in(row).updated == 1
        assert bring_in(row).unchanged == 1
