"""From the answer on: stages, won, lost, extended, reminded, expired; and every illegal move refused twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dealreg import actions
from dealreg.models import Deal, DealReminder, DealStatus, MatchKey, Protection
from dealreg.models.deals import Deal as DealModel
from prm.kernel.audit.models import AuditEntry
from prm.kernel.clock import local_date
from prm.kernel.events.models import EventRow
from prm.kernel.identity.actors import Actor
from prm.kernel.messages.models import Message
from prm.kernel.tenancy.wall import state_moves
from tests.cast import birch, bo, cam, cedar, mia, partner, vendor
from tests.dealreg.deals import approved, draft, in_review, returned, submitted, the
from tests.workflows.things import settle

CLOCK = Actor.system("deal clock")
STATES = {
    "draft": draft,
    "submitted": submitted,
    "in_review": in_review,
    "action_required": returned,
    "approved": approved,
}


def events_named(name):
    with vendor():
        return [row.payload for row in EventRow.objects.filter(name=f"dealreg.deal.{name}")]


def move_end_of_protection(deal, days):
    """As if the protection ended so many days from today."""
    with vendor() as now:
        until = local_date(now) + timedelta(days=days)
        Deal.objects.filter(pk=deal).update(protected_until=until)
        Protection.objects.filter(deal_id=deal).update(granted_on=until - timedelta(days=90), until=until)


class TestStateMachine:
    @pytest.mark.parametrize("start", STATES)
    def test_the_database_refuses_every_move_that_the_model_does_not_know(self, start):
        deal = STATES[start]()
        legal = {
            target for source, target in state_moves(DealModel, DealModel._meta.get_field("status")) if source == start
        }

        for target in DealStatus.values:
            if target in legal or target == start:
                continue
            with vendor(), pytest.raises(IntegrityError), transaction.atomic():
                Deal.objects.filter(pk=deal).update(status=target)
        assert the(deal).status == start

    def test_no_deal_begins_in_the_middle(self):
        template = the(draft())
        template.pk, template.number = None, "D-0"
        template._state.adding = True
        template.__dict__["status"] = "approved"

        with vendor(), pytest.raises(IntegrityError), transaction.atomic():
            template.save(force_insert=True)

    def test_a_refused_move_is_audited_and_changes_nothing(self):
        deal = submitted()

        with partner(birch) as now:
            decision = actions.mark_won(
                deal_id=deal, amount=Decimal(5), closed_on=local_date(now), actor=bo.actor, now=now
            )

        assert decision.reason_keys == ("deal.wrong_status",)
        assert the(deal).status == DealStatus.SUBMITTED
        with vendor():
            assert AuditEntry.objects.filter(action="deal.won_refused", target_id=deal).exists()


class TestReturned:
    def test_only_the_opened_fields_may_differ(self):
        deal = returned(opened=("customer_city",))

        with partner(birch) as now:
            decision = actions.resubmit_deal(
                deal_id=deal, fields={"amount": "99999", "customer_city": "Kiel"}, actor=bo.actor, now=now
            )

        assert "deal.field_not_open" in decision.reason_keys
        assert the(deal).status == DealStatus.ACTION_REQUIRED
        assert the(deal).amount == Decimal("12000.00")
        assert the(deal).customer_city == "Hamburg"

    def test_an_answer_goes_back_to_the_desk(self):
        deal = returned(opened=("customer_city",))

        with partner(birch) as now:
            actions.resubmit_deal(deal_id=deal, fields={"customer_city": "Kiel"}, actor=bo.actor, now=now)

        found = the(deal)
        assert (found.status, found.customer_city, found.submission) == (DealStatus.SUBMITTED, "Kiel", 2)
        assert found.returned_fields == []

    def test_an_answer_that_can_not_be_read_changes_nothing(self):
        deal = returned(opened=("expected_close_on",))

        with partner(birch) as now:
            decision = actions.resubmit_deal(
                deal_id=deal, fields={"expected_close_on": "1999-01-01"}, actor=bo.actor, now=now
            )

        assert decision.reason_keys == ("expected_close_on.past",)
        assert the(deal).expected_close_on.year > 2000

    @pytest.mark.parametrize(("reason", "fields"), [("", ["amount"]), ("Why?", []), ("Why?", ["status"])])
    def test_a_question_needs_words_and_fields(self, reason, fields):
        deal = in_review()

        with vendor() as now:
            decision = actions.return_deal(deal_id=deal, reason=reason, fields=fields, actor=cam.actor, now=now)

        assert decision.refused
        assert the(deal).status == DealStatus.IN_REVIEW


class TestClosing:
    def test_won_tells_the_money_and_frees_the_customer(self):
        deal = approved()

        with partner(birch) as now:
            assert actions.mark_won(
                deal_id=deal, amount=Decimal("11500.00"), closed_on=local_date(now), actor=bo.actor, now=now
            ).allowed

        assert the(deal).actual_amount == Decimal("11500.00")
        assert events_named("won")[0]["detail"]["amount"] == "11500.00"
        assert events_named("won")[0]["detail"]["product_lines"] == ["platform"]
        with vendor():
            assert not Protection.objects.filter(released_at=None).exists()

    def test_lost_needs_a_reason_and_frees_the_customer(self):
        deal = approved()
        with partner(birch) as now:
            assert actions.mark_lost(
                deal_id=deal, reason=" ", closed_on=local_date(now), actor=bo.actor, now=now
            ).refused
            assert actions.mark_lost(
                deal_id=deal, reason="Too dear", closed_on=local_date(now), actor=bo.actor, now=now
            ).allowed

        assert the(approved(cedar)).status == DealStatus.APPROVED

    def test_tomorrow_is_no_closing_day(self):
        deal = approved()

        with partner(birch) as now:
            decision = actions.mark_won(
                deal_id=deal, amount=Decimal(1), closed_on=local_date(now) + timedelta(days=2), actor=bo.actor, now=now
            )

        assert decision.reason_keys == ("closed_on.future",)

    def test_withdrawn_frees_the_customer_and_its_keys(self):
        deal = approved()

        with partner(birch) as now:
            actions.withdraw_deal(deal_id=deal, reason="", actor=bo.actor, now=now)

        with vendor():
            assert Protection.objects.get().released_because == "withdrawn"
            assert not MatchKey.objects.filter(record_id=deal).exists()


class TestExtension:
    def test_follows_progress_once(self):
        deal = approved()
        before = the(deal).protected_until
        with partner(birch) as now:
            extend = {"deal_id": deal, "actor": bo.actor, "now": now}
            assert actions.extend_protection(**extend).reason_keys == ("deal.stage_unchanged",)
            actions.change_stage(stage="proposal", **extend)
            assert actions.extend_protection(**extend).allowed
            assert actions.extend_protection(**extend).reason_keys == ("deal.already_extended",)

        assert the(deal).protected_until == before + timedelta(days=45)
        with vendor():
            assert Protection.objects.get().until == before + timedelta(days=45)

    def test_an_unknown_stage_is_refused(self):
        deal = approved()

        with partner(birch) as now:
            assert actions.change_stage(deal_id=deal, stage="moon", actor=bo.actor, now=now).refused


class TestTime:
    def pass_time(self):
        with vendor() as now:
            return actions.expire_due(actor=CLOCK, now=now)

    def test_reminders_go_out_once_at_each_distance(self):
        deal = approved()
        told = []
        for days in (40, 30, 29, 14, 13, 3, 0):
            move_end_of_protection(deal, days)
            with vendor():
                DealReminder.objects.update(until=the_until(deal))
            told.append(self.pass_time()["reminded"] + self.pass_time()["reminded"])

        assert told == [0, 1, 0, 1, 0, 1, 0]
        assert [payload["detail"]["days"] for payload in events_named("expiring")] == [30, 14, 3]

    def test_what_was_slept_through_is_told_once_only(self):
        deal = approved()
        move_end_of_protection(deal, 2)

        assert self.pass_time()["reminded"] == 1
        with vendor():
            assert sorted(DealReminder.objects.values_list("days", flat=True)) == [3, 14, 30]

    def test_asks_no_more_for_many_deals_than_for_one_but_for_their_audit_and_mails_each_once(self, as_worker):
        asked = []
        for names in (("Quayside Pumps",), ("Elderflower Rail", "Mistral Optik", "Kestrel Foods", "Jasper Press")):
            for name in names:
                deal = approved(customer_name=name, customer_domain=f"{name.split()[0].lower()}.example")
                move_end_of_protection(deal, 3)
            with vendor() as now, CaptureQueriesContext(connection) as captured:
                assert actions.expire_due(actor=CLOCK, now=now) == {"expired": 0, "reminded": len(names)}
            asked.append(sum("audit_" not in query["sql"] for query in captured))
        settle()

        assert asked[0] == asked[1]
        with vendor():
            mails = Message.objects.filter(template="deal.expiring", channel="email")
            assert sorted(mails.values_list("subject_id", flat=True)) == sorted(
                Deal.objects.filter(status="approved").values_list("pk", flat=True)
            )

    def test_what_ends_on_one_day_is_ended_at_once_with_all_that_hangs_on_it(self):
        for name in ("Quayside Pumps", "Elderflower Rail"):
            deal = approved(customer_name=name, customer_domain=f"{name.split()[0].lower()}.example")
            move_end_of_protection(deal, -1)

        assert self.pass_time()["expired"] == 2

        with vendor():
            assert set(Deal.objects.values_list("status", flat=True)) == {"expired"}
            assert not MatchKey.objects.filter(kind=MatchKey.Kind.DEAL).exists()
            assert set(Protection.objects.values_list("released_because", flat=True)) == {"lapsed"}
            told = AuditEntry.objects.filter(action="deal.expired")
            assert [(entry.before, entry.after) for entry in told] == [
                ({"status": "approved"}, {"status": "expired"})
            ] * 2
        assert [payload["facts"]["deal.status"] for payload in events_named("expired")] == ["expired"] * 2

    def test_protection_lasts_through_its_last_day(self):
        deal = approved()
        move_end_of_protection(deal, 0)

        assert self.pass_time()["expired"] == 0
        move_end_of_protection(deal, -1)
        assert self.pass_time()["expired"] == 1

        assert the(deal).status == DealStatus.EXPIRED
        with vendor():
            assert Protection.objects.get().released_because == "lapsed"
        assert self.pass_time()["expired"] == 0

    def test_the_scheduled_task_keeps_every_vendors_time(self, as_worker):
        from dealreg.tasks import keep_time

        deal = approved()
        move_end_of_protection(deal, -1)

        assert keep_time() == 1
        assert the(deal).status == DealStatus.EXPIRED


def the_until(deal):
    return Deal.objects.values_list("protected_until", flat=True).get(pk=deal)


def test_a_duplicate_of_nothing_is_refused():
    deal = in_review()

    with vendor() as now:
        decision = actions.mark_duplicate(deal_id=deal, other=deal, actor=mia.actor, now=now)

    assert decision.reason_keys == ("other.unknown",)
