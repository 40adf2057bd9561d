"""Parameters: values that an admin sets by a form while the tree stays as it is."""

from typing import Any
from uuid import UUID

import pytest

from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.identity.models import Membership
from tests.cast import acme, ada, client_of, olivia, vendor, zack
from tests.workflows.things import KEEP, TELL, WEIGH, approval, find, happened, publish, settle, tree
from workflows import actions
from workflows.definition import lint, outline, program
from workflows.definition.parameters import applied, parameters_of, with_values, without_values
from workflows.models import HumanTask, SlaClock, Workflow, WorkflowVersion
from workflows.rules import may_decide

MINUTES = {"key": "answer_minutes", "label": "Answer within", "type": "minutes", "value": 60}
WHO = {"key": "approver", "label": "Who approves", "type": "role", "value": "ops"}
CLOCK = {"id": "clock", "type": "sla_start", "clock": "answer", "minutes": {"parameter": "answer_minutes"}}
ASK = approval(assign={"kind": "role", "value": {"parameter": "approver"}})


def told(*blocks: dict[str, Any], **head: Any) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in lint(tree(*blocks, **head))]


@pytest.mark.pure
class TestATreeWithParameters:
    def test_reads_as_if_its_values_stood_in_their_places(self):
        document = tree(CLOCK, ASK, parameters=[MINUTES, WHO])
        assert lint(document) == []
        assert program(document).block("clock")["minutes"] == 60
        assert program(document).block("review")["assign"] == {"kind": "role", "value": "ops"}
        assert "1 hour" in outline(document)[1].text

    def test_takes_a_parameter_in_a_condition_too(self):
        heavy = {"field": "thing.weight", "operator": ">", "value": {"parameter": "heavy"}}
        document = tree(
            {"id": "b", "type": "branch", "cases": [{"id": "c", "when": heavy, "blocks": [KEEP]}], "otherwise": []},
            parameters=[{"key": "heavy", "label": "Heavy", "type": "number", "value": "10"}],
        )
        assert lint(document) == []
        branch = program(document).block("b")
        assert program(document).way_out(branch, {"thing.weight": "11"})[0] == "c"
        assert program(with_values(document, {"heavy": "12"})).way_out(branch, {"thing.weight": "11"})[0] == "c"
        again = program(with_values(document, {"heavy": "12"}))
        assert again.way_out(again.block("b"), {"thing.weight": "11"})[0] == "otherwise"

    def test_is_the_same_tree_whatever_the_values(self):
        document = tree(CLOCK, parameters=[MINUTES])
        other = with_values(document, {"answer_minutes": 5, "no_such": 1})
        assert parameters_of(other)[0].value == 5
        assert document != other
        assert without_values(document) == without_values(other)


@pytest.mark.pure
class TestEachProblemOfAParameterIsTold:
    def test_one_that_is_nowhere_declared(self):
        assert "blocks.0.minutes: There is no parameter “answer_minutes”." in told(CLOCK)

    def test_one_that_is_used_nowhere(self):
        assert "parameters.0: The parameter “approver” is used nowhere." in told(KEEP, parameters=[WHO])

    @pytest.mark.parametrize(
        ("kind", "value"),
        [("minutes", 0), ("minutes", "60"), ("minutes", True), ("count", 1000), ("bool", "yes"), ("money", "-1"),
         ("money", 5), ("number", "many"), ("number", "NaN"), ("role", "king"), ("role", None), ("role", "auditor"),
         ("percentages", [100]), ("recipients", ["role:king"]), ("recipients", "role:ops"), ("text", 5),
         ("colour", "red")],
    )  # fmt: skip
    def test_one_whose_value_is_not_of_its_type(self, kind: str, value: Any):
        problems = told(CLOCK, parameters=[{**MINUTES, "type": kind, "value": value}])
        assert any(problem.startswith("parameters.0.value: ") for problem in problems)

    def test_one_of_a_type_that_its_place_does_not_take(self):
        problems = told(CLOCK, parameters=[{**MINUTES, "type": "text", "value": "soon"}])
        [problem] = problems
        assert problem.startswith("blocks.0.minutes: “minutes” is to be a whole number")

    def test_one_that_would_change_the_shape(self):
        assert "blocks.0.action: A parameter can't stand here: it would change the shape of the tree." in told(
            {**KEEP, "action": {"parameter": "what"}},
            parameters=[{"key": "what", "label": "What", "type": "text", "value": "thing.keep"}],
        )

    @pytest.mark.parametrize("said", [5, "x", {}, [5], [{}], [{"key": 5}], [{"key": "x"}], [MINUTES, MINUTES],
                                      [{**MINUTES, "more": 1}], [{**MINUTES, "label": 5}]])  # fmt: skip
    def test_a_malformed_list(self, said: Any):
        assert told(CLOCK, parameters=said)
        applied(tree(CLOCK, parameters=said))


class TestSettingThem:
    def versions(self) -> list[WorkflowVersion]:
        return list(WorkflowVersion.objects.filter(workflow__key="things").order_by("number"))

    def test_makes_a_draft_with_nothing_else_changed_and_a_second_person_publishes(self):
        publish(CLOCK, ASK, parameters=[MINUTES, WHO])
        with vendor(acme) as now:
            (base,) = self.versions()
            decision = actions.set_parameters(
                version_id=base.pk, values={"approver": "approver", "answer_minutes": 60}, actor=olivia.actor, now=now
            )
            assert [reason.key for reason in decision.reasons] == ["workflow.not_yours_to_change"]
            decision = actions.set_parameters(
                version_id=base.pk, values={"approver": "approver"}, actor=ada.actor, now=now
            )
            assert decision.allowed
            assert decision.facts["changed"] == ["approver"] or decision.facts["changed"] == ("approver",)
            draft = self.versions()[1]
            assert draft.tree == {**base.tree, "parameters": [MINUTES, {**WHO, "value": "approver"}]}
            own = actions.publish_version(version_id=draft.pk, actor=ada.actor, now=now)
            assert [reason.key for reason in own.reasons] == ["workflow.maker_is_not_checker"]

    def test_the_run_that_follows_goes_by_the_new_values(self, as_worker):
        publish(CLOCK, ASK, parameters=[MINUTES, WHO])
        with vendor(acme) as now:
            (base,) = self.versions()
            saved = actions.set_parameters(
                version_id=base.pk, values={"approver": "finance", "answer_minutes": 30}, actor=zack.actor, now=now
            )
            assert actions.publish_version(
                version_id=UUID(saved.facts["version"]), actor=ada.actor, now=now
            ).allowed  # fmt: skip
        subject = find()
        settle()
        assert happened(subject)[1] == ("clock", "started")
        with vendor(acme):
            assert HumanTask.objects.get(subject_id=subject).role == "finance"
            assert SlaClock.objects.get(subject_id=subject).minutes == 30

    def test_refuses_what_does_not_fit_is_unknown_or_changes_nothing(self):
        publish(CLOCK, ASK, parameters=[MINUTES, WHO])
        with vendor(acme) as now:
            (base,) = self.versions()
            for values, reason in (
                ({"approver": "king"}, "parameter.wrong"),
                ({"colour": "red"}, "parameter.unknown"),
                ({"answer_minutes": 60}, "parameter.unchanged"),
            ):
                decision = actions.set_parameters(version_id=base.pk, values=values, actor=ada.actor, now=now)
                assert reason in [one.key for one in decision.reasons]
            assert len(self.versions()) == 1

    def test_leaves_a_draft_with_other_changes_alone(self):
        publish(CLOCK, ASK, parameters=[MINUTES, WHO])
        with vendor(acme) as now:
            (base,) = self.versions()
            actions.save_draft(tree={**base.tree, "blocks": [*base.tree["blocks"], WEIGH]}, actor=ada.actor, now=now)
            decision = actions.set_parameters(version_id=base.pk, values={"approver": "cam"}, actor=ada.actor, now=now)
            assert [reason.key for reason in decision.reasons] == ["workflow.draft_waits"]
            draft = self.versions()[1]
            again = actions.set_parameters(version_id=draft.pk, values={"approver": "cam"}, actor=ada.actor, now=now)
            assert again.allowed
            assert len(self.versions()) == 2


class TestTheForm:
    def test_sets_them_on_a_page_of_the_workflow(self):
        publish(CLOCK, ASK, TELL, parameters=[MINUTES, WHO])
        client = client_of(ada)
        with vendor(acme):
            base = WorkflowVersion.objects.get(workflow__key="things")
        page = client.get(f"/console/workflows/versions/{base.pk}/")
        assert "Answer within" in page.content.decode()
        url = f"/console/workflows/versions/{base.pk}/parameters/"
        assert client.get(url).status_code == 200
        assert client.post(url, {"p_answer_minutes": "0", "p_approver": "ops"}).status_code == 422
        assert client.post(url, {"p_answer_minutes": "60", "p_approver": "ops"}).status_code == 422
        answer = client.post(url, {"p_answer_minutes": "90", "p_approver": "approver", "note": "Summer"})
        assert answer.status_code == 302
        with vendor(acme):
            draft = WorkflowVersion.objects.get(workflow__key="things", status="draft")
            assert [one.value for one in parameters_of(draft.tree)] == [90, "approver"]
            assert draft.note == "Summer"

    def test_offers_whoever_may_decide_and_says_where_an_empty_roles_tasks_go(self):
        publish(CLOCK, ASK, TELL, parameters=[MINUTES, WHO])
        client = client_of(ada)
        with vendor(acme):
            base = WorkflowVersion.objects.get(workflow__key="things")
            Membership.objects.filter(partner=None, roles__contains=["legal"]).update(roles=["sales"])
        url = f"/console/workflows/versions/{base.pk}/parameters/"
        offered = [key for key, _label in client.get(url).context["form"].fields["p_approver"].choices]
        assert offered == [role for role in VENDOR_ROLES if may_decide((role,), role, False)]
        assert client.post(url, {"p_answer_minutes": "60", "p_approver": "auditor"}).status_code == 422
        draft = client.post(url, {"p_answer_minutes": "60", "p_approver": "legal"}).headers["Location"]
        told = "Nobody has the role “Legal”: what it is asked goes to “Operations manager”"
        assert told in client.get(draft).content.decode()
        assert told not in client.get(f"/console/workflows/versions/{base.pk}/").content.decode()

    def test_sets_every_kind_of_the_shipped_deal_registration(self):
        client = client_of(ada)
        with vendor(acme):
            version = Workflow.objects.get(key="deal-registration").versions.get(status="published")
            values = {one.key: one.value for one in parameters_of(version.tree)}
        url = f"/console/workflows/versions/{version.pk}/parameters/"
        typed = {f"p_{key}": value for key, value in values.items()}
        typed |= {"p_warn_at": "25, 75", "p_warn": ["role:cam"], "p_answer_minutes": 240}
        assert client.post(url, typed).status_code == 302
        with vendor(acme):
            draft = WorkflowVersion.objects.get(workflow__key="deal-registration", status="draft")
            read = program(draft.tree).block("clock")
            assert (read["warn_at"], read["warn"], read["minutes"]) == ([25, 75], ["role:cam"], 240)
