"""The approval matrix at work: whom the workflow asks, what the page tells, who may change it."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from dealreg import actions, matrix
from dealreg.models import ApprovalRule
from dealreg.queries.approvals import approval_rows, approver_route_facts, fitting_counts
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.identity.models import Membership
from tests.cast import Somebody, ada, aud, birch, bo, cedar, client_of, finn, olivia, vendor, zack, zenith
from tests.dealreg import deals
from tests.dealreg.test_registration_workflow import decide, run_everything
from workflows.models import HumanTask

PAGE = "/console/deals/approvals/"


def keep(who: Somebody = ada, first: bool = True, **fields: Any) -> Any:
    """A new row, at the top of the matrix."""
    with vendor(who.vendor) as now:
        decision = actions.keep_approval_rule(fields=fields, actor=who.actor, now=now)
        if decision.allowed and first:
            for _step in range(ApprovalRule.objects.count() - 1):
                rule = UUID(decision.facts["row"]["id"])
                assert actions.move_approval_rule(rule_id=rule, up=True, actor=who.actor, now=now).allowed
        return decision


def asked_for(deal: UUID) -> HumanTask:
    run_everything()
    with vendor():
        return HumanTask.objects.get(subject_id=deal, status="open")


class TestTheWorkflowAsks:
    def test_the_person_that_the_first_fitting_row_names(self) -> None:
        assert keep(territories=["dach"], product_lines=["platform"], decider="person", person_id=finn.membership_id)
        task = asked_for(deals.submitted(birch, amount="150000"))

        assert (task.block, task.owner_id, task.quorum) == ("ask-named", finn.membership_id, 1)
        with vendor():
            told = DecisionRecord.objects.get(subject_id=task.subject_id, rule="deal-approvers/1").document
        assert told["facts"]["row"]["position"] == 1 and told["checks"][0]["passed"]

    def test_as_many_of_a_role_as_the_row_says(self) -> None:
        keep(amount_above=Decimal(100_000), decider="role", role="approver", people=2)
        deal = deals.submitted(birch, amount="150000")
        run_everything()
        with vendor():
            assert set(HumanTask.objects.filter(subject_id=deal).values_list("block", flat=True)) == {
                "cam-says",
                "finance-says",
            }

    def test_operations_instead_of_somebody_who_has_left_meanwhile(self) -> None:
        keep(decider="person", person_id=finn.membership_id)
        with vendor() as now:
            Membership.objects.filter(pk=finn.membership_id).update(ended_at=now)
        task = asked_for(deals.submitted(birch, amount="150000"))

        assert (task.owner_id, task.role) == (None, "ops")

    def test_an_approver_where_no_row_fits_and_says_so(self) -> None:
        with vendor():
            ApprovalRule.objects.all().delete()
        task = asked_for(deals.submitted(birch, amount="150000"))

        assert (task.block, task.role) == ("ask-approver", "approver")
        assert task.reasons[0]["key"] == "deal.no_approval_row"

    def test_and_the_answer_counts(self) -> None:
        keep(decider="role", role="approver")
        deal = deals.submitted(birch, amount="150000")
        assert asked_for(deal).role == "approver"

        assert decide(deal, "approve").allowed
        run_everything()
        assert deals.the(deal).status == "approved"


class TestTheCounts:
    def test_say_the_same_as_the_rule_for_every_deal(self) -> None:
        for amount, country in (("5000", "DE"), ("64000", "FR"), ("250000", "DE"), ("64000", "JP")):
            deals.submitted(birch, amount=amount, customer_country=country, customer_name=f"{amount} {country} Werke")
        keep(territories=["france"], decider="cam")
        keep(amount_above=Decimal(60_000), amount_up_to=Decimal(100_000), decider="role", role="finance")
        with vendor() as now:
            rows = approval_rows()
            judged = [
                matrix.decide_approvers(approver_route_facts(deal, "cam")).facts["row"]["position"] - 1
                for deal in deals.Deal.objects.select_related("territory")
            ]
            assert fitting_counts(rows, now) == {place: judged.count(place) for place in set(judged)}
            assert fitting_counts((), now) == {None: 4}


class TestThePage:
    def test_shows_rows_counts_gaps_and_rows_that_never_decide(self) -> None:
        deals.submitted(birch, amount="64000")
        keep(amount_up_to=Decimal(100), first=False, decider="cam")
        with vendor():
            ApprovalRule.objects.filter(position=2).update(amount_up_to=Decimal(50_000))
        page = client_of(olivia).get(PAGE).content.decode()

        assert "No row matches a deal of: above €50,000.00 up to €200,000.00" in page
        assert "1 deal of the last 90 days found none." in page
        assert "Row 3 never decides" in page and "Row 1 asks for more people than there are" in page
        assert "Move row" not in page  # hers to read

    def test_is_changed_by_an_admin_and_every_change_is_audited(self) -> None:
        client = client_of(ada)
        typed = {"amount_above": "300", "decider": "role", "role": "finance", "people": "1"}
        answer = client.post(f"{PAGE}new/", typed)
        assert answer.status_code == 302
        with vendor():
            made = ApprovalRule.objects.get(role="finance")
        client.post(f"{PAGE}{made.pk}/move", {"way": "up"})
        client.post(f"{PAGE}{made.pk}/", {"amount_above": "400", "decider": "cam", "people": "1"})
        client.post(f"{PAGE}{made.pk}/remove")
        with vendor():
            told = AuditEntry.objects.filter(target_id=made.pk).order_by("recorded_at", "id")
            assert list(told.values_list("action", flat=True)) == [
                f"approval_matrix.row_{what}" for what in ("added", "moved", "changed", "removed")
            ]
            assert told[2].before["role"] == "finance" and told[2].after["amount_above"] == "400"
            assert [rule.position for rule in ApprovalRule.objects.all()] == [1, 2]

    def test_tells_what_is_mistyped_beside_the_field(self) -> None:
        answer = client_of(ada).post(
            f"{PAGE}new/", {"amount_above": "500", "amount_up_to": "400", "decider": "role", "people": "9"}
        )
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "less than or equal to 5" in page or "at most" in page

        answer = client_of(ada).post(
            f"{PAGE}new/", {"amount_above": "500", "amount_up_to": "400", "decider": "role", "people": "1"}
        )
        page = answer.content.decode()
        assert "The upper bound lies above the lower one." in page and "Choose the role that decides." in page

    def test_is_nobodys_elses(self) -> None:
        with vendor():
            rule = ApprovalRule.objects.first()
        assert rule is not None
        assert client_of(olivia).post(f"{PAGE}{rule.pk}/remove").status_code == 403
        assert client_of(aud).post(f"{PAGE}{rule.pk}/remove").status_code == 403
        assert client_of(bo).get(PAGE).headers["Location"] == "/account/choose/"
        foreign, missing = (client_of(zack).post(f"{PAGE}{pk}/remove") for pk in (rule.pk, uuid4()))
        assert foreign.status_code == missing.status_code == 404
        assert keep(olivia, first=False).reason_keys == ("matrix.not_yours",)
        with vendor(zenith):
            assert ApprovalRule.objects.count() == 2  # its own


@pytest.mark.parametrize("who", [cedar, birch])
def test_a_partner_has_no_way_to_the_matrix(who: Any) -> None:
    from django.db import ProgrammingError, transaction

    from tests.cast import partner

    with partner(who), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        list(ApprovalRule.objects.all())


class TestTheLint:
    def test_knows_a_question_to_whom_nobody_names(self) -> None:
        from dealreg.automation.shipped import workflow
        from workflows.definition.lint import lint

        tree = json.loads(json.dumps(workflow()))
        with vendor():
            assert lint(tree) == []
            tree["blocks"] = [block for block in tree["blocks"] if block["id"] != "approvers"]
            told = {problem.block: problem.message for problem in lint(tree)}
        assert told["ask-named"] == "“approvers” is no step saved before this block, so nobody is named."
