"""Partners come, are enrolled, change and go; every step leaves its trace."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from partners import actions, queries
from partners.models import Enrolment, Partner, Tier, Watch
from prm.kernel.audit.models import AuditEntry
from prm.kernel.events.models import EventRow
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import Program, Territory
from tests.cast import acme, ada, bea, birch, bo, cam, cedar, client_of, mia, olivia, partner, vendor, zenith, zinc
from tests.identity.test_tokens import call, key_of


def entries(action):
    return list(AuditEntry.objects.filter(action=action))


class TestCreating:
    def test_begins_as_a_prospect_with_one_event_and_one_audit_row(self):
        with vendor() as now:
            made = actions.create_partner(name="Alder GmbH", country="DE", actor=olivia.actor, now=now)

            assert Partner.objects.get(pk=made.pk).status == "prospect"
            assert EventRow.objects.get(name="partners.partner.created", subject_id=made.pk).partner_id == made.pk
            assert [entry.actor_name for entry in entries("partner.created") if entry.target_id == made.pk] == [
                "Olivia"
            ]

    def test_refuses_a_second_partner_with_the_same_reference(self):
        with vendor() as now:
            actions.create_partner(name="One", external_id="C-1", actor=olivia.actor, now=now)

            with pytest.raises(ValidationError, match="Another partner has this reference"):
                actions.create_partner(name="Two", external_id="C-1", actor=olivia.actor, now=now)

    def test_the_same_reference_at_another_vendor_is_no_clash(self):
        for tenant in (acme, zenith):
            with vendor(tenant) as now:
                actions.create_partner(name="One", external_id="C-1", actor=olivia.actor, now=now)

    def test_takes_no_field_that_has_an_action_of_its_own(self):
        with vendor() as now, pytest.raises(TypeError, match="status"):
            actions.create_partner(name="One", status="active", actor=olivia.actor, now=now)


class TestEnrolling:
    def test_makes_a_prospect_active_and_covers_its_territories(self):
        with vendor() as now:
            made = actions.create_partner(name="Alder", actor=olivia.actor, now=now)
            gold, dach = Tier.objects.get(code="gold"), Territory.objects.get(code="dach")
            actions.enrol_partner(
                partner_id=made.pk,
                program_id=gold.program_id,
                tier_id=gold.pk,
                territories=[dach.pk],
                actor=olivia.actor,
                now=now,
            )

            facts = queries.partner_facts(made.pk, gold.program_id)
            assert (facts.status, facts.tier_code, facts.territories) == ("active", "gold", ("dach",))
            assert "AT" in facts.countries

    def test_twice_the_same_changes_nothing(self):
        with vendor() as now:
            held = Enrolment.objects.get(partner_id=birch.id)
            same = [row.territory_id for row in held.territories.all()]
            actions.enrol_partner(
                partner_id=birch.id,
                program_id=held.program_id,
                tier_id=held.tier_id,
                territories=same,
                actor=olivia.actor,
                now=now,
            )

            assert Enrolment.objects.filter(partner_id=birch.id).count() == 1
            assert len([e for e in entries("partner.enrolled") if e.target_id == birch.id]) == 1

    def test_knows_no_tier_of_another_program(self):
        with vendor() as now:
            tier = Tier.objects.first()
            with pytest.raises(Tier.DoesNotExist):
                actions.enrol_partner(
                    partner_id=birch.id, program_id=uuid4(), tier_id=tier.pk, actor=olivia.actor, now=now
                )


class TestStatus:
    def test_suspends_with_a_reason_and_lets_it_work_again(self):
        with vendor() as now:
            decision = actions.suspend_partner(partner_id=birch.id, reason="Unpaid", actor=olivia.actor, now=now)
            assert decision.allowed
            assert queries.partner_facts(birch.id, Program.objects.get().pk).status == "suspended"

            assert actions.reactivate_partner(partner_id=birch.id, actor=olivia.actor, now=now).allowed
            assert Partner.objects.get(pk=birch.id).status == "active"

    def test_refuses_to_suspend_without_a_reason_and_keeps_the_decision(self):
        with vendor() as now:
            decision = actions.suspend_partner(partner_id=birch.id, reason=" ", actor=olivia.actor, now=now)

            assert decision.reason_keys == ("partner.reason_missing",)
            assert Partner.objects.get(pk=birch.id).status == "active"
            assert entries("partner.suspended_refused")[0].decision.outcome == "refused"

    def test_ending_is_for_good_and_ends_the_enrolments(self):
        with vendor() as now:
            actions.terminate_partner(partner_id=birch.id, reason="Sold", actor=ada.actor, now=now)
            again = actions.reactivate_partner(partner_id=birch.id, actor=ada.actor, now=now)

            assert again.reason_keys == ("partner.wrong_status",)
            assert Enrolment.objects.get(partner_id=birch.id).status == "ended"

    def test_7_4_ending_ends_its_peoples_access_and_keys(self):
        key, browser = key_of(bea, "partner_admin"), client_of(bo)
        with vendor() as now:
            actions.terminate_partner(partner_id=birch.id, reason="Sold", actor=olivia.actor, now=now)

        assert call(key).status_code == 401
        assert browser.get("/portal/").status_code == 302
        with vendor():
            assert not Membership.objects.filter(partner_id=birch.id, ended_at=None).exists()

    def test_the_database_refuses_a_jump_that_no_transition_makes(self):
        with (
            vendor(),
            connection.cursor() as cursor,
            pytest.raises(DatabaseError, match="can not go from"),
            transaction.atomic(),
        ):
            cursor.execute("UPDATE partners_partner SET status = 'prospect' WHERE id = %s", [birch.id])


class TestTierAndChannelManager:
    def test_changes_the_tier_with_the_decision_kept(self):
        with vendor() as now:
            gold = Tier.objects.get(code="gold")
            decision = actions.change_tier(
                partner_id=birch.id,
                program_id=gold.program_id,
                tier_id=gold.pk,
                reason="Great year",
                actor=ada.actor,
                now=now,
            )

            assert decision.outcome == "changed"
            entry = entries("partner.tier_changed")[0]
            assert (entry.before["tier"], entry.after["tier"], entry.after["reason"]) == (
                "silver",
                "gold",
                "Great year",
            )
            event = EventRow.objects.get(name="partners.partner.tier_changed")
            assert event.payload["before"] == {"partner.tier": "silver"}

    def test_refuses_the_tier_that_is_held(self):
        with vendor() as now:
            held = Enrolment.objects.get(partner_id=birch.id)
            decision = actions.change_tier(
                partner_id=birch.id,
                program_id=held.program_id,
                tier_id=held.tier_id,
                reason="",
                actor=ada.actor,
                now=now,
            )
            assert decision.reason_keys == ("tier.unchanged",)

    @pytest.mark.parametrize(("who", "reason"), [(mia, "cam.wrong_role"), (birch, "cam.not_ours")])
    def test_only_a_channel_manager_of_the_vendor_looks_after_partners(self, who, reason):
        with vendor() as now:
            member = who.membership_id if who is mia else Membership.objects.filter(partner_id=birch.id).first().pk
            decision = actions.assign_cam(partner_id=cedar.id, cam_id=member, actor=ada.actor, now=now)

            assert decision.reason_keys == (reason,)
            assert Partner.objects.get(pk=cedar.id).cam_id == cam.membership_id

    def test_a_partner_may_be_left_without_one(self):
        with vendor() as now:
            assert actions.assign_cam(partner_id=birch.id, cam_id=None, actor=ada.actor, now=now).allowed
            assert queries.cam_of(birch.id) is None


class TestDistributors:
    def test_no_way_round_makes_a_distributor_its_own_reseller(self):
        with vendor() as now:
            actions.update_partner(partner_id=birch.id, changes={"parent_id": cedar.id}, actor=ada.actor, now=now)
            with pytest.raises(ValidationError, match="below its own reseller"):
                actions.update_partner(partner_id=cedar.id, changes={"parent_id": birch.id}, actor=ada.actor, now=now)

    def test_a_distributor_of_another_vendor_is_not_there(self):
        with vendor() as now, pytest.raises(ValidationError):
            actions.update_partner(partner_id=birch.id, changes={"parent_id": zinc.id}, actor=ada.actor, now=now)


class TestTheWall:
    def test_a_foreign_partner_can_not_be_acted_on(self):
        with vendor(zenith) as now, pytest.raises(Partner.DoesNotExist):
            actions.suspend_partner(partner_id=birch.id, reason="x", actor=olivia.actor, now=now)

    def test_a_partner_sees_itself_alone_and_its_channel_manager(self):
        with partner(birch):
            assert [row.name for row in queries.visible_partners()] == ["Birch Systems"]
            assert queries.cam_of(birch.id).name == "Cam"
            assert queries.cam_of(cedar.id) is None

    def test_a_partner_never_reads_that_it_is_watched(self):
        with vendor() as now:
            actions.watch_partner(partner_id=birch.id, reason="Grey imports", actor=olivia.actor, now=now)
            assert queries.partner_facts(birch.id, Program.objects.get().pk).watch_reason == "Grey imports"
        with partner(birch), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            list(Watch.objects.all())

    def test_a_partner_changes_nothing_about_itself(self):
        with partner(birch), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Partner.objects.filter(pk=birch.id).update(name="Birch the Great")
