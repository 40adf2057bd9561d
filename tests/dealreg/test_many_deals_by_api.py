"""Many deals at once over the API: the console's own preview, forms, ten seconds and judgements."""

from typing import Any
from uuid import UUID, uuid4

from dealreg.models import DealBatch
from prm.kernel.identity.models import ApiToken
from tests.cast import ada, bea, birch, cedar, vendor
from tests.dealreg.deals import approved, submitted, the
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
        moved = {"verb": "reassign", "partner": str(cedar.id), "reason": "Closer to them"}
        assert lose(key_of(ada, "cam"), held, **moved).status_code == 403
        wrong = lose(ops, held, because="no-such-reason")
        assert wrong.status_code == 400 and list(wrong.json()["fields"]) == ["because"]
        none = lose(ops, [uuid4()], "two")
        assert none.status_code == 422 and none.json()["reasons"][0]["key"] == "batch.none_of_them"
        with vendor():
            assert not DealBatch.objects.exists()


def mean(secret: str, deals: list[UUID], verb: str = "withdraw", key: str = "one", path: str = BATCHES) -> Any:
    body = {"verb": verb, "deals": [str(pk) for pk in deals]}
    return post(secret, path, key, **body, **({"reason": "They chose to wait"} if verb == "withdraw" else {}))


class TestAPartnersKey:
    def test_previews_withdraws_after_ten_seconds_and_reads_how_it_went(self):
        held, secret = several(2), key_of(bea, "seller")

        told = mean(secret, held, "extend", "ask", f"{BATCHES}/preview").json()
        assert told["will"] == [] and {one["why"] for one in told["left"]} == {
            "Move the deal to a later stage first: an extension follows progress."
        }
        batch = mean(secret, held).json()
        assert [the(pk).status for pk in held] == ["approved"] * 2
        assert ten_seconds_pass() == 2
        assert [the(pk).status for pk in held] == ["withdrawn"] * 2
        read = call(secret, f"{BATCHES}/{batch['id']}").json()
        assert read["status"] == "done" and [one["done"] for one in read["results"]] == [True, True]
        assert read["by"] == "CRM"

    def test_takes_it_back_within_ten_seconds(self):
        held, secret = several(2), key_of(bea, "seller")
        batch = mean(secret, held).json()["id"]
        assert post(secret, f"{BATCHES}/{batch}/undo", "two").json()["status"] == "undone"
        assert ten_seconds_pass() == 0 and [the(pk).status for pk in held] == ["approved"] * 2

    def test_finds_no_deal_and_no_batch_of_anybody_else(self):
        foreign = approved(cedar, customer_name="Fremde Werke AG", customer_domain="fremde.de")
        own, birchs, cedars = several(1), key_of(bea, "seller"), key_of(ada, "seller", of=cedar)
        told = mean(birchs, [*own, foreign], key="ask", path=f"{BATCHES}/preview")
        assert told.json()["will"] == [str(own[0])] and "Fremde" not in told.content.decode()
        assert [one["why"] for one in told.json()["left"]] == ["There is no such deal."]
        assert mean(birchs, [foreign], key="two").status_code == 422
        batch = mean(birchs, [*own, foreign], key="three").json()
        assert batch["deals"] == [str(own[0])]
        vendors = lose(key_of(ada, "ops"), own).json()["id"]
        by_the_vendor = key_of(ada, "seller", of=birch)  # an admin of the vendor made it, who has batches of their own
        for secret in (cedars, key_of(bea, "partner_admin"), by_the_vendor):
            for path in (f"{BATCHES}/{batch['id']}", f"{BATCHES}/{vendors}", f"{BATCHES}/{uuid4()}"):
                assert call(secret, path).status_code == 404
                assert post(secret, f"{path}/undo", f"undo {path}").status_code == 404
            assert call(secret, BATCHES).status_code == 403
        ten_seconds_pass()
        assert (the(own[0]).status, the(foreign).status) == ("withdrawn", "approved")

    def test_that_the_vendor_made_acts_for_its_partner_alone(self):
        foreign = approved(cedar, customer_name="Fremde Werke AG", customer_domain="fremde.de")
        mean(key_of(ada, "seller", of=birch), several(1))
        with vendor():  # as if it had found its way in
            DealBatch.objects.update(deal_ids=[foreign])
        ten_seconds_pass()
        assert the(foreign).status == "approved"
        with vendor():
            assert "not yours any more" in DealBatch.objects.get().results[0]["why"]

    def test_has_none_of_the_vendors_verbs(self):
        held, secret = several(1), key_of(bea, "partner_admin")
        for verb in ("approve", "decline", "return", "reassign", "split", "cam", "won", "lost"):
            assert mean(secret, held, verb, key=verb).status_code == 403
        assert mean(key_of(bea, "marketing"), held).status_code == 403
        with vendor():
            assert not DealBatch.objects.exists()
