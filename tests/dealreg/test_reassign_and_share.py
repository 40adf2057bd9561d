"""A protected deal goes over to another partner or is shared: atomically, and without a word about the other."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from threading import Barrier, BrokenBarrierError
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from dealreg import actions
from dealreg.actions.splitting import part_of
from dealreg.models import Deal, DealComment, DealSplit, FormerDeal, Protection
from partners.models import Partner
from prm.kernel.clock import local_date
from prm.kernel.events.models import EventRow
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests.cast import bea, birch, bo, cedar, client_of, cy, mia, olivia, partner, vendor, zinc
from tests.dealreg.deals import approved, draft, returned, submitted, the
from tests.dealreg.test_registration_workflow import messages_to, run_everything
from tests.dealreg.test_the_partners_story import answered_late
from workflows.actions import decide_task
from workflows.models import HumanTask, RunEvent, SlaClock

REASON = "The customer asked for somebody nearer."


def reassign(deal, to=cedar, who=mia, reason=REASON):
    with vendor() as now:
        return actions.reassign_deal(deal_id=deal, partner_id=to.id, reason=reason, actor=who.actor, now=now)


def split(deal, percent="40", to=cedar, names_told=False, who=mia):
    with vendor() as now:
        decision = actions.split_deal(
            deal_id=deal, partner_id=to.id, percent=Decimal(percent), names_told=names_told, actor=who.actor, now=now
        )
        other = DealSplit.objects.filter(lead=deal).first()
        return decision, other and other.other_id


class TestReassigned:
    def test_the_deal_and_its_protection_go_over_and_the_old_partner_keeps_its_record(self):
        deal = approved(birch, notes="Our man Bo knows them", name="Birch's forty seats")
        with partner(birch) as now:
            actions.add_comment(deal_id=deal, body="Birch here", audience="partner", actor=bo.actor, now=now)
            actions.attach_file(
                deal_id=deal, name="birch.txt", content=b"x", audience="partner", actor=bo.actor, now=now
            )

        assert reassign(deal).allowed
        run_everything()

        number = the(deal).number
        with partner(birch):
            assert not Deal.objects.exists() and not DealComment.objects.exists()
            kept = FormerDeal.objects.get()
            assert (kept.deal_id, kept.number, kept.registered_by) == (deal, number, "Bo")
        with partner(cedar):
            seen = Deal.objects.get()
            assert (seen.pk, str(seen.status), seen.notes, seen.name) == (deal, "approved", "", "")
            assert not seen.comments.exists() and not seen.files.exists() and not FormerDeal.objects.exists()
        with vendor():
            held = Protection.objects.get(released_at=None)
            assert (held.deal_id, held.partner_id) == (deal, cedar.id)
            assert "Our man Bo" in DealComment.objects.get(body__contains="registered it").body

    def test_the_old_partner_is_told_that_it_is_no_longer_theirs_and_not_whose(self):
        deal = approved(birch)
        reassign(deal)
        run_everything()

        assert messages_to(bo)[-1] == messages_to(bea)[-1] == "deal.moved_away"
        with partner(birch):
            told = " ".join(Message.objects.values_list("body", flat=True))
        assert REASON in told and "Cedar" not in told
        page = client_of(bo).get(f"/portal/deals/{deal}/").content.decode()
        assert "no longer yours" in page and REASON in page and "Cedar" not in page
        assert "No longer yours" in client_of(bo).get("/portal/deals/").content.decode()
        assert client_of(bo).post(f"/portal/deals/{deal}/withdraw", {"reason": "x"}).status_code == 404

    def test_the_new_partner_reads_nothing_of_what_was_before(self):
        deal = approved(birch)
        reassign(deal)
        run_everything()

        page = client_of(cy).get(f"/portal/deals/{deal}/").content.decode()
        assert "Given to you, protected" in page and "Birch" not in page and ">Bo<" not in page
        assert "Registered</span>" not in page

    def test_given_back_the_first_partner_reads_its_own_time_again(self):
        deal = approved(birch)
        reassign(deal)
        reassign(deal, to=birch)

        page = client_of(bo).get(f"/portal/deals/{deal}/").content.decode()
        assert "Registered" in page and "no longer yours" not in page

    def test_given_back_it_is_again_whose_it_was_and_as_much_longer_as_our_answer_was_late(self):
        deal = answered_late()
        reassign(deal)
        with_cedar = client_of(olivia).get(f"/console/deals/{deal}/").content.decode()
        assert 'Bo <span class="muted">Birch Systems</span>' in with_cedar
        assert "Registered by" not in client_of(cy).get(f"/portal/deals/{deal}/").content.decode()

        reassign(deal, to=birch)
        back = the(deal)
        assert (back.submitted_by_id, back.late_days) == (bo.membership_id, 5)
        for page in (client_of(bo).get(f"/portal/deals/{deal}/"), client_of(olivia).get(f"/console/deals/{deal}/")):
            assert "<dd>Bo</dd>" in page.content.decode() and "5 days longer" in page.content.decode()

    @pytest.mark.parametrize(
        ("make", "to", "reason", "key"),
        [
            (draft, cedar, REASON, "deal.wrong_status"),
            (approved, birch, REASON, "partner.same"),
            (approved, cedar, " ", "reason.missing"),
        ],
    )
    def test_is_refused_with_the_reason(self, make, to, reason, key):
        deal = make(birch)
        decision = reassign(deal, to=to, reason=reason)

        assert decision.reason_keys == (key,) and the(deal).partner_id == birch.id
        with vendor():
            assert not FormerDeal.objects.exists()

    def test_a_suspended_partner_and_a_role_that_may_not(self):
        deal = approved(birch)
        with vendor():
            Partner.objects.filter(pk=cedar.id).update(status="suspended")
        assert reassign(deal).reason_keys == ("partner.not_active",)
        from tests.cast import finn

        assert "approver.wrong_role" in reassign(deal, who=finn).reason_keys
        with vendor() as now, pytest.raises(Partner.DoesNotExist):
            actions.reassign_deal(deal_id=deal, partner_id=zinc.id, reason="x", actor=mia.actor, now=now)

    def test_two_at_once_leave_one_owner_of_deal_and_protection(self):
        deal, other = approved(birch), submitted(cedar, customer_name="Else GmbH", customer_domain="else.de")

        def go(number):
            try:
                return reassign(deal, to=cedar if number % 2 else birch).allowed
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(go, range(8)))

        found = the(deal)
        with vendor():
            held = Protection.objects.get(released_at=None)
            assert held.partner_id == found.partner_id
            assert FormerDeal.objects.count() == sum(done)
        assert the(other).partner_id == cedar.id


class TestReassignedBeforeItsAnswer:
    def test_the_run_begins_again_for_the_new_partner_and_its_clock_runs_on(self):
        deal = submitted(birch, amount="150000")
        run_everything()
        with vendor() as now:
            task = HumanTask.objects.get(subject_id=deal, status="open")
            clock, promised = SlaClock.objects.get(subject_id=deal), Deal.objects.get(pk=deal).answer_due_at
            decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now)  # within its ten seconds

        assert reassign(deal).allowed
        run_everything()

        found = the(deal)
        assert (found.partner_id, found.status, found.answer_due_at) == (cedar.id, "submitted", promised)
        with vendor():
            assert HumanTask.objects.get(pk=task.pk).status == "cancelled"
            asked = HumanTask.objects.get(subject_id=deal, status="open")
            assert asked.partner_id == asked.run.partner_id == cedar.id
            again = SlaClock.objects.get(subject_id=deal)
            assert (again.pk, again.due_at, again.status) == (clock.pk, clock.due_at, "running")
            told = RunEvent.objects.get(run=asked.run, kind="judged_again")
            assert "Cedar" in told.detail["message"] and "Birch" in told.detail["message"]
        page = client_of(cy).get(f"/portal/deals/{deal}/").content.decode()
        assert "Given to you" in page and "protected" not in page.split("Given to you")[1][:20] and "Birch" not in page
        with vendor() as now:
            decide_task(task_id=asked.pk, outcome="approve", actor=mia.actor, now=now, immediately=True)
        run_everything()
        assert the(deal).status == "approved"
        with vendor():
            assert Protection.objects.get(released_at=None).partner_id == cedar.id

    def test_a_question_goes_along_without_how_the_first_partner_was_asked(self):
        deal = returned(birch)

        assert reassign(deal).allowed
        run_everything()

        with partner(cedar) as now:
            seen = Deal.objects.get(pk=deal)
            assert (seen.status, seen.returned_fields) == ("action_required", ["customer_city"])
            assert "Which city" not in seen.reason_for_partner
            given = {"customer_city": "Bremen"}
            assert actions.resubmit_deal(deal_id=deal, fields=given, actor=cy.actor, now=now).allowed
        with vendor():
            assert "Which city?" in DealComment.objects.get(deal=deal, audience="vendor").body

    def test_a_limit_hinders_a_protected_deal_and_not_one_that_waits(self):
        waiting, held = submitted(birch), approved(birch, customer_name="Else GmbH", customer_domain="else.de")
        with vendor():
            Membership.objects.filter(pk=mia.membership_id).update(approval_limit=Decimal(100))

        assert reassign(waiting).allowed
        assert reassign(held).reason_keys == ("deal.amount_above_approver_limit",)


class TestBothPartsAtOnce:
    def test_giving_one_part_up_while_the_other_is_extended_waits_and_never_deadlocks(self):
        lead = approved(birch)
        _decision, other = split(lead)
        with partner(birch) as now:
            actions.change_stage(deal_id=lead, stage="negotiation", actor=bo.actor, now=now)
        met = Barrier(2, timeout=0.5)

        def after_its_first_lock(execute, sql, *rest):
            found = execute(sql, *rest)
            if "FOR UPDATE" in sql and 'FROM "dealreg_deal"' in sql:
                with suppress(BrokenBarrierError):  # the one that came second waits for a lock, not for the other
                    met.wait()
            return found

        def run(work):
            try:
                with connection.execute_wrapper(after_its_first_lock):
                    return work()
            finally:
                connection.close()

        def give_up():
            with partner(cedar) as now:
                return actions.withdraw_deal(deal_id=other, reason="", actor=cy.actor, now=now).allowed

        def extend():
            with vendor() as now:
                return actions.extend_protection(deal_id=lead, actor=olivia.actor, now=now).allowed

        with ThreadPoolExecutor(2) as pool:
            done = [each.result(timeout=30) for each in [pool.submit(run, work) for work in (give_up, extend)]]

        assert done == [True, True]
        assert (the(other).status, the(lead).share_percent, the(lead).status) == ("withdrawn", None, "approved")
        with vendor():
            assert Protection.objects.get(released_at=None).deal_id == lead


class TestShared:
    def test_each_has_a_deal_of_its_own_and_learns_nothing_of_the_other(self):
        deal = approved(birch)
        decision, other = split(deal)
        run_everything()

        assert decision.allowed
        first, second = the(deal), the(other)
        assert (first.share_percent, second.share_percent) == (Decimal(60), Decimal(40))
        assert first.amount_vendor + second.amount_vendor == Decimal("12000.00")
        for of, own, foreign in ((birch, deal, "Cedar"), (cedar, other, "Birch")):
            with partner(of):
                assert [row.pk for row in Deal.objects.all()] == [own]
                told = " ".join(map(str, Deal.objects.values_list())) + " ".join(
                    Message.objects.values_list("body", flat=True)
                )
            assert foreign not in told
        assert "deal.shared" in messages_to(bo)
        assert "40 %" in client_of(cy).get(f"/portal/deals/{other}/").content.decode()

    def test_each_part_stands_in_the_ageing_of_what_is_protected(self):
        split(approved(birch))
        page = client_of(olivia).get("/console/reports/deals/ageing/")
        assert {row.status: row.total.count for row in page.context["ageing"].rows}["approved"] == 2

    def test_names_are_told_where_the_vendor_says_so(self):
        _decision, other = split(approved(birch), names_told=True)

        assert "Birch Systems" in client_of(cy).get(f"/portal/deals/{other}/").content.decode()

    def test_what_is_sold_follows_the_shares_to_the_cent(self):
        deal = approved(birch)
        _decision, other = split(deal, "33.33")
        with partner(cedar) as now:
            refused = actions.mark_won(
                deal_id=other, amount=Decimal(1), closed_on=local_date(now), actor=cy.actor, now=now
            )
        assert refused.reason_keys == ("deal.part_of_another",)
        with partner(birch) as now:
            assert actions.mark_won(
                deal_id=deal, amount=Decimal("10000.01"), closed_on=local_date(now), actor=bo.actor, now=now
            ).allowed

        assert (the(deal).actual_amount, the(other).actual_amount) == (Decimal("6667.01"), Decimal("3333.00"))
        with vendor():
            won = EventRow.objects.filter(name="dealreg.deal.won")
            assert sorted(row.payload["detail"]["amount"] for row in won) == ["3333.00", "6667.01"]
            assert not Protection.objects.filter(released_at=None).exists()

    def test_who_gives_its_part_up_leaves_the_other_the_whole(self):
        deal = approved(birch)
        _decision, other = split(deal)
        with partner(birch) as now:
            assert actions.withdraw_deal(deal_id=deal, reason="", actor=bo.actor, now=now).allowed

        rest = the(other)
        assert (rest.share_percent, rest.amount_vendor, rest.status) == (None, Decimal("12000.00"), "approved")
        with vendor():
            held = Protection.objects.get(released_at=None)
            assert (held.deal_id, held.partner_id) == (other, cedar.id)

    def test_an_extension_counts_for_both_and_a_shared_deal_stays(self):
        deal = approved(birch)
        _decision, other = split(deal)
        with partner(birch) as now:
            actions.change_stage(deal_id=deal, stage="proposal", actor=bo.actor, now=now)
            assert actions.extend_protection(deal_id=deal, actor=bo.actor, now=now).allowed

        assert the(deal).protected_until == the(other).protected_until
        assert reassign(deal).reason_keys == ("deal.shared",)
        assert split(deal)[0].reason_keys == ("deal.shared",)

    @pytest.mark.parametrize("percent", ["0", "100", "-1", "33.333"])
    def test_a_share_is_more_than_nothing_and_less_than_all(self, percent):
        assert "percent.out_of_range" in split(approved(birch), percent)[0].reason_keys

    def test_the_database_holds_that_shares_make_a_whole(self):
        first, second = approved(birch), submitted(cedar, customer_name="Else GmbH", customer_domain="else.de")
        with vendor() as now, pytest.raises(IntegrityError), transaction.atomic():
            DealSplit.objects.create(
                lead_id=first, other_id=second, lead_percent=Decimal(60), other_percent=Decimal(30), at=now
            )

    @pytest.mark.pure
    @given(st.decimals(min_value=0, max_value=10**12, places=2), st.decimals("0.01", "99.99", places=2))
    def test_parts_make_the_whole(self, amount, percent):
        theirs = part_of(amount, percent)
        assert (amount - theirs) + theirs == amount and 0 <= theirs <= amount


class TestTheConsole:
    def test_gives_and_shares_on_the_deals_page(self):
        deal, client = approved(birch), client_of(olivia)
        page = client.get(f"/console/deals/{deal}/").content.decode()
        assert "Give this deal to another partner" in page and "Cedar Networks" in page

        client.post(f"/console/deals/{deal}/split", {"partner": cedar.id, "percent": "25"})
        shown = client.get(f"/console/deals/{deal}/").content.decode()
        assert "Shared sale" in shown and "75 %" in shown and "Cedar Networks" in shown

    def test_refuses_a_partner_that_is_none_of_theirs(self):
        deal, client = approved(birch), client_of(olivia)
        for stranger in (zinc.id, uuid4()):
            client.post(f"/console/deals/{deal}/reassign", {"partner": stranger, "reason": "x"})
        assert the(deal).partner_id == birch.id
