"""However many rows there are, a page asks the database as often: and never more than 25 times."""

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg import actions
from dealreg.models import Deal
from tests.cast import Somebody, ada, aud, bea, birch, bo, cedar, client_of, mia, olivia, partner, vendor
from tests.dealreg.deals import approved, submitted
from tests.world import logged_in_as
from workflows.models import HumanTask

AT_MOST = 25
FEW, MANY = 2, 20


def work() -> None:
    """A worker passes by."""
    from prm.kernel.events import relay
    from workflows import engine

    with logged_in_as("worker"):
        while relay.drain() + engine.drain():
            pass


def asked(who: Somebody, path: str) -> int:
    """How many queries a page takes, once what is kept between requests is kept."""
    client = client_of(who)
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def waiting(count: int, start: int = 0) -> list[UUID]:
    """So many deals of different customers before a person."""
    deals = [
        submitted(
            birch, amount="150000", customer_name=f"Werk {number} Metallbau GmbH", customer_domain=f"w{number}.de"
        )
        for number in range(start, start + count)
    ]
    work()
    return deals


def talk(deal: UUID, count: int) -> None:
    """So many comments and files on a deal, ours and theirs."""
    for number in range(count):
        with partner(birch) as now:
            actions.add_comment(deal_id=deal, body=f"Any news? {number}", audience="partner", actor=bo.actor, now=now)
            actions.attach_file(
                deal_id=deal,
                name=f"offer-{number}.txt",
                content=b"An offer",
                audience="partner",
                actor=bo.actor,
                now=now,
            )
        with vendor() as now:
            actions.add_comment(deal_id=deal, body=f"Soon {number}", audience="vendor", actor=mia.actor, now=now)


@pytest.fixture
def few_then_many():
    """Compares a page's queries before and after its rows grow tenfold."""

    def compare(who: Somebody, path: str, grow) -> None:
        few = asked(who, path)
        grow()
        many = asked(who, path)
        assert many <= few, f"{path}: {few} queries with few rows, {many} with ten times as many"
        assert many <= AT_MOST, f"{path}: {many} queries"

    return compare


class TestListsAndHomes:
    def test_ask_as_often_for_ten_times_the_deals(self):
        waiting(FEW)
        pages = [
            (bo, "/portal/"),
            (bo, "/portal/deals/"),
            (bea, "/portal/deals/?view=waiting"),
            (olivia, "/console/"),
            (olivia, "/console/deals/"),
            (olivia, "/console/deals/?status=in_review&sort=-amount"),
            (olivia, "/console/queue/"),
            (aud, "/console/queue/"),
            (ada, "/console/customers/"),
            (ada, "/console/workflows/runs/"),
        ]
        few = {(who.name, path): asked(who, path) for who, path in pages}

        waiting(MANY - FEW, start=FEW)

        many = {(who.name, path): asked(who, path) for who, path in pages}
        with vendor():
            assert Deal.objects.count() == HumanTask.objects.filter(status="open").count() == MANY
        assert {page: count for page, count in many.items() if count > few[page]} == {}, few
        assert {page: count for page, count in many.items() if count > AT_MOST} == {}


class TestADealsPage:
    def test_asks_as_often_for_ten_times_the_story(self, few_then_many):
        (deal,) = waiting(1)
        talk(deal, FEW)

        few_then_many(bo, f"/portal/deals/{deal}/", lambda: talk(deal, MANY - FEW))

    def test_asks_the_console_as_often_for_ten_times_the_story(self, few_then_many):
        (deal,) = waiting(1)
        talk(deal, FEW)

        few_then_many(olivia, f"/console/deals/{deal}/", lambda: talk(deal, MANY - FEW))

    @pytest.mark.parametrize("path", ["/console/deals/{deal}/", "/console/queue/?subject={hex}"])
    def test_asks_as_often_for_ten_times_the_rivals(self, few_then_many, path):
        def rivals(numbers: range) -> None:
            for number in numbers:
                submitted(birch, customer_name=f"Nordwind Logistik {number}", customer_domain="", amount="150000")
            work()

        approved(birch, customer_domain="")
        deal = submitted(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="", amount="150000")
        work()
        rivals(range(1))

        few_then_many(olivia, path.format(deal=deal, hex=deal.hex), lambda: rivals(range(1, 10)))
