"""What words weigh, and how a CRM's other names and ties are used."""

from uuid import UUID

from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from dealreg import actions, queries
from dealreg.imports import CustomerRow
from dealreg.models import Customer, CustomerWords, MatchKey
from dealreg.queries.rivals import shortlist
from dealreg.tasks import count_words
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Normal, Record, TokenWeights, key_values, keys, normalise
from prm.kernel.matching.keys import TOO_MANY
from tests.cast import vendor, zenith

CRM = Actor.system("crm")
SYLLABLES = [one + other for one in "bdfgklmn" for other in ("ab", "ek", "im", "or", "ut")]


def bring_in(*rows):
    with vendor() as now:
        return actions.import_customers(records=rows, actor=CRM, now=now)


def everybody() -> set[int]:
    """The keys under which as many customers lie as are let go."""
    with vendor():
        rows = MatchKey.objects.values("key").annotate(many=Count("pk")).filter(many__gte=TOO_MANY)
        return {row["key"] for row in rows}


def looked_for(asked: Normal, **since: UUID) -> tuple[dict, str]:
    """What was found, and the statement that found it."""
    with CaptureQueriesContext(connection) as captured:
        found = shortlist(asked, "", **since)
    return found, captured[-1]["sql"]


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


class TestCrowdedKeys:
    def test_a_key_that_finds_too_many_is_not_even_read_and_nobody_goes_unfound(self, as_worker):
        bring_in(*(CustomerRow(f"{SYLLABLES[n // 40]}{SYLLABLES[n % 40]} Zyloflux") for n in range(TOO_MANY)))
        bring_in(CustomerRow("Zeppelin Zyloflux", external_id="C1"))
        asked = normalise(Record("Zeppelin Zyloflux AG"))
        crowded = next(key.value for key in keys(asked) if key.kind == "token" and key.value in everybody())
        with vendor():
            before, reads = looked_for(asked)
            assert str(crowded) in reads

        count_words()

        with vendor():
            zeppelin = str(Customer.objects.get(external_id="C1").pk)
            after, reads = looked_for(asked)
            assert [one.id for one in after[MatchKey.Kind.CUSTOMER]] == [zeppelin]
            assert (after, str(crowded) in reads) == (before, False)
            _found, reads = looked_for(asked, since=UUID(int=1))
            assert str(crowded) in reads, "fewer may lie there since"


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
            former = key_values(normalise(Record("Luftschiff Werke")))
            found = MatchKey.objects.filter(key__in=former, record_id=mother.pk)
            assert (linked, again) == (1, 0)
            assert Customer.objects.get(external_id="C2").parent_id == mother.pk
            assert found.count() == len(former)

    def test_a_new_other_name_is_added_once(self):
        row = CustomerRow("Zeppelin Holding SE", external_id="C1", aliases=("Luftschiff Werke",))
        bring_in(CustomerRow("Zeppelin Holding SE", external_id="C1"))

        assert bring_in(row).updated == 1
        assert bring_in(row).unchanged == 1
