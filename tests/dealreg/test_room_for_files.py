"""One partner's files have so much room: told in a sentence when it is full, also to those who come at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from dealreg import actions, queries
from dealreg.models import DealFile, DealPolicy
from prm.kernel.audit.models import AuditEntry
from tests.cast import ada, birch, bo, cam, cedar, client_of, cy, olivia, vendor
from tests.dealreg.deals import approved, submitted
from tests.dealreg.test_comments_and_files import attach

PART = b"what was agreed, in words. " * 23_000  # six tenths of a megabyte


def room(**limits):
    with vendor():
        DealPolicy.objects.update_or_create(defaults=limits)


def held(of):
    with vendor():
        return queries.room_of(of.id, queries.policy())


class TestTheRoomOfOnePartner:
    def test_is_told_when_its_megabytes_are_used_up_and_nothing_is_kept(self):
        room(partner_quota_mb=1)
        deal, other = submitted(birch), submitted(cedar, customer_name="Alpenrose AG", customer_domain="")
        assert attach(deal, "a.txt", PART).allowed

        told = attach(deal, "b.txt", PART)

        assert told.reason_keys == ("file.partner_quota",)
        assert "1.0" in told.reasons[0].text and "ask your channel manager" in told.reasons[0].text
        assert attach(other, "c.txt", PART, who=cy).allowed, "another partner has its own room"
        with vendor():
            assert DealFile.objects.filter(deal=deal).count() == 1
            assert AuditEntry.objects.get(action="deal.file_attached_refused").target_id == deal

    def test_is_told_when_there_are_too_many_of_them_over_all_its_deals(self):
        room(partner_quota_files=2)
        deals = [submitted(birch), submitted(birch, customer_name="Alpenrose AG", customer_domain="")]
        assert [attach(deal, "a.txt", b"text").allowed for deal in deals] == [True, True]

        assert attach(deals[0], "c.txt", b"text").reason_keys == ("file.partner_quota",)
        room(partner_quota_files=3)
        assert attach(deals[0], "c.txt", b"text").allowed, "the vendor has given it more"

    def test_is_not_taken_by_what_the_vendors_people_add(self):
        room(partner_quota_files=1)
        deal = submitted(birch)
        for audience in ("partner", "vendor"):
            assert attach(deal, "ours.txt", b"text", who=cam, audience=audience).allowed

        assert held(birch).files == 0
        assert attach(deal, "theirs.txt", b"text").allowed
        assert attach(deal, "ours.txt", b"text", who=cam).allowed, "nor does it keep the vendor's out"

    def test_is_free_again_for_what_has_gone_over_with_a_deal(self):
        deal = approved(birch)
        assert attach(deal, "a.txt", PART).allowed
        assert held(birch).size == len(PART)
        with vendor() as now:
            moved = actions.reassign_deal(
                deal_id=deal, partner_id=cedar.id, reason="Moved.", actor=olivia.actor, now=now
            )
            assert moved.allowed, moved.reasons

        assert (held(birch).size, held(cedar).size) == (0, 0), "the files stay with the vendor"

    def test_takes_one_of_many_that_come_at_once_for_the_last_place(self):
        room(partner_quota_files=1)
        names = ("Alder AG", "Birke KG", "Cassia SE", "Dahlia GmbH")
        deals = [submitted(birch, customer_name=name, customer_domain="") for name in names]
        gate = Barrier(len(deals))

        def one(deal):
            try:
                gate.wait()
                return attach(deal, "a.txt", b"text").reason_keys
            finally:
                connections["default"].close()

        with ThreadPoolExecutor(len(deals)) as pool:
            answers = sorted(pool.map(one, deals))

        assert answers == [(), *[("file.partner_quota",)] * 3]
        assert held(birch).files == 1


class TestThePartnersPage:
    def test_shows_how_much_is_taken_and_warns_before_it_is_full(self):
        room(partner_quota_files=10)
        deal = submitted(birch)
        assert attach(deal, "a.txt", PART).allowed
        path = f"/console/partners/{birch.id}/"

        page = client_of(ada).get(path).content.decode()
        assert "1 file of at most 10" in page and "606.4" in page and "nearly full" not in page
        assert "/admin/dealreg/dealpolicy/" in page
        assert "/admin/dealreg/dealpolicy/" not in client_of(cam).get(path).content.decode()

        room(partner_quota_files=1)
        assert "nearly full" in client_of(cam).get(path).content.decode()

    def test_of_the_portal_tells_it_where_the_file_was_added(self):
        room(partner_quota_mb=0)
        deal = submitted(birch)
        answer = client_of(bo).post(
            f"/portal/deals/{deal}/files", {"file": SimpleUploadedFile("a.txt", b"text")}, follow=True
        )
        assert "no room left for your company&#x27;s files" in answer.content.decode()
