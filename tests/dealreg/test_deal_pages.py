"""A deal's two pages over HTTP: what the vendor's people and its partner do there."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from dealreg.models import Deal, DealComment, DealFile, DealPolicy
from dealreg.queries.evidence import traces_of
from tests import world
from tests.cast import aud, bo, cam, client_of, cy, mia, olivia, vendor
from tests.dealreg import deals
from tests.workflows.things import settle

PDF = b"%PDF-1.7 offer"


def console(deal, more=""):
    return f"/console/deals/{deal}/{more}"


def portal(deal, more=""):
    return f"/portal/deals/{deal}/{more}"


def pdf():
    return SimpleUploadedFile("offer.pdf", PDF)


class TestTheVendorsPage:
    def test_tells_the_whole_story(self):
        deal = deals.submitted(customer_name="Alpenrose Hotels AG", amount="64000.00")
        with world.logged_in_as("worker"):
            settle()
        client_of(cam).post(console(deal, "comments"), {"body": "Looks sound", "audience": "vendor"})

        page = client_of(aud).get(console(deal)).content.decode()

        for told in ("deal-eligibility/1", "deal-conflict/", "deal-routing/", "Looks sound", "deal.submitted", "Bo"):
            assert told in page, told

    def test_hands_the_deal_to_another_channel_manager(self):
        deal = deals.submitted()

        page = client_of(olivia).post(console(deal, "cam"), {"cam": mia.membership_id}, follow=True).content.decode()

        assert deals.the(deal).owner_cam_id == mia.membership_id
        assert "The channel manager is assigned." in page and "deal.cam_assigned" in page

    def test_hands_it_to_nobody_who_is_no_colleague(self):
        deal = deals.submitted()
        client_of(olivia).post(console(deal, "cam"), {"cam": bo.membership_id})

        assert deals.the(deal).owner_cam_id != bo.membership_id

    def test_takes_comments_and_files_for_us_or_for_the_partner_too(self):
        deal = deals.submitted()
        client = client_of(cam)
        for audience in ("vendor", "partner"):
            client.post(console(deal, "comments"), {"body": f"Said to {audience}", "audience": audience})
            client.post(console(deal, "files"), {"file": pdf(), "audience": audience})

        assert "Said to vendor" in client.get(console(deal)).content.decode()
        shown = client_of(bo).get(portal(deal)).content.decode()
        assert "Said to partner" in shown and "Said to vendor" not in shown
        with vendor():
            files = {file.audience: file.pk for file in DealFile.objects.all()}
        answer = client_of(bo).get(portal(deal, f"files/{files['partner']}"))
        assert answer.content == PDF and answer["Content-Disposition"].startswith("attachment")
        assert client_of(bo).get(portal(deal, f"files/{files['vendor']}")).status_code == 404


class TestThePartnersPage:
    def test_withdraws_with_a_reason(self):
        deal = deals.approved()
        page = client_of(bo).post(portal(deal, "withdraw"), {"reason": "No budget"}, follow=True).content.decode()

        assert "Withdrawn" in page and deals.the(deal).status == "withdrawn"

    def test_moves_the_stage_and_wins(self):
        deal, client = deals.approved(), client_of(bo)
        with vendor() as now:
            today = now.date().isoformat()
        client.post(portal(deal, "stage"), {"stage": "proposal"})
        client.post(portal(deal, "won"), {"amount": "11000", "closed_on": today})

        won = deals.the(deal)
        assert (won.status, won.pipeline_stage, str(won.actual_amount)) == ("won", "proposal", "11000.00")
        assert "Won" in client.get(portal(deal)).content.decode()

    def test_loses_with_a_reason(self):
        deal = deals.approved()
        with vendor() as now:
            today = now.date().isoformat()
        client_of(bo).post(portal(deal, "lost"), {"reason": "Chose another", "closed_on": today})

        assert (deals.the(deal).status, deals.the(deal).close_reason) == ("lost", "Chose another")

    def test_answers_what_was_asked_and_nothing_else(self):
        deal = deals.returned(opened=("customer_city",))
        client = client_of(bo)
        page = client.get(portal(deal, "answer/")).content.decode()
        assert "Which city?" in page and 'name="customer_city"' in page and 'name="amount"' not in page

        client.post(portal(deal, "answer/"), {"customer_city": "Bremen", "amount": "1"})

        after = deals.the(deal)
        assert (after.status, after.customer_city, str(after.amount)) == ("submitted", "Bremen", "12000.00")

    def test_says_until_when_an_extension_reaches(self):
        with vendor():
            DealPolicy.objects.create(extension_days=30)
        deal, client = deals.approved(), client_of(bo)
        before = deals.the(deal).protected_until
        client.post(portal(deal, "stage"), {"stage": "proposal"})
        assert "Extend by 30 days" in client.get(portal(deal)).content.decode()

        page = client.post(portal(deal, "extend"), follow=True).content.decode()

        assert deals.the(deal).protected_until == before + timedelta(days=30)
        assert "Extended: you are protected until" in page

    def test_takes_a_comment_and_a_file_and_refuses_the_wrong_kind_in_words(self):
        deal, client = deals.submitted(), client_of(bo)
        client.post(portal(deal, "comments"), {"body": "Any news?"})
        client.post(portal(deal, "files"), {"file": pdf()})
        page = client.post(
            portal(deal, "files"), {"file": SimpleUploadedFile("offer.pdf", b"MZ\x90\0")}, follow=True
        ).content.decode()

        with vendor():
            assert DealComment.objects.get().audience == DealFile.objects.get().audience == "partner"
        assert "offer.pdf" in page and 'data-tone="bad"' in page

    def test_of_a_rival_is_not_there_whatever_is_tried(self):
        deal, client = deals.approved(), client_of(cy)
        assert client.get(portal(deal)).status_code == 404
        for more in ("withdraw", "extend", "comments"):
            assert client.post(portal(deal, more), {"reason": "x", "body": "x"}).status_code == 404
        with vendor():
            assert Deal.objects.get(pk=deal).status == "approved"


class TestTheConsolePage:
    def test_sends_to_the_queue_whoever_may_decide_and_not_an_auditor(self):
        deal = deals.submitted()
        offered = [
            "Decide in the queue" in client_of(who).get(f"/console/deals/{deal}/").content.decode()
            for who in (mia, aud)
        ]
        assert offered == [True, False]

    def test_names_rules_and_answers_in_words(self):
        deal = deals.in_review()
        with vendor():
            said = {f"{trace['called']} · {trace['answer']}" for trace in traces_of(deal)}
        assert "Conflicts with customers and other deals · No conflict" in said
