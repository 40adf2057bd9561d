"""Approving: who may, what stands in the way, and that two rivals never both win."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction

from dealreg import actions
from dealreg.models import Customer, Deal, DealStatus, MatchKey, NotSame, Protection
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.clock import local_date
from prm.kernel.events.models import EventRow
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import ProductLine
from tests.cast import acme, birch, bo, cedar, finn, mia, olivia, partner, vendor
from tests.dealreg.deals import approved, draft, in_review, submitted, the

WORKFLOW = Actor.system("deal workflow")


def approve(deal, actor=mia.actor, **more):
    with vendor(acme) as now:
        return actions.approve_deal(deal_id=deal, actor=actor, now=now, **more)


class TestApproveDeal:
    def test_2_3_5_is_not_for_whoever_handed_it_in_as_somebody_else(self):
        deal = draft()
        with partner() as now:
            seen = replace(bo.actor, impersonator="Olivia", impersonator_id=olivia.membership_id)
            assert actions.submit_deal(deal_id=deal, actor=seen, now=now).allowed

        refused = approve(deal, olivia.actor)

        assert "approver.is_submitter" in refused.reason_keys
        assert "approver.is_submitter" not in approve(deal, mia.actor).reason_keys

    def test_protects_the_customer_line_by_line_for_the_tiers_days(self):
        deal = the(approved())

        with vendor() as now:
            protection = Protection.objects.get(deal=deal)
            assert protection.customer.name == "Nordwind Logistik GmbH"
            assert protection.until == deal.protected_until == local_date(now) + timedelta(days=90)
            event = EventRow.objects.get(name="dealreg.deal.approved")
            assert event.payload["detail"]["amount"] == "12000.00"
            assert not MatchKey.objects.filter(record_id=deal.pk).exists()
            assert MatchKey.objects.filter(record_id=protection.customer_id).exists()

    def test_refuses_above_the_approvers_limit_and_leaves_evidence_only(self):
        deal = in_review(amount="50000.01")

        decision = approve(deal, olivia.actor)

        assert decision.reason_keys == ("deal.amount_above_approver_limit",)
        assert the(deal).status == DealStatus.IN_REVIEW
        with vendor():
            entry = AuditEntry.objects.get(action="deal.approved_refused")
            assert entry.decision.document["facts"]["amount"] == "50000.01"
            assert not EventRow.objects.filter(name="dealreg.deal.approved").exists()
            assert not Protection.objects.exists()

    def test_refuses_a_role_that_does_not_approve(self):
        assert approve(in_review(), finn.actor).reason_keys == ("approver.wrong_role",)

    def test_refuses_the_partner_itself(self):
        assert "approver.wrong_role" in approve(in_review(), bo.actor).reason_keys

    def test_a_second_approval_is_refused(self):
        deal = approved()

        assert approve(deal).reason_keys == ("deal.wrong_status",)

    def test_days_that_we_were_late_are_added(self):
        deal = in_review()
        with vendor() as now:
            Deal.objects.filter(pk=deal).update(answer_due_at=now - timedelta(days=4, hours=1))

        approve(deal)

        with vendor() as now:
            assert the_until(deal) == local_date(now) + timedelta(days=95)
            told = DecisionRecord.objects.get(subject_id=deal, rule="deal-approval/1").document
        assert the(deal).late_days == told["facts"]["late_days"] == 5

    def test_a_product_lines_own_days_win(self):
        with vendor():
            ProductLine.objects.filter(code="platform").update(protection_days=30)

        deal = the(approved())

        with vendor() as now:
            assert deal.protected_until == local_date(now) + timedelta(days=30)


def the_until(deal):
    return Deal.objects.get(pk=deal).protected_until


class TestRivals:
    def test_a_protected_customer_under_another_spelling_is_refused_without_a_name(self):
        approved(birch)
        rival = in_review(
            cedar, customer_name="NORDWIND LOGISTIK Gesellschaft mbH", customer_domain="www.nordwind-logistik.de"
        )

        decision = approve(rival)

        assert "deal.customer_already_protected" in decision.reason_keys
        told = " ".join(reason.text for reason in decision.for_partner().reasons)
        assert told and "Birch" not in told and "Nordwind" not in told
        assert decision.for_partner().facts == {}

    def test_other_product_lines_are_another_opportunity(self):
        approved(birch)
        with vendor():
            security = str(ProductLine.objects.get(code="security").pk)

        approved(cedar, product_lines=[security])

        with vendor():
            assert Customer.objects.count() == 1
            assert Protection.objects.filter(released_at=None).count() == 2

    def test_a_lapsed_protection_gives_way(self):
        first = approved(birch)
        with vendor() as now:
            yesterday = local_date(now) - timedelta(days=1)
            Protection.objects.filter(deal_id=first).update(granted_on=yesterday - timedelta(days=9), until=yesterday)

        second = approved(cedar)

        with vendor():
            assert Protection.objects.get(deal_id=first).released_because == "lapsed"
            assert Protection.objects.get(deal_id=second).released_at is None

    def test_a_possible_rival_stops_the_workflow_but_not_a_person_who_saw_it(self):
        approved(birch, customer_domain="")
        lookalike = in_review(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="")

        assert approve(lookalike, WORKFLOW).reason_keys == ("deal.possible_conflict",)
        assert approve(lookalike).allowed
        with vendor():
            assert NotSame.objects.count() == 1  # and the question is not asked again
            assert Customer.objects.count() == 2

    def test_a_possible_rival_that_came_after_the_review_stops_a_person_too(self):
        late = in_review(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="")
        approved(birch, customer_domain="")

        assert approve(late).reason_keys == ("deal.rival_unseen",)

    def test_a_person_may_say_that_it_is_another_customer(self):
        first = approved(birch)
        rival = in_review(cedar)
        with vendor():
            customer = Protection.objects.get(deal_id=first).customer_id

        assert approve(rival).refused
        assert approve(rival, different_from=[customer]).allowed

    def test_whoever_may_not_approve_teaches_nothing(self):
        first = approved(birch)
        with vendor():
            customer = Protection.objects.get(deal_id=first).customer_id
        assert not approve(in_review(cedar), finn.actor, different_from=[customer]).allowed
        with vendor():
            assert not NotSame.objects.exists()

    def test_the_index_is_the_last_word(self):
        first = approved(birch)
        with vendor() as now:
            held = Protection.objects.get(deal_id=first)
            with pytest.raises(IntegrityError), transaction.atomic():
                Protection.objects.create(
                    customer=held.customer,
                    product_line_id=held.product_line_id,
                    deal_id=first,
                    partner_id=cedar.id,
                    granted_on=local_date(now),
                    until=local_date(now),
                )


class TestAtTheSameInstant:
    def test_two_spellings_on_two_connections_one_is_protected(self):
        for round_ in range(5):
            rivals = [
                in_review(birch, customer_name=f"Kestrel {WORDS[round_]} Systems GmbH", customer_domain=""),
                in_review(cedar, customer_name=f"KESTREL {WORDS[round_].upper()} SYSTEMS G.m.b.H.", customer_domain=""),
            ]

            decisions = at_once(rivals)

            assert sorted(decision.allowed for decision in decisions) == [False, True], round_
            with vendor():
                assert Protection.objects.filter(deal_id__in=rivals, released_at=None).count() == 1

    def test_of_fifty_at_once_for_one_customer_exactly_one_wins(self):
        with vendor() as now:
            partners = others(25, now)
        rivals = [submitted_by(partners[i % 25], f"Halcyon{' ' * (i % 2)} Robotics {FORMS[i % 5]}") for i in range(50)]

        decisions = at_once(rivals, actor=WORKFLOW, threads=10)

        assert sum(decision.allowed for decision in decisions) == 1
        with vendor():
            assert Protection.objects.filter(released_at=None).count() == 1
            assert Customer.objects.count() == 1


WORDS = ("Aurora", "Borealis", "Cascade", "Drumlin", "Estuary")
FORMS = ("GmbH", "AG", "Ltd.", "Inc.", "S.A.")


def at_once(deals, actor=mia.actor, threads=2):
    """Approve all of them, each on a connection of its own, starting together."""
    gate = Barrier(min(threads, len(deals)))

    def one(item):
        place, deal = item
        try:
            if place < gate.parties:
                gate.wait()
            return approve(deal, actor)
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, enumerate(deals)))


def others(count, now):
    from partners.actions import create_partner, enrol_partner
    from partners.models import Tier
    from partners.queries import default_program
    from prm.kernel.reference.models import Territory

    program = default_program()
    made = []
    for number in range(count):
        partner = create_partner(name=f"Partner {number}", country="DE", actor=olivia.actor, now=now)
        enrol_partner(
            partner_id=partner.pk,
            program_id=program.pk,
            tier_id=Tier.objects.get(code="gold").pk,
            territories=(Territory.objects.get(code="dach").pk,),
            actor=olivia.actor,
            now=now,
        )
        made.append(partner.pk)
    return made


def submitted_by(partner_id, name):
    from tests.dealreg.deals import fields

    with vendor() as now:
        deal = actions.save_draft(
            partner_id=partner_id,
            actor=olivia.actor,
            now=now,
            fields=fields(now, customer_name=name, customer_domain="", amount=str(Decimal(5000))),
        )
        assert actions.submit_deal(deal_id=deal.pk, actor=olivia.actor, now=now).allowed
        return deal.pk


def test_a_submitted_deal_can_be_approved_by_the_workflow():
    assert approve(submitted(), WORKFLOW).allowed
