"""Rules that people follow by hand: found exactly, taken up as drafts, and never proposed against the evidence."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.kernel.automation.models import RuleVersion
from prm.kernel.automation.registry import Outcome
from prm.kernel.conditions import Fact, FactSchema, compile_python, validate
from tests.cast import ada, aud, olivia, vendor
from tests.workflows.past import GRACE, decide, replayed
from tests.workflows.things import KEEP, WEIGH, approval, behaving, find, publish, settle
from workflows import actions
from workflows.actions.definitions import problems_of
from workflows.models import HumanTask, RuleProposal, WorkflowVersion
from workflows.proposals import Case, find_rule

SCHEMA = FactSchema(
    name="case",
    label="cases",
    facts=(
        Fact("number", "Number", "text"),
        Fact("country", "Country", "text"),
        Fact("tier", "Tier", "choice", choices=(("gold", "Gold"), ("silver", "Silver"))),
        Fact("amount", "Amount", "money"),
        Fact("lines", "Lines", "list"),
        Fact("watched", "Watched", "bool"),
    ),
)


def cases(alike: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[Case]:
    every = [(facts, True) for facts in alike] + [(facts, False) for facts in others]
    return [Case(uuid4(), {"number": f"D-{n}", **facts}, said) for n, (facts, said) in enumerate(every)]


def matching(found: Any, given: list[Case]) -> set[UUID]:
    holds = compile_python(found.when, SCHEMA)
    return {case.id for case in given if holds(case.facts)}


TWELVE = [
    {"country": "AT", "tier": "gold", "amount": str(1000 + 100 * n), "lines": ["a", "b"], "watched": False}
    for n in range(12)
]
THREE = [
    {"country": "AT", "tier": "gold", "amount": "9000", "lines": ["a"], "watched": False},
    {"country": "AT", "tier": "silver", "amount": "1200", "lines": ["a", "b"], "watched": False},
    {"country": "DE", "tier": "silver", "amount": "1300", "lines": ["b"], "watched": True},
]


class TestTheSmallestRule:
    def test_of_twelve_alike_and_three_counter_examples_covers_exactly_the_twelve(self):
        given_cases = cases(TWELVE, THREE)
        found = find_rule(given_cases, SCHEMA)
        assert found is not None
        assert matching(found, given_cases) == {case.id for case in given_cases if case.alike} == set(found.covered)
        assert len(found.when["rules"]) == 2
        assert validate(found.when, SCHEMA) == []

    def test_with_too_few_there_is_none(self):
        assert find_rule(cases(TWELVE[:7], THREE), SCHEMA) is None

    def test_with_no_way_to_tell_them_apart_there_is_none(self):
        assert find_rule(cases(TWELVE, [TWELVE[0]]), SCHEMA) is None
        same = [TWELVE[0]] * 12
        assert find_rule(cases(same, same[:1]), SCHEMA) is None

    def test_without_a_counter_example_only_an_amount_bounds_it(self):
        found = find_rule(cases(TWELVE, []), SCHEMA)
        assert found is not None
        assert found.when["rules"] == [{"field": "amount", "operator": "<=", "value": "2100"}]

    def test_facts_of_a_wrong_type_or_none_at_all_are_no_evidence(self):
        assert find_rule(cases([{"amount": "many", "lines": 7}] * 12, THREE), SCHEMA) is None
        assert find_rule(cases([{}] * 12, THREE), SCHEMA) is None
        assert find_rule([], SCHEMA) is None

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["AT", "DE", "CH"]),
                st.sampled_from(["gold", "silver"]),
                st.integers(1, 40),
                st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
                st.booleans(),
            ),
            max_size=40,
        )
    )
    def test_never_covers_a_counter_example_nor_fewer_than_it_says(self, rows):
        given_cases = [
            Case(uuid4(), {"country": c, "tier": t, "amount": Decimal(a), "lines": lines}, said)
            for c, t, a, lines, said in rows
        ]
        found = find_rule(given_cases, SCHEMA, least=4)
        if found is not None:
            assert matching(found, given_cases) == set(found.covered)
            assert all(case.alike for case in given_cases if case.id in set(found.covered))
            assert len(found.covered) >= 4 and 1 <= len(found.when["rules"]) <= 3


def decided_things(light: int = 12, heavy: int = 3) -> None:
    """People keep what costs little and throw the rest away, always for the same reason."""
    publish(WEIGH, approval(), {**KEEP, "id": "kept-after"})
    with behaving(weigh=lambda: because("thing.strange")):
        for number in range(light):
            decide_one(price=f"{100 + number}.00", outcome="approve")
        for number in range(heavy):
            decide_one(price=f"{900 + number}.00", outcome="reject")


def because(key: str) -> Outcome:
    """What weighing says, and why people are asked."""
    return Outcome("heavy", {"reasons": [{"key": key, "text": key}]})


def decide_one(*, price: str, outcome: str) -> None:
    subject = find(price=price)
    settle()
    decide(subject, outcome, olivia)


def found() -> list[RuleProposal]:
    with vendor() as now:
        actions.find_proposals(now=now)
        return list(RuleProposal.objects.all())


@pytest.mark.usefixtures("as_worker")
class TestAProposal:
    def test_tells_what_twelve_were_decided_alike_by(self):
        decided_things()
        (proposal,) = found()
        assert (proposal.count, proposal.others, proposal.outcome) == (12, 3, "approve")
        assert proposal.sentence == "Price is at most 111.00"
        assert proposal.reason_keys == ["thing.strange"]
        assert found()[0].pk == proposal.pk

    def test_is_not_made_of_too_few(self):
        decided_things(light=7)
        assert found() == []

    def test_taken_up_is_a_draft_whose_replay_shows_exactly_the_twelve(self):
        decided_things()
        (proposal,) = found()
        with vendor() as now:
            decision = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
            assert decision.allowed, decision.reasons
            version = WorkflowVersion.objects.select_related("workflow").get(pk=decision.facts["version"])
            assert version.status == "draft" and "111.00" in version.note
            assert problems_of(version) == []
        result = replayed(version)
        assert result["changed"] == {"decision": 0, "people": 12, "way": 0, "unknown": 0}
        assert result["touchless"] == [0, 12]

    def test_in_force_answers_the_next_one_without_a_person_and_asks_about_any_other_reason(self):
        decided_things()
        (proposal,) = found()
        with vendor() as now:
            decision = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
            assert actions.publish_version(version_id=decision.facts["version"], actor=GRACE, now=now).allowed
        with behaving(weigh=lambda: because("thing.strange")) as calls:
            find(price="50.00")
            settle()
            assert [key for key, *_rest in calls] == ["thing.weigh", "thing.keep"]
        with behaving(weigh=lambda: because("thing.dangerous")):
            dangerous = find(price="50.00")
            settle()
        with vendor():
            assert [task.subject_id for task in HumanTask.objects.filter(status="open")] == [dangerous]

    def test_dismissed_is_not_made_again(self):
        decided_things()
        (proposal,) = found()
        with vendor() as now:
            actions.dismiss_proposal(proposal_id=proposal.pk, reason="A trend only", actor=olivia.actor, now=now)
        with behaving(weigh=lambda: because("thing.strange")):
            decide_one(price="120.00", outcome="approve")
        assert [(one.status, one.count) for one in found()] == [("dismissed", 12)]

    def test_that_no_longer_holds_goes(self):
        decided_things()
        assert len(found()) == 1
        with behaving(weigh=lambda: because("thing.strange")):
            for _again in range(5):
                decide_one(price="99.00", outcome="reject")
        assert found() == []

    @pytest.mark.parametrize(
        ("who", "reason", "key"), [(olivia, "", "proposal.no_reason"), (aud, "x", "proposal.not_yours")]
    )
    def test_is_dismissed_by_those_who_may_and_with_a_reason(self, who, reason, key):
        decided_things()
        (proposal,) = found()
        with vendor() as now:
            decision = actions.dismiss_proposal(proposal_id=proposal.pk, reason=reason, actor=who.actor, now=now)
        assert decision.reason_keys == (key,)

    def test_is_answered_once(self):
        decided_things()
        (proposal,) = found()
        with vendor() as now:
            assert actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now).allowed
            again = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
        assert again.reason_keys == ("proposal.answered",)

    def test_for_a_question_that_is_no_more_can_not_be_taken_up(self):
        decided_things()
        (proposal,) = found()
        publish(KEEP)
        with vendor() as now:
            decision = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
            assert decision.reason_keys == ("proposal.cannot",)
            assert RuleProposal.objects.get().status == "open"
            assert not WorkflowVersion.objects.filter(status="draft").exists()


class TestAReasonThatRulesGave:
    def test_becomes_an_exception_in_a_draft_of_those_rules(self):
        with vendor() as now:
            workflow = WorkflowVersion.objects.get(workflow__key="deal-registration", status="published").workflow
            proposal = RuleProposal.objects.create(
                signature="f" * 64, workflow=workflow, block="ask-ops", queue="deals",
                reason_keys=["deal.free_mail_domain"], outcome="approve", schema="deal",
                when={"combinator": "and", "not": False,
                      "rules": [{"field": "deal.amount", "operator": "<=", "value": "5000"}]},
                sentence="Amount is at most 5,000.00", count=9, others=2, first_at=now, last_at=now,
            )  # fmt: skip
            decision = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
            assert decision.facts["kind"] == "rules"
            draft = RuleVersion.objects.get(pk=decision.facts["version"])
            rule = next(rule for rule in draft.document["rules"] if rule["key"] == "free_mail")
            assert rule["when"]["rules"][-1]["not"] is True
            assert draft.status == "draft"

    def test_declined_becomes_a_refusal_of_its_own(self):
        with vendor() as now:
            workflow = WorkflowVersion.objects.get(workflow__key="deal-registration", status="published").workflow
            proposal = RuleProposal.objects.create(
                signature="a" * 64, workflow=workflow, block="ask-ops", queue="deals",
                reason_keys=["deal.free_mail_domain"], outcome="reject", schema="deal",
                when={"combinator": "and", "not": False,
                      "rules": [{"field": "partner.certified", "operator": "=", "value": False}]},
                sentence="not certified", count=9, others=2, first_at=now, last_at=now,
            )  # fmt: skip
            decision = actions.take_up_proposal(proposal_id=proposal.pk, actor=ada.actor, now=now)
            draft = RuleVersion.objects.get(pk=decision.facts["version"])
            made = next(rule for rule in draft.document["rules"] if rule["key"].startswith("free_mail-"))
            assert (made["outcome"], len(made["when"]["rules"])) == ("refuse", 2)
