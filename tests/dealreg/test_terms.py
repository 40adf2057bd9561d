"""Deal types, several programs, distributors and resellers, blackout and precedence."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dealreg import actions
from dealreg.models import Customer, Deal, DealPolicy, DealStatus, Protection, ResellerDeal
from partners import actions as partner_actions
from partners.models import Enrolment, Partner, Tier
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.reference.models import Calendar, DealType, Program
from tests.cast import ada, bea, birch, bo, cedar, client_of, cy, olivia, partner, vendor, zed, zinc
from tests.dealreg import deals
from tests.dealreg.test_registration_workflow import messages_to, run_everything


def the(deal: UUID) -> Deal:
    with vendor():
        return Deal.objects.select_related("partner", "program", "deal_type").get(pk=deal)


class TestADealType:
    def test_without_protection_is_registered_and_blocks_nobody(self) -> None:
        renewal = deals.submitted(birch, deal_type="renewal")
        run_everything()
        found = the(renewal)
        assert (found.status, found.protected_until, found.shown_status) == (DealStatus.APPROVED, None, "registered")
        with vendor():
            assert not Protection.objects.exists()
        assert messages_to(bo) == ["deal.approved"]

        rival = deals.submitted(cedar, deal_type="new-business")
        run_everything()
        assert the(rival).protected_until is not None

        page = client_of(bo).get(f"/portal/deals/{renewal}/").content.decode()
        assert "Registered" in page and "Protected until" not in page
        with partner(birch) as now:
            actions.change_stage(deal_id=renewal, stage="proposal", actor=bo.actor, now=now)
            assert actions.extend_protection(deal_id=renewal, actor=bo.actor, now=now).refused
            assert actions.mark_won(
                deal_id=renewal, amount=Decimal(9), closed_on=now.date(), actor=bo.actor, now=now
            ).allowed

    def test_is_the_first_where_nobody_says_and_refused_when_unknown(self) -> None:
        assert the(deals.draft(birch)).deal_type.code == "new-business"  # type: ignore[union-attr]
        odd = deals.draft(birch, deal_type="barter")
        with partner(birch) as now:
            decision = actions.submit_deal(deal_id=odd, actor=bo.actor, now=now)
        assert decision.reason_keys == ("deal_type.unknown",)
        with vendor():
            DealType.objects.filter(code="new-business").update(is_active=False)
        assert the(deals.draft(birch)).deal_type.code == "expansion"  # type: ignore[union-attr]


@pytest.fixture
def public_sector() -> UUID:
    """A second program of Acme's, in which Birch is enrolled, with ten days of protection."""
    with vendor() as now:
        program = Program.objects.create(
            code="public-sector",
            name="Public sector",
            currency="EUR",
            calendar=Calendar.objects.get(is_default=True),
            starts_on=now.date(),
        )
        tier = Tier.objects.create(
            program=program, code="only", name="Member", rank=1, protection_days=10, auto_approve_limit=Decimal(99_000)
        )
        partner_actions.enrol_partner(
            partner_id=birch.id, program_id=program.pk, tier_id=tier.pk, actor=ada.actor, now=now
        )
        dach = Enrolment.objects.get(partner_id=birch.id, program__code="partner-program").territories.get()
        Enrolment.objects.get(partner_id=birch.id, program=program).territories.create(territory=dach.territory)
        return program.pk


@pytest.mark.usefixtures("public_sector")
class TestSeveralPrograms:
    def test_each_deal_follows_the_one_that_was_picked(self) -> None:
        usual = deals.submitted(birch, customer_name="Acorn Mills", customer_domain="acorn.example")
        public = deals.submitted(birch, program="public-sector")
        run_everything()

        found, other = the(public), the(usual)
        assert found.program.code == "public-sector"
        assert found.protected_until and other.protected_until and other.protected_until > found.protected_until
        with vendor() as now:
            assert found.protected_until == now.date() + timedelta(days=10)
            facts = DecisionRecord.objects.get(subject_id=public, rule__startswith="deal-eligibility/").document
            assert facts["facts"]["deal.program"] == "public-sector"
        assert "Public sector" in client_of(bo).get("/portal/deals/terms").content.decode()

    @pytest.mark.parametrize("program", ["public-sector", "no-such-program"])
    def test_a_program_of_others_is_as_if_it_were_not_there(self, program: str) -> None:
        deal = deals.draft(cedar, program=program)
        with partner(cedar) as now:
            decision = actions.submit_deal(deal_id=deal, actor=cy.actor, now=now)
        assert [(r.key, r.text) for r in decision.for_partner().reasons] == [
            ("program.unknown", f"“{program}” is none of your programs. Choose from: Partner program.")
        ]
        assert the(deal).program.code == "partner-program"


@pytest.fixture
def distributor() -> None:
    """Birch distributes; Cedar buys through it."""
    with vendor():
        Partner.objects.filter(pk=birch.id).update(kind="distributor")
        Partner.objects.filter(pk=cedar.id).update(parent_id=birch.id)


@pytest.mark.usefixtures("distributor")
class TestRegisteringForAReseller:
    def test_the_reseller_reads_that_it_is_there_and_nothing_else(self) -> None:
        deal = deals.submitted(birch, reseller=str(cedar.id), notes="Margin is thin")
        run_everything()

        with partner(cedar) as now:
            seen = ResellerDeal.objects.get()
            assert (seen.customer_name, seen.status, seen.distributor_name) == (
                "Nordwind Logistik GmbH", "approved", "Birch Systems",
            )  # fmt: skip
            assert seen.protected_until == the_until(deal)
            assert not Deal.objects.exists()
            with pytest.raises(Deal.DoesNotExist):
                actions.withdraw_deal(deal_id=deal, reason="mine", actor=cy.actor, now=now)
        page = client_of(cy).get("/portal/deals/through/").content.decode()
        assert "Nordwind Logistik GmbH" in page and "Margin" not in page
        assert client_of(cy).get(f"/portal/deals/{deal}/").status_code == 404

        with partner(birch) as now:
            assert not ResellerDeal.objects.exists()  # its own deals stand in its own list
            assert actions.withdraw_deal(deal_id=deal, reason="", actor=bo.actor, now=now).allowed
        with partner(cedar):
            assert ResellerDeal.objects.get().status == "withdrawn"
        with partner(zinc):
            assert not ResellerDeal.objects.exists()

    def test_a_draft_is_nobody_elses(self) -> None:
        deals.draft(birch, reseller=str(cedar.id))
        with partner(cedar):
            assert not ResellerDeal.objects.exists()

    def test_the_wall_refuses_a_reseller_who_writes(self) -> None:
        from django.db import ProgrammingError, transaction

        deals.submitted(birch, reseller=str(cedar.id))
        with partner(cedar), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            ResellerDeal.objects.update(status="won")

    @pytest.mark.parametrize("whose", [zinc.id, "Zinc Partners", "0190-no-such-id", birch.id])
    def test_strangers_and_missing_ones_give_the_same_answer(self, whose: Any) -> None:
        deal = deals.draft(birch, reseller=str(whose))
        with partner(birch) as now:
            decision = actions.submit_deal(deal_id=deal, actor=bo.actor, now=now)
        assert [r.text for r in decision.for_partner().reasons] == [f"“{whose}” is none of your resellers."]
        assert the(deal).reseller_id is None

    def test_only_a_distributor_is_asked_and_a_suspended_reseller_is_refused(self) -> None:
        assert "Registered for" in client_of(bea).get("/portal/deals/terms").content.decode()
        assert "Registered for" not in client_of(cy).get("/portal/deals/terms").content.decode()
        with vendor() as now:
            partner_actions.suspend_partner(partner_id=cedar.id, reason="late", actor=ada.actor, now=now)
        deal = deals.submitted(birch, reseller=str(cedar.id))
        run_everything()
        assert the(deal).answer_reasons[0]["key"] == "reseller.not_active"

    def test_nobody_of_another_vendor_sees_any(self) -> None:
        deals.submitted(birch, reseller=str(cedar.id))
        assert "Nordwind" not in client_of(zed).get("/portal/deals/through/").content.decode()


def the_until(deal: UUID) -> Any:
    from prm.kernel.tenancy.context import deciding

    with deciding():
        return Deal.objects.values_list("protected_until", flat=True).get(pk=deal)


class TestABlackoutAccount:
    def test_is_declined_for_good_and_nobody_is_told_why(self) -> None:
        with vendor() as now:
            actions.create_customer(
                name="Nordwind Logistik GmbH", domain="nordwind-logistik.de", country="DE", is_blocked=True,
                actor=ada.actor, now=now,
            )  # fmt: skip
        deal = deals.submitted(birch)
        run_everything()

        found = the(deal)
        assert (found.status, found.decided_by_person) == (DealStatus.REJECTED, False)
        assert found.answer_reasons == [
            {"key": "customer.blackout", "text": "We don't take registrations for this customer. This answer is final."}
        ]
        assert "blackout list" not in client_of(bo).get(f"/portal/deals/{deal}/").content.decode()

    def test_that_it_only_may_be_goes_to_people(self) -> None:
        with vendor() as now:
            actions.create_customer(
                name="Nordwind Logistik Holding AG", country="DE", is_house=True, actor=ada.actor, now=now
            )
        deal = deals.submitted(birch, customer_domain="")
        run_everything()
        with vendor():
            told = DecisionRecord.objects.get(subject_id=deal, rule="deal-conflict/1").document
        assert the(deal).status == DealStatus.SUBMITTED
        assert {(r["key"], r["audience"]) for r in told["reasons"]} == {("customer.possibly_marked", "vendor")}


class TestPrecedenceAfterProtection:
    def lapsed(self, days: int) -> None:
        """Birch's protection ended so many days ago."""
        deal = deals.approved(birch)
        with vendor() as now:
            until = now.date() - timedelta(days=days)
            Protection.objects.filter(deal_id=deal).update(granted_on=until, until=until)
            Deal.objects.filter(pk=deal).update(protected_until=until)
            assert actions.expire_due(actor=ada.actor, now=now)["expired"] == 1

    def why(self, deal: UUID) -> set[tuple[str, str]]:
        with vendor():
            told = DecisionRecord.objects.get(subject_id=deal, rule__startswith="deal-eligibility/").document
        return {(reason["key"], reason["audience"]) for reason in told["reasons"]}

    def test_a_rivals_deal_goes_to_people_with_the_reason_for_us_alone(self) -> None:
        self.lapsed(days=5)
        rival = deals.submitted(cedar)
        run_everything()
        assert the(rival).status == DealStatus.SUBMITTED
        assert self.why(rival) == {("deal.former_holder", "vendor")}
        page = client_of(cy).get(f"/portal/deals/{rival}/").content.decode()
        assert "lapsed" not in page and "Birch" not in page
        assert "has just lapsed" in client_of(olivia).get(f"/console/deals/{rival}/").content.decode()

    def test_the_former_holders_own_deal_takes_its_usual_way(self) -> None:
        self.lapsed(days=5)
        again = deals.submitted(birch)
        run_everything()
        assert the(again).status == DealStatus.APPROVED

    @pytest.mark.parametrize(("ago", "given"), [(15, 14), (1, 0)])
    def test_it_ends(self, ago: int, given: int) -> None:
        with vendor():
            DealPolicy.objects.create(precedence_days=given)
        self.lapsed(days=ago)
        rival = deals.submitted(cedar)
        run_everything()
        assert the(rival).status == DealStatus.APPROVED

    def test_a_deal_that_was_lost_leaves_none(self) -> None:
        deal = deals.approved(birch)
        with partner(birch) as now:
            actions.mark_lost(deal_id=deal, reason="Price", closed_on=now.date(), actor=bo.actor, now=now)
        rival = deals.submitted(cedar)
        run_everything()
        assert the(rival).status == DealStatus.APPROVED
        with vendor():
            assert Customer.objects.count() == 1


class TestTheDemosTerms:
    def test_are_lived_through_by_the_products_own_actions(self) -> None:
        from prm.demo import terms
        from prm.demo.cast import Organisation, Worker

        def worker(who: Any, partner_id: Any = None) -> Worker:
            return Worker(who.membership_id, who.person_id, who.name, who.email, who.roles, partner_id)

        with vendor() as now:
            more = [
                partner_actions.create_partner(name=name, country="DE", actor=ada.actor, now=now).pk
                for name in ("Alder Data", "Rowan IT")
            ]
        seller = worker(bo, birch.id)
        partners = [Organisation(pk, "", ("DE",), seller, seller) for pk in (cedar.id, birch.id, *more)]
        terms.add(birch.vendor.id, partners, worker(ada))
        run_everything()

        with vendor():
            made = {deal.customer_name: deal for deal in Deal.objects.all()}
            assert {name: str(deal.amount) for name, deal in made.items()} == {
                "Meridian Freight Services": "16896.00",
                "Ostara Kliniken": "56860.00",
                "Halcyon Print Works": "10260.00",
            }
            assert made["Halcyon Print Works"].shown_status == "registered"
            assert ResellerDeal.objects.count() == 3
