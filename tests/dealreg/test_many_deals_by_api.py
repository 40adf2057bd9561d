"""Many deals at once over the API: the console's own preview, forms, ten seconds and judgements."""

from typing import Any
from uuid import UUID, uuid4

from dealreg.models import DealBatch
from prm.kernel.identity.models import ApiToken
from tests.cast import ada, bea, birch, cedar, vendor
from tests.dealreg.deals import submitted, the
from tests.dealreg.test_api import post
from tests.dealreg.test_many_deals import several, ten_seconds_pass
from tests.identity.test_tokens import call, key_of

BATCHES = "/api/v1/deal-batches"


def today() -> str:
    with vendor() as now:
        return now.date().isoformat()


def lose(secret: str, deals: list[UUID], key: str = "one", path: str = BATCHES, **typed: Any) -> Any:
    body = {"verb": "lost", "deals": [str(pk) for pk in deals], "closed_on": today(), "because": "lost-price", **typed}
    return post(secret, path, key, **body)


class TestManyDealsByApi:
    def test_says_who_will_and_who_will_not_and_why_and_does_nothing(self):
        held, waiting = several(2), submitted(birch, customer_name="Omega AG", customer_domain="omega-x.de")
        nowhere = uuid4()

        told = lose(key_of(ada, "ops"), [*held, waiting, nowhere], path=f"{BATCHES}/preview").json()

        assert sorted(told["will"]) == sorted(str(pk) for pk in held)
        assert {one["deal"] for one in told["left"]} == {str(waiting), str(nowhere)}
        assert any("This deal is “Submitted”" in one["why"] for one in told["left"])
        with vendor():
            assert not DealBatch.objects.exists()

    def test_does_it_after_ten_seconds_once_for_one_key(self):
        held, secret = several(2), key_of(ada, "ops")

        first, second = lose(secret, held), lose(secret, held)

        assert first.status_code == second.status_code == 201, first.json()
        assert first.json()["id"] == second.json()["id"] and first.json()["status"] == "pending"
        assert [the(pk).status for pk in held] == ["approved"] * 2
        assert ten_seconds_pass() == 2
        assert [the(pk).status for pk in held] == ["lost"] * 2
        told = call(secret, f"{BATCHES}/{first.json()['id']}").json()
        assert told["status"] == "done" and [one["done"] for one in told["results"]] == [True, True]

    def test_is_taken_back_whole_by_the_same_key_until_it_has_begun(self):
        held, secret = several(2), key_of(ada, "ops")
        batch = lose(secret, held).json()["id"]

        assert post(key_of(ada, "ops"), f"{BATCHES}/{batch}/undo", "other").status_code == 422
        assert post(secret, f"{BATCHES}/{batch}/undo", "two").json()["status"] == "undone"
        assert ten_seconds_pass() == 0
        assert post(secret, f"{BATCHES}/{batch}/undo", "three").status_code == 409
        assert [the(pk).status for pk in held] == ["approved"] * 2

    def test_does_nothing_once_the_key_has_been_revoked(self):
        held = several(1)
        lose(key_of(ada, "ops"), held)
        with vendor() as now:
            ApiToken.objects.update(revoked_at=now)

        ten_seconds_pass()

        assert the(held[0]).status == "approved"
        with vendor():
            assert "no longer one of us" in DealBatch.objects.get().results[0]["why"]

    def test_is_refused_by_role_by_form_and_where_there_is_no_such_deal(self):
        held, ops = several(1), key_of(ada, "ops")

        assert lose(key_of(ada, "auditor"), held).status_code == 403
        assert lose(key_of(bea, "seller"), held).status_code == 403
        moved = {"verb": "reassign", "partner": str(cedar.id), "reason": "Closer to them"}
        assert lose(key_of(ada, "cam"), held, **moved).status_code == 403
        wrong = lose(ops, held, because="no-such-reason")
        assert wrong.status_code == 400 and list(wrong.json()["fields"]) == ["because"]
        none = lose(ops, [uuid4()], "two")
        assert none.status_code == 422 and none.json()["reasons"][0]["key"] == "batch.none_of_them"
        with vendor():
            assert not DealBatch.objects.exists()
