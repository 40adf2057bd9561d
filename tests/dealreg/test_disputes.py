"""A partner contests an answer without learning who stands against it; people decide, and nothing is stuck."""

import json
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from dealreg import actions
from dealreg.automation.disputes import workflow
from dealreg.models import Deal, DealFile, DealPolicy, DealSplit, DealStatus, Dispute, Protection
from dealreg.rules import judge_again
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from tests.cast import ada, birch, bo, cedar, client_of, cy, mia, olivia, partner, vendor
from tests.dealreg.deals import approved, in_review, seller, submitted, the
from tests.dealreg.test_registration_workflow import messages_to, run_everything
from workflows.actions import claim_task, decide_task, publish_version, retry_incident, save_draft
from workflows.models import HumanTask, Incident, Run

WHY = "We were there first; see the minutes."


def refused(of=cedar, **changes) -> "object":
    """A deal that collides with Birch's, declined."""
    deal = in_review(of, **changes)
    told = [{"key": "deal.customer_already_protected", "text": "Already registered."}]
    with vendor() as now:
        assert actions.reject_deal(deal_id=deal, reason="", reasons=told, actor=mia.actor, now=now).allowed
    return deal


def contested(of=cedar, **changes):
    deal = refused(of, **changes)
    with partner(of) as now:
        decision = actions.raise_dispute(deal_id=deal, statement=WHY, actor=seller(of).actor, now=now)
        assert decision.allowed, decision.reasons
        return deal, Dispute.objects.get(deal=deal).pk


def decide(dispute, outcome, who=mia, note="The minutes prove it.", **detail):
    with vendor() as now:
        task = HumanTask.objects.filter(subject_id=dispute).latest("opened_at")
        return decide_task(
            task_id=task.pk, outcome=outcome, note=note, detail=detail, actor=who.actor, now=now, immediately=True
        )


def what_a_partner_can_read(of) -> str:
    with partner(of):
        rows = [list(model.objects.values()) for model in (Deal, Dispute, DealFile, Message)]
    return json.dumps(rows, default=str)


class TestContesting:
    def test_needs_an_answer_words_and_a_first_time(self):
        deal = refused()
        with partner(cedar) as now:
            contest = {"deal_id": deal, "actor": cy.actor, "now": now}
            assert actions.raise_dispute(statement="  ", **contest).reason_keys == ("statement.missing",)
            assert actions.raise_dispute(statement=WHY, **contest).allowed
            assert actions.raise_dispute(statement=WHY, **contest).reason_keys == ("dispute.open_already",)
            assert actions.withdraw_dispute(dispute_id=Dispute.objects.get().pk, actor=cy.actor, now=now).allowed
            assert actions.raise_dispute(statement=WHY, **contest).allowed

    def test_of_a_deal_that_waits_or_of_a_stranger_is_refused(self):
        waiting, theirs = submitted(cedar), refused(birch, customer_name="Other AG", customer_domain="other.de")
        with partner(cedar) as now:
            decision = actions.raise_dispute(deal_id=waiting, statement=WHY, actor=cy.actor, now=now)
            assert decision.reason_keys == ("deal.wrong_status",)
            with pytest.raises(Deal.DoesNotExist):
                actions.raise_dispute(deal_id=theirs, statement=WHY, actor=cy.actor, now=now)

    def test_is_too_late_after_the_policys_days(self):
        deal = refused()
        with vendor() as now:
            DealPolicy.objects.create(dispute_days=0)
            Deal.objects.filter(pk=deal).update(decided_at=now.replace(year=now.year - 1))
        with partner(cedar) as now:
            decision = actions.raise_dispute(deal_id=deal, statement=WHY, actor=cy.actor, now=now)
        assert decision.reason_keys == ("dispute.too_late",)

    def test_twice_at_once_is_stopped_by_the_database(self):
        deal, _dispute = contested()
        with vendor() as now, pytest.raises(IntegrityError), transaction.atomic():
            Dispute.objects.create(deal_id=deal, partner_id=cedar.id, about="refusal", statement="x", raised_at=now)


class TestTheWay:
    def test_goes_to_people_with_a_promise_and_the_claim_puts_it_in_review(self):
        approved(birch)
        _deal, dispute = contested()
        run_everything()

        with vendor() as now:
            task = HumanTask.objects.get(subject_id=dispute)
            assert (task.queue, task.role, task.partner_name) == ("disputes", "approver", "Cedar Networks")
            assert task.due_at is not None and task.reasons[0]["key"] == "dispute.protection"
            claim_task(task_id=task.pk, actor=mia.actor, now=now)
        run_everything()

        with vendor():
            assert Dispute.objects.get(pk=dispute).status == "in_review"
        assert "dispute.received" in messages_to(cy)

    def test_taken_back_leaves_the_queue(self):
        _deal, dispute = contested()
        run_everything()
        with partner(cedar) as now:
            actions.withdraw_dispute(dispute_id=dispute, actor=cy.actor, now=now)
        run_everything()

        with vendor():
            assert HumanTask.objects.get(subject_id=dispute).status == "cancelled"
            assert not Incident.objects.exists()

    def test_upheld_changes_nothing_and_is_final(self):
        holder = approved(birch)
        deal, dispute = contested()
        run_everything()
        assert decide(dispute, "uphold").allowed
        run_everything()

        assert (the(deal).status, the(holder).status) == (DealStatus.REJECTED, DealStatus.APPROVED)
        assert messages_to(cy)[-1] == "dispute.decided"
        with partner(cedar) as now:
            assert Dispute.objects.get(pk=dispute).reason == "The minutes prove it."
            again = actions.raise_dispute(deal_id=deal, statement=WHY, actor=cy.actor, now=now)
        assert again.reason_keys == ("dispute.decided_already",)

    def test_overturned_moves_the_protection_and_betrays_neither(self):
        holder = approved(birch)
        deal, dispute = contested()
        run_everything()
        assert decide(dispute, "overturn").allowed
        run_everything()

        lost, won = the(holder), the(deal)
        assert (lost.status, won.status) == (DealStatus.EXPIRED, DealStatus.APPROVED)
        with vendor():
            held = Protection.objects.get(released_at=None)
            assert (held.deal_id, held.partner_id) == (deal, cedar.id)
            assert Run.objects.get(subject_id=dispute).result == "decided"
            assert not Incident.objects.exists()
            for record in DecisionRecord.objects.filter(rule__in=["deal-dispute/1", "dispute-raising/1"]):
                stored = Decision.of(record.document)
                assert judge_again(stored).outcome == stored.outcome
        assert messages_to(bo)[-1] == "deal.protection_ended"
        assert "Cedar" not in what_a_partner_can_read(birch) and won.number not in what_a_partner_can_read(birch)
        assert "Birch" not in what_a_partner_can_read(cedar) and lost.number not in what_a_partner_can_read(cedar)

    def test_who_lost_it_may_contest_in_turn(self):
        holder = approved(birch)
        _deal, dispute = contested()
        run_everything()
        decide(dispute, "overturn")
        run_everything()

        with partner(birch) as now:
            assert actions.raise_dispute(deal_id=holder, statement=WHY, actor=bo.actor, now=now).allowed
            assert Dispute.objects.get(deal=holder).about == "protection"

    def test_an_approval_that_is_refused_takes_nothing_back_and_asks_again(self):
        holder = approved(birch, amount="90000")
        deal, dispute = contested(amount="90000")
        with vendor():
            Membership.objects.filter(pk=mia.membership_id).update(approval_limit="1000.00")
        run_everything()
        assert decide(dispute, "overturn").allowed
        run_everything()

        assert (the(deal).status, the(holder).status) == (DealStatus.REJECTED, DealStatus.APPROVED)
        with vendor():
            assert Protection.objects.get(released_at=None).deal_id == holder
            again = HumanTask.objects.get(subject_id=dispute, status="open")
            assert "deal.amount_above_approver_limit" in [reason["key"] for reason in again.reasons]
            assert AuditEntry.objects.filter(action="dispute.decided_refused").exists()
        assert decide(dispute, "uphold").allowed

    def test_refused_three_times_is_one_incident_that_asks_about_it_anew_when_a_person_says_so(self):
        approved(birch, amount="90000")
        _deal, dispute = contested(amount="90000")
        with vendor():
            Membership.objects.filter(pk=mia.membership_id).update(approval_limit="1000.00")
        for _time in range(3):
            run_everything()
            assert decide(dispute, "overturn").allowed
        run_everything()

        with vendor() as now:
            assert not HumanTask.objects.filter(subject_id=dispute, status="open").exists()
            incident = Incident.objects.get(subject_id=dispute, status="open")
            assert incident.kind == "undecided" and "D-2026-" in incident.message
            assert retry_incident(incident_id=incident.pk, actor=olivia.actor, now=now).allowed
        run_everything()
        with vendor() as now:
            open_now = HumanTask.objects.get(subject_id=dispute, status="open")
            assert open_now.block == "ask" and open_now.due_at > now
        assert decide(dispute, "uphold").allowed
        run_everything()
        with vendor():
            assert Dispute.objects.get(pk=dispute).status == "decided"
            assert not Incident.objects.filter(subject_id=dispute, status="open").exists()

    def test_shared_gives_each_a_part_and_one_protection(self):
        holder = approved(birch)
        deal, dispute = contested()
        run_everything()
        assert decide(dispute, "share", percent="40").allowed
        run_everything()

        with vendor():
            split = DealSplit.objects.get()
            assert (split.lead_id, split.other_id, split.other_percent) == (holder, deal, Decimal(40))
            assert Protection.objects.get(released_at=None).deal_id == holder
        assert the(deal).status == the(holder).status == DealStatus.APPROVED
        assert (the(deal).share_percent, the(holder).share_percent) == (Decimal(40), Decimal(60))
        assert "Birch" not in what_a_partner_can_read(cedar) and "Cedar" not in what_a_partner_can_read(birch)

    def test_a_share_that_is_none_is_refused(self):
        approved(birch)
        deal, dispute = contested()
        for percent in ("0", "100", "33.333", "", "many", "-5", "1e9"):
            with vendor() as now:
                decision = actions.decide_dispute(
                    dispute_id=dispute, outcome="shared", reason="Both", percent=percent, actor=mia.actor, now=now
                )
            assert decision.reason_keys == ("percent.out_of_range",), percent
        assert the(deal).status == DealStatus.REJECTED


class TestThePages:
    def test_the_partner_contests_with_evidence_on_the_deals_page(self):
        approved(birch)
        deal, client = refused(), client_of(cy)
        path = f"/portal/deals/{deal}/"
        assert "Contest this" in client.get(path).content.decode()

        pdf = SimpleUploadedFile("minutes.pdf", b"%PDF-1.7 minutes")
        page = client.post(f"{path}contest", {"statement": WHY, "file": pdf}, follow=True).content.decode()
        assert "You contest this answer" in page and "minutes.pdf" in page and "Contest this<" not in page
        client.post(f"{path}evidence", {"file": SimpleUploadedFile("offer.txt", b"An offer")})

        with vendor():
            dispute = Dispute.objects.get()
            assert dispute.files.count() == 2
        assert client.get(f"/portal/disputes/{dispute.pk}/").url == path
        assert client_of(bo).get(f"/portal/disputes/{dispute.pk}/").status_code == 404
        assert "Taken back" in client.post(f"/portal/disputes/{dispute.pk}/withdraw", follow=True).content.decode()

    def test_the_desk_lists_the_oldest_first_and_decides_in_the_queue(self):
        approved(birch)
        _deal, dispute = contested()
        run_everything()
        client = client_of(olivia)

        listed = client.get("/console/disputes/").content.decode()
        page = client.get(f"/console/disputes/{dispute}/").content.decode()
        queue = client_of(mia).get(f"/console/queue/?subject={dispute.hex}").content.decode()

        assert "Nordwind" in listed and f"/console/disputes/{dispute}/" in listed
        assert WHY in page and "Birch Systems" in page and f"?subject={dispute.hex}" in page
        assert WHY in queue and "Protect after all" in queue and "Share of Cedar Networks in percent" in queue


class TestAWorkflowThatEndsWithoutAnAnswer:
    @pytest.fixture
    def careless(self):
        """A vendor's own workflow, which reports the dispute and ends; no person is asked."""
        tree = {
            **workflow(),
            "blocks": [{"id": "undecided", "type": "action", "action": "dealreg.report_undecided"}],
            "parameters": [],
        }
        with vendor() as now:
            author = Actor("person", "somebody", "Somebody", frozenset({"admin"}))
            saved = save_draft(tree=tree, actor=author, now=now)
            assert saved.allowed, saved.reasons
            published = publish_version(version_id=UUID(saved.facts["version"]), actor=ada.actor, now=now)
            assert published.allowed, published.reasons

    @pytest.mark.usefixtures("careless")
    def test_is_one_incident_and_no_loop_until_a_person_asks_again(self):
        approved(birch)
        _deal, dispute = contested()
        for _time in range(3):
            run_everything()

        with vendor() as now:
            assert Run.objects.filter(subject_id=dispute).count() == 1
            incident = Incident.objects.get(subject_id=dispute)
        page = client_of(olivia).get(f"/console/workflows/incidents/{incident.pk}/").content.decode()
        assert "Ask again" in page and "is still open" in page and "End the run" not in page

        with vendor() as now:
            assert retry_incident(incident_id=incident.pk, actor=olivia.actor, now=now).allowed
        run_everything()
        with vendor():
            assert Run.objects.filter(subject_id=dispute).count() == 2
            assert Incident.objects.filter(subject_id=dispute, status="open").count() == 1
            assert AuditEntry.objects.get(action="dispute.asked_again").actor_name == "Olivia"

    @pytest.mark.usefixtures("careless")
    def test_is_left_alone_once_the_partner_has_taken_it_back(self):
        approved(birch)
        _deal, dispute = contested()
        run_everything()
        with partner(cedar) as now:
            assert actions.withdraw_dispute(dispute_id=dispute, actor=cy.actor, now=now).allowed
        run_everything()
        with vendor() as now:
            incident = Incident.objects.get(subject_id=dispute)
            assert retry_incident(incident_id=incident.pk, actor=olivia.actor, now=now).allowed
        run_everything()
        with vendor():
            assert Run.objects.filter(subject_id=dispute).count() == 1
            assert not AuditEntry.objects.filter(action="dispute.asked_again").exists()
