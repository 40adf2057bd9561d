"""What a partner can learn: nothing about rivals, whatever it asks for."""

import pytest
from django.db import ProgrammingError, transaction

from dealreg import actions, queries
from dealreg.models import Customer, Deal, DealAssessment, MatchKey, NotSame, Protection
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from tests.cast import bea, birch, bo, cedar, cy, mia, partner, vendor, zenith
from tests.dealreg.deals import approved, draft, in_review, submitted, the
from tests.identity.test_tokens import call, key_of


class TestAPartner:
    @pytest.mark.parametrize(
        "model", [Customer, MatchKey, NotSame, Protection, DealAssessment, AuditEntry, DecisionRecord]
    )
    def test_has_no_right_at_all_on_what_the_vendor_found(self, model):
        approved(birch)

        with partner(birch), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            list(model.objects.all()[:1])

    def test_sees_its_own_deals_only(self):
        mine, theirs = submitted(birch), submitted(cedar)

        with partner(birch):
            assert list(Deal.objects.values_list("pk", flat=True)) == [mine]
        with vendor(zenith):
            assert not Deal.objects.exists()
        with partner(birch) as now, pytest.raises(Deal.DoesNotExist):
            actions.withdraw_deal(deal_id=theirs, reason="", actor=bo.actor, now=now)

    def test_can_not_write_a_deal_past_the_actions(self):
        deal = draft(birch)

        with partner(birch), pytest.raises(ProgrammingError), transaction.atomic():
            Deal.objects.filter(pk=deal).update(amount=1)

    def test_hears_the_same_words_whoever_the_rival_is(self):
        approved(birch)
        told = []
        for of in (cedar,):
            rival = in_review(of)
            with vendor() as now:
                decision = actions.approve_deal(deal_id=rival, actor=mia.actor, now=now).for_partner()
            told += [reason.text for reason in decision.reasons]

        assert told == ["This customer is already registered for this product."]

    def test_reads_nothing_of_a_rival_after_a_duplicate(self):
        first, second = approved(birch), in_review(cedar)

        with vendor() as now:
            actions.mark_duplicate(deal_id=second, other=first, actor=mia.actor, now=now)

        with partner(cedar):
            row = Deal.objects.filter(pk=second).values().get()
        text = " ".join(map(str, row.values()))
        assert str(first) not in text and "Birch" not in text and the(first).number not in text
        assert row["answer_reasons"][0]["key"] == "deal.customer_already_protected"

    def test_8_2_2_is_not_told_of_a_rival_before_anybody_has_decided(self):
        approved(cedar)
        deal = submitted(birch)
        with vendor() as now:
            assert actions.check_conflicts(deal_id=deal, actor=mia.actor, now=now).outcome == "conflict"

        rows = call(key_of(bea, "partner_admin"), "/api/v1/decisions")

        assert rows.status_code == 200 and "already" not in rows.content.decode()


class TestTheHint:
    def test_comes_from_its_own_deals(self):
        own = submitted(birch)

        with partner(birch):
            found = queries.own_duplicates(customer_name="Nord-Wind Logistik", customer_domain="nordwind-logistik.de")

        assert [match.deal_id for match in found] == [own]

    def test_never_from_a_rivals(self):
        submitted(birch)

        with partner(cedar):
            assert (
                queries.own_duplicates(customer_name="Nordwind Logistik GmbH", customer_domain="nordwind-logistik.de")
                == []
            )

    def test_of_nothing_is_nothing(self):
        with partner(cedar):
            assert queries.own_duplicates(customer_name="  ") == []


def test_a_check_says_why_to_the_vendor_and_names_nobody_to_the_partner():
    approved(birch)
    deal = submitted(cedar, customer_name="Nordwind Logistik")

    with vendor() as now:
        decision = actions.check_conflicts(deal_id=deal, actor=cy.actor, now=now)
        evidence = queries.rivals_of(deal)

    assert decision.outcome == "conflict"
    assert "Birch Systems" in " ".join(reason.text for reason in decision.reasons)
    assert "Birch" not in " ".join(reason.text for reason in decision.for_partner().reasons)
    assert evidence["best"]["partner_name"] == "Birch Systems"
    assert evidence["best"]["speaks"][0]["text"]
    assert any(differs for *_cells, differs in evidence["best"]["diff"])
