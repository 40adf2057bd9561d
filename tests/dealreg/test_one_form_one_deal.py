"""A form saves itself while it is typed in, and is handed in at any moment: it is one deal all the same."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from dealreg.models import Deal, DealStatus
from prm.kernel.tenancy.ids import uuid7
from tests.cast import birch, bo, client_of, partner, vendor
from tests.dealreg.deals import fields


def form(**changes: Any) -> dict[str, Any]:
    with partner(birch) as now:
        return {**fields(now), "form": str(uuid7()), "deal": "", **changes}


def save(typed: dict[str, Any]) -> int:
    try:
        return client_of(bo).post("/portal/deals/draft", typed).status_code
    finally:
        connections.close_all()


def deals() -> list[Deal]:
    with vendor():
        return list(Deal.objects.order_by("created_at"))


class TestOneForm:
    def test_that_saves_itself_five_times_at_once_is_one_draft(self):
        typed = form()
        with ThreadPoolExecutor(5) as pool:
            assert list(pool.map(save, [typed] * 5)) == [200] * 5

        assert len(deals()) == 1

    def test_that_is_handed_in_before_it_knows_its_draft_is_one_deal(self):
        typed = form()
        save(typed)

        answer = client_of(bo).post("/portal/deals/new/", typed)

        (deal,) = deals()
        assert answer["Location"] == f"/portal/deals/{deal.pk}/"
        assert deal.status == DealStatus.SUBMITTED

    def test_that_saves_itself_late_changes_nothing(self):
        typed = form()
        client_of(bo).post("/portal/deals/new/", typed)

        assert save({**typed, "customer_name": "Another"}) == 204

        (deal,) = deals()
        assert deal.customer_name == typed["customer_name"]

    def test_that_is_handed_in_twice_shows_the_same_deal(self):
        typed = form()
        first, second = (client_of(bo).post("/portal/deals/new/", typed) for _press in range(2))

        assert first["Location"] == second["Location"]
        assert len(deals()) == 1

    def test_that_knows_its_draft_and_is_handed_in_twice_shows_it_too(self):
        save(typed := form())
        typed["deal"] = str(deals()[0].pk)

        answers = [client_of(bo).post("/portal/deals/new/", typed)["Location"] for _press in range(2)]

        assert answers == [f"/portal/deals/{typed['deal']}/"] * 2
        assert save(typed) == 204

    def test_beside_another_is_a_deal_of_its_own(self):
        save(form())
        save(form())

        assert len(deals()) == 2
