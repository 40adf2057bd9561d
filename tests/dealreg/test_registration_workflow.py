"""The shipped workflow, run by the real relay and engine: from the portal's submission to the answer."""

import json
import re

import pytest

from dealreg import actions
from dealreg.models import Deal, DealStatus
from partners import actions as partner_actions
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.automation.models import RuleVersion
from prm.kernel.decisions import Decision
from prm.kernel.events import relay
from prm.kernel.messages.models import Message
from prm.kernel.reference.models import Program
from tests.cast import acme, ada, birch, bo, cedar, mia, partner, vendor
from tests.dealreg.deals import approved, submitted, the
from tests.world import logged_in_as
from workflows.actions import claim_task, decide_task
from workflows.engine import drain
from workflows.models import HumanTask, Incident, Run

pytestmark = pytest.mark.usefixtures("replays_true")


def run_everything():
    with logged_in_as("worker"):
        while relay.drain() + drain():
            pass


def open_tasks():
    with vendor():
        return list(HumanTask.objects.filter(status="open"))


def messages_to(who):
    with vendor():
        return list(
            Message.objects.filter(recipient_id=who.membership_id, channel="email")
            .order_by("at", "pk")
            .values_list("template", flat=True)
        )


def why(deal):
    """The reasons that the queue shows for a deal."""
    with vendor():
        task = HumanTask.objects.get(subject_id=deal)
        return [reason["key"] for reason in task.reasons]


def decide(deal, outcome, who=mia, note="", **detail):
    with vendor() as now:
        task = HumanTask.objects.filter(subject_id=deal).latest("opened_at")
        return decide_task(
            task_id=task.pk, outcome=outcome, note=note, detail=detail, actor=who.actor, now=now, immediately=True
        )


class TestTouchless:
    def test_a_clear_deal_is_protected_without_a_person(self):
        deal = submitted()

        run_everything()

        found = the(deal)
        assert found.status == DealStatus.APPROVED
        assert not found.decided_by_person
        assert messages_to(bo) == ["deal.approved"]
        with vendor():
            assert Run.objects.get(subject_id=deal).result == "approved"
            assert not HumanTask.objects.exists() and not Incident.objects.exists()

    def test_its_messages_say_days_as_their_reader_writes_them_and_no_name_twice(self):
        answered = submitted(name="")
        submitted(name="", amount="150000", customer_name="Elm AG", customer_domain="elm.example")
        run_everything()

        with vendor():
            sent = Message.objects.filter(recipient_id=bo.membership_id, channel="email")
            told = {one.template: f"{one.subject}\n{one.body}" for one in sent}
        until = the(answered).protected_until
        assert f"{until:%b} {until.day}, {until.year}" in told["deal.approved"]
        assert not re.search(r"\d{4}-\d\d-\d\d|” for ", "".join(told.values())), told
        assert "Elm AG is with our deal desk. You get an answer by " in told["deal.received"]

    def test_a_rule_refuses_and_the_partner_reads_why(self):
        deal = submitted(amount="500")

        run_everything()

        found = the(deal)
        assert found.status == DealStatus.REJECTED
        assert "1,000" in found.reason_for_partner
        assert found.answer_reasons[0]["key"] == "deal.below_minimum"
        assert messages_to(bo) == ["deal.rejected"]

    def test_a_protected_rival_is_refused_without_betraying_it(self):
        approved(birch)
        deal = submitted(cedar, customer_name="Nordwind-Logistik GmbH & Co.")

        run_everything()

        found = the(deal)
        assert found.status == DealStatus.REJECTED
        assert found.answer_reasons == [
            {"key": "deal.customer_already_protected", "text": "This customer is already registered for this product."}
        ]
        with partner(cedar):
            seen = json.dumps(
                [list(Deal.objects.values()), list(Message.objects.values("subject", "body"))], default=str
            )
        assert "Birch" not in seen


class TestWhyDealsWait:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"amount": "150000"}, "deal.amount_above_limit"),
            ({"customer_country": "JP"}, "deal.no_territory"),
            ({"amount": "100000"}, "partner.not_certified"),
            ({"customer_domain": "", "contact_email": "x@gmail.com"}, "deal.free_mail_domain"),
            ({"customer_country": "US"}, "deal.outside_territory"),
        ],
    )
    def test_by_the_deal(self, changes, reason):
        deal = submitted(**changes)

        run_everything()

        assert the(deal).status == DealStatus.SUBMITTED
        assert reason in why(deal)
        assert messages_to(bo) == ["deal.received"]

    def test_a_possible_rival(self):
        approved(birch, customer_domain="")
        deal = submitted(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="")

        run_everything()

        assert why(deal)[0] == "deal.possible_conflict"

    def test_an_open_rival(self):
        with vendor():
            Program.objects.update(quality_share=1)
        first = submitted(birch)
        run_everything()
        second = submitted(cedar)
        run_everything()

        assert "deal.quality_sample" in why(first)
        assert "deal.rival_open" in why(second)

    def test_its_own_duplicate(self):
        approved(birch)
        deal = submitted(birch)

        run_everything()

        assert "deal.own_duplicate" in why(deal)

    def test_a_house_account(self):
        with vendor() as now:
            actions.create_customer(
                name="Nordwind Logistik GmbH",
                domain="nordwind-logistik.de",
                country="DE",
                is_house=True,
                actor=ada.actor,
                now=now,
            )
        deal = submitted()

        run_everything()

        assert "customer.house_account" in why(deal)

    def test_a_watched_partner(self):
        with vendor() as now:
            partner_actions.watch_partner(partner_id=birch.id, reason="odd deals", actor=ada.actor, now=now)
        deal = submitted()

        run_everything()

        assert "partner.watched" in why(deal)

    def test_a_broken_rule_goes_to_people_and_never_approves(self):
        with vendor():
            RuleVersion.objects.filter(ruleset__key="deal-eligibility", status="published").update(
                document={"rules": [{"key": "odd", "when": {"combinator": "xor", "rules": 7}, "outcome": "refuse"}]}
            )
        deal = submitted()

        run_everything()

        assert the(deal).status == DealStatus.SUBMITTED
        assert "rule.broken" in why(deal)
        with vendor():
            incident = Incident.objects.get()
            assert incident.subject_id == deal
            assert "odd" in incident.message


class TestAPersonDecides:
    def waiting(self, **changes):
        deal = submitted(amount="150000", **changes)
        run_everything()
        return deal

    def test_approves(self):
        deal = self.waiting()

        assert decide(deal, "approve").allowed
        run_everything()

        assert the(deal).status == DealStatus.APPROVED
        assert the(deal).decided_by_person
        assert messages_to(bo) == ["deal.received", "deal.approved"]

    def test_declines_with_a_reason(self):
        deal = self.waiting()

        decide(deal, "reject", note="Direct sales has it.")
        run_everything()

        assert the(deal).status == DealStatus.REJECTED
        assert the(deal).reason_for_partner == "Direct sales has it."

    def test_asks_the_partner_who_answers_and_gets_a_decision(self):
        deal = self.waiting()

        decide(deal, "return", note="Which city?", fields=["customer_city", "amount"])
        run_everything()
        assert the(deal).returned_fields == ["customer_city", "amount"]
        with partner(birch) as now:
            assert actions.resubmit_deal(deal_id=deal, fields={"amount": "15000"}, actor=bo.actor, now=now).allowed
        run_everything()

        found = the(deal)
        assert (found.status, found.submission) == (DealStatus.APPROVED, 2)
        assert messages_to(bo) == ["deal.received", "deal.returned", "deal.approved"]

    def test_declines_as_a_duplicate_and_the_spelling_is_learnt(self):
        first = approved(birch, customer_domain="")
        deal = submitted(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="")
        run_everything()

        assert decide(deal, "duplicate", other=str(first)).allowed
        run_everything()

        assert the(deal).status == DealStatus.REJECTED
        again = submitted(cedar, customer_name="Nordwind Logistik Holding AG", customer_domain="")
        run_everything()
        assert the(again).status == DealStatus.REJECTED  # now known, without asking
        assert the(again).decided_by_person is False

    def test_a_withdrawn_deal_leaves_the_queue(self):
        deal = self.waiting()

        with partner(birch) as now:
            actions.withdraw_deal(deal_id=deal, reason="lost interest", actor=bo.actor, now=now)
        run_everything()

        assert open_tasks() == []
        assert the(deal).status == DealStatus.WITHDRAWN


class TestEveryStoredDecision:
    def test_is_the_same_when_judged_again(self):
        from dealreg.facts import DEAL
        from dealreg.rules import RULES, judge_again
        from prm.kernel.automation.queries import rules_named
        from prm.kernel.conditions import evaluate_rules

        approved(birch, customer_domain="")
        for changes in (
            {},
            {"amount": "500"},
            {"customer_name": "Nordwind Logistik Holding AG", "customer_domain": ""},
            {"customer_name": "Acorn Mills", "customer_domain": "", "amount": "90000"},
        ):
            submitted(cedar, **changes)
        run_everything()

        with vendor(acme):
            records = list(DecisionRecord.objects.filter(subject_type="dealreg.deal"))
            seen = set()
            for record in records:
                stored = Decision.of(record.document)
                if stored.rule.startswith("deal-eligibility/"):
                    document, _schema = rules_named(stored.rule)
                    again = evaluate_rules(document, DEAL, stored.facts, stored.rule)
                else:
                    again = judge_again(stored)
                assert (again.outcome, again.reason_keys) == (stored.outcome, stored.reason_keys), stored.rule
                seen.add(stored.rule.split("/")[0])
            assert {"deal-submission", "deal-eligibility", "deal-conflict", "deal-routing", "deal-approval"} <= seen
            assert seen <= {rule.split("/")[0] for rule in RULES} | {"deal-eligibility"}


class TestWhenSomebodyTakesItUp:
    def test_a_submitted_deal_is_in_review(self):
        deal = submitted(amount="150000")
        run_everything()
        assert the(deal).status == DealStatus.SUBMITTED

        with vendor() as now:
            task = HumanTask.objects.get(subject_id=deal)
            assert claim_task(task_id=task.pk, actor=mia.actor, now=now).allowed
        run_everything()

        assert the(deal).status == DealStatus.IN_REVIEW

    def test_one_that_was_withdrawn_meanwhile_stays_so(self):
        deal = submitted(amount="150000")
        run_everything()
        with vendor() as now:
            task = HumanTask.objects.get(subject_id=deal)
            assert claim_task(task_id=task.pk, actor=mia.actor, now=now).allowed
        with partner(birch) as now:
            assert actions.withdraw_deal(deal_id=deal, reason="", actor=bo.actor, now=now).allowed
        run_everything()

        assert the(deal).status == DealStatus.WITHDRAWN
