"""A partner does something to many of its own deals: previewed, taken back for ten seconds, and never another's."""

from django.db.models import F

from dealreg import actions
from dealreg.models import DealBatch, DealStatus
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from prm.kernel.tenancy.ids import uuid7
from tests.cast import ada, bea, birch, bo, cedar, client_of, cy, partner, vendor
from tests.dealreg.deals import approved, submitted, the
from tests.dealreg.test_many_deals import several, ten_seconds_pass

LIST = "/portal/deals/"


def preview(who, verb, deals):
    return client_of(who).post(LIST, {"bulk": verb, "ids": deals}, HTTP_HX_REQUEST="true").content.decode()


def confirm(who, verb, deals, **typed):
    return client_of(who).post(LIST, {"bulk": verb, "ids": deals, "confirmed": "1", **typed})


def meant() -> DealBatch:
    with vendor():
        return DealBatch.objects.latest("made_at")


class TestItsOwnList:
    def test_says_before_who_will_and_why_others_will_not(self):
        held, waiting = several(2), submitted(birch, customer_name="Omega AG", customer_domain="omega-x.de")

        page = preview(bo, "extend", [*held, waiting])

        assert "<strong>3</strong> rows are skipped" in page
        assert "Only a protected deal can be extended." in page and "Move the deal to a later stage first" in page
        assert "<strong>3</strong> rows will be changed" in preview(bo, "withdraw", [*held, waiting])
        with vendor():
            assert not DealBatch.objects.exists()

    def test_withdraws_many_after_ten_seconds_in_the_partners_own_name(self):
        deals = several(2)
        assert confirm(bo, "withdraw", deals, reason="They chose to wait").status_code == 302
        assert {the(deal).status for deal in deals} == {DealStatus.APPROVED}

        assert ten_seconds_pass() == 2

        assert {the(deal).status for deal in deals} == {DealStatus.WITHDRAWN}
        assert "Bo" in client_of(bo).get(f"{LIST}{deals[0]}/").content.decode()

    def test_extends_what_has_moved_and_says_which_have_not(self):
        moved, still = several(2)
        with partner(birch) as now:
            actions.change_stage(deal_id=moved, stage="proposal", actor=bo.actor, now=now)
        before = the(moved).protected_until
        assert confirm(bo, "extend", [moved, still]).status_code == 302
        with vendor():  # it was held back between the preview and its turn
            DealBatch.objects.update(deal_ids=[moved, still])
        ten_seconds_pass()

        assert the(moved).protected_until > before
        page = client_of(bo).get(f"{LIST}batches/{meant().pk}/").content.decode()
        assert the(still).number in page and "Move the deal to a later stage first" in page
        with vendor():
            told = Message.objects.get(template="deals.batch_done")
        assert told.url.endswith(f"/portal/deals/batches/{meant().pk}/")

    def test_hears_of_a_fault_only_that_it_can_not_be_done(self):
        deal = approved(birch)
        with partner(birch) as now:
            actions.start_batch(verb="withdraw", deal_ids=[deal], given={"broken": 1}, actor=bo.actor, now=now)
        ten_seconds_pass()

        assert the(deal).status == DealStatus.APPROVED
        assert meant().results[0]["why"] == "This can't be done now."

    def test_takes_it_back_within_ten_seconds(self):
        deals = several(2)
        confirm(bo, "withdraw", deals, reason="A slip")
        assert client_of(bo).post(f"{LIST}batches/{meant().pk}/undo").status_code == 204
        assert ten_seconds_pass() == 0 and {the(deal).status for deal in deals} == {DealStatus.APPROVED}


class TestTheWall:
    def test_nobody_elses_deal_is_previewed_or_meant(self):
        own, foreign = approved(birch), approved(cedar, customer_name="Fremde Werke AG", customer_domain="fremde.de")

        assert "Fremde" not in preview(bo, "withdraw", [own, foreign])
        confirm(bo, "withdraw", [own, foreign], reason="Ours")
        with partner(birch) as now:
            direct = actions.start_batch(
                verb="withdraw", deal_ids=[foreign], given={"reason": "x"}, actor=bo.actor, now=now
            )
        with vendor():
            assert DealBatch.objects.get(pk=direct.pk).deal_ids == []
        ten_seconds_pass()

        assert (the(own).status, the(foreign).status) == (DealStatus.WITHDRAWN, DealStatus.APPROVED)

    def test_a_deal_that_went_over_meanwhile_stays_with_its_new_partner(self):
        deal = approved(birch)
        confirm(bo, "withdraw", [deal], reason="They chose to wait")
        with vendor() as now:
            given = actions.reassign_deal(deal_id=deal, partner_id=cedar.id, reason="It serves them.",
                                          actor=ada.actor, now=now)  # fmt: skip
            assert given.allowed, given.reasons
        ten_seconds_pass()

        assert the(deal).status == DealStatus.APPROVED
        assert "not yours any more" in meant().results[0]["why"]

    def test_who_no_longer_sells_does_nothing(self):
        deal = approved(birch)
        confirm(bo, "withdraw", [deal], reason="Bye")
        with vendor():
            Membership.objects.filter(pk=bo.membership_id).update(roles=["marketing"])
        ten_seconds_pass()
        assert the(deal).status == DealStatus.APPROVED

    def test_the_vendors_verbs_are_not_there(self):
        deal = approved(birch)
        for verb in ("approve", "reassign", "won", "cam"):
            assert confirm(bo, verb, [deal]).status_code in (400, 403, 404)
        with vendor():
            assert not DealBatch.objects.exists()

    def test_a_batch_is_its_owners_alone(self):
        confirm(bo, "withdraw", [approved(birch)], reason="Ours")
        with vendor():
            DealBatch.objects.update(executes_at=F("executes_at"))
        here, nowhere = f"{LIST}batches/{meant().pk}/", f"{LIST}batches/{uuid7()}/"
        for stranger in (cy, bea):
            assert client_of(stranger).get(here).status_code == client_of(stranger).get(nowhere).status_code == 404
            assert client_of(stranger).post(f"{here}undo").status_code == 404
        assert client_of(bo).get(here).status_code == 200
