"""What rules are told about a partner."""

from datetime import timedelta
from decimal import Decimal

from partners import queries
from partners.models import Enrolment, PartnerCertification, Tier
from prm.kernel import clock
from prm.kernel.reference.models import Program
from tests.cast import birch, cam, cedar, vendor


def facts_now():
    return queries.partner_facts(birch.id, Program.objects.get().pk)


class TestFacts:
    def test_come_from_the_tier_held_in_the_program(self):
        with vendor():
            facts = facts_now()
            assert (facts.tier_code, facts.tier_rank, facts.protection_days) == ("silver", 2, 90)
            assert facts.auto_approve_limit == Decimal("50000.00")
            assert (facts.cam_id, facts.cam_name) == (cam.membership_id, "Cam")

    def test_a_tier_without_days_of_its_own_has_the_programs(self):
        with vendor():
            Tier.objects.filter(code="silver").update(protection_days=None)
            Program.objects.update(protection_days=77)
            assert facts_now().protection_days == 77

    def test_an_ended_enrolment_is_none(self):
        with vendor():
            held = Enrolment.objects.get(partner_id=birch.id)
            held.end()
            held.save()
            facts = facts_now()
            assert (facts.enrolled, facts.tier_code, facts.auto_approve_limit) == (False, "", None)

    def test_a_certificate_counts_to_its_last_day(self):
        with vendor() as now:
            today = clock.local_date(now)
            PartnerCertification.objects.create(
                partner_id=birch.id,
                code="sec",
                name="Security",
                achieved_on=today - timedelta(days=10),
                expires_on=today,
            )
            program = Program.objects.get().pk

            assert queries.partner_facts(birch.id, program, on=today).certified
            assert not queries.partner_facts(birch.id, program, on=today + timedelta(days=1)).certified
            assert not queries.partner_facts(birch.id, program, on=today - timedelta(days=11)).certified
            assert not queries.partner_facts(cedar.id, program, on=today).certified

    def test_cost_the_same_few_queries_however_many_territories(self, django_assert_max_num_queries):
        with vendor():
            program = Program.objects.get().pk
            with django_assert_max_num_queries(7):
                queries.partner_facts(birch.id, program)
