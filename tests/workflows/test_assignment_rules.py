"""Whom the tasks of a queue go to by the vendor's own rules, and how those are kept."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.decisions import Decision
from prm.kernel.identity.models import Membership
from tests import world
from tests.cast import Somebody, ada, aud, bea, birch, bo, cam, client_of, finn, mia, olivia, vendor, zack, zenith
from tests.dealreg import deals
from tests.dealreg.test_registration_workflow import run_everything
from tests.identity.test_tokens import call, key_of
from tests.workflows.test_program_files import SECOND, brought, changed, exported, nobody, problems
from tests.workflows.things import KEEP, approval, find, publish, settle, tree
from workflows import actions, rules
from workflows.definition import lint
from workflows.models import AssignmentRule, HumanTask, RunEvent, WorkflowVersion

__all__ = ["nobody"]
PAGE, FILE, API = "/console/queue/rules/", "assignment-rules/rules.json", "/api/v1/assignment-rules"
HEAVY = {"combinator": "and", "not": False, "rules": [{"field": "thing.weight", "operator": ">", "value": "100"}]}


def keep(name: str, who: Somebody = ada, **fields: Any) -> Decision:
    given = {"name": name, "queue": "things", "about": "thing", "when": {}, "kind": "role", "role": "finance", **fields}
    with vendor(who.vendor) as now:
        return actions.keep_assignment_rule(fields=given, actor=who.actor, now=now)


def ask(weight: int = 10, **parts: Any) -> HumanTask:
    """A task that its workflow leaves to the queue, unless told otherwise."""
    block = approval(**parts)
    if "assign" not in parts:
        del block["assign"]
    publish(block, KEEP)
    subject = find(weight=str(weight))
    settle()
    with vendor():
        return HumanTask.objects.select_related("owner").get(subject_id=subject)


def trace(task: HumanTask) -> dict[str, Any]:
    with vendor():
        return DecisionRecord.objects.get(subject_id=task.pk, rule="task-assignment/1").document


@pytest.mark.usefixtures("as_worker", "replays_true")
class TestATaskLeftToItsQueue:
    def test_goes_to_whom_the_first_fitting_rule_names_and_says_so(self) -> None:
        keep("Heavy things", when=HEAVY, kind="person", role="", person_id=mia.membership_id)
        keep("The rest", kind="least_loaded", role="finance")
        heavy, light = ask(weight=300), ask(weight=3)

        assert (heavy.owner_id, heavy.assigned_by) == (mia.membership_id, "Heavy things")
        assert (light.owner_id, light.assigned_by) == (finn.membership_id, "The rest")
        told = trace(light)
        assert [check["passed"] for check in told["checks"] if check["label"].startswith("Rule ")] == [False, True]
        assert told["facts"]["rule"]["name"] == "The rest"

    def test_is_judged_again_from_its_record_to_the_same(self) -> None:
        keep("Heavy things", when=HEAVY)
        for task in (ask(weight=300), ask(weight=3)):
            told = trace(task)
            again = rules.RULES["task-assignment/1"](told["facts"])
            assert (again.outcome, again.document()["checks"]) == (told["outcome"], told["checks"])

    def test_asks_why_it_is_asked_and_which_question(self) -> None:
        why = {"combinator": "and", "not": False,
               "rules": [{"field": "task.reasons", "operator": "contains", "value": "task.asked"},
                         {"field": "task.title", "operator": "contains", "value": "keep"}]}  # fmt: skip
        keep("Kept or not", when=why)
        assert ask().assigned_by == "Kept or not" and ask(title="Throw?").assigned_by == ""

    def test_takes_turns_and_leaves_out_who_is_away(self) -> None:
        with vendor() as now:
            Membership.objects.filter(pk__in=[mia.membership_id, cam.membership_id]).update(roles=["finance"])
            Membership.objects.filter(pk=cam.membership_id).update(away_from=now.date())
        keep("In turn", kind="round_robin")
        assert {ask().owner_id for _time in range(4)} == {mia.membership_id, finn.membership_id}

    def test_goes_to_whoever_stands_in(self) -> None:
        with vendor() as now:
            away = {"away_from": now.date() - timedelta(days=1), "delegate": finn.membership_id}
            Membership.objects.filter(pk=mia.membership_id).update(**away)
        keep("Mia", kind="person", role="", person_id=mia.membership_id)
        assert ask().owner_id == finn.membership_id

    def test_is_the_roles_of_the_block_where_no_rule_fits(self) -> None:
        keep("Heavy things", when=HEAVY)
        keep("Another queue", queue="others")
        task = ask(assign={"kind": "queue", "value": "finance"})
        assert (task.owner_id, task.role, task.assigned_by) == (None, "finance", "")
        assert trace(task)["outcome"] == "unmatched"

    def test_is_operations_without_any_rule_and_nothing_is_recorded(self) -> None:
        task = ask()
        assert (task.owner_id, task.role) == (None, "ops")
        with vendor():
            assert not DecisionRecord.objects.filter(rule="task-assignment/1").exists()

    def test_a_rule_that_can_not_be_judged_fits_nothing_and_says_so(self) -> None:
        keep("Broken", when=HEAVY)
        with vendor():
            AssignmentRule.objects.update(when={"field": "thing.colour", "operator": "=", "value": "red"})
        keep("The rest")
        task = ask()
        assert task.assigned_by == "The rest"
        assert "can't be judged" in trace(task)["checks"][0]["actual"]

    def test_the_rule_is_no_longer_named_once_somebody_has_passed_it_on(self) -> None:
        keep("Finance", kind="least_loaded")
        task = ask()
        with vendor() as now:
            actions.assign_task(task_id=task.pk, membership_id=mia.membership_id, actor=ada.actor, now=now)
            task.refresh_from_db()
        assert (task.owner_id, task.assigned_by) == (mia.membership_id, "")


def to_the_rules(*after: int) -> list[dict[str, Any]]:
    """An escalation that leaves it to the queue's rules again, after so many business minutes each."""
    return [{"after_business_minutes": minutes, "reassign": {"kind": "queue"}} for minutes in after]


def later(forward: Any, task: HumanTask) -> HumanTask:
    forward(days=4)
    settle()
    with vendor():
        task.refresh_from_db()
    return task


@pytest.mark.usefixtures("as_worker", "replays_true")
class TestATaskThatNobodyAnswers:
    def test_goes_to_whom_the_next_fitting_rule_names_and_the_trace_says_why(self, forward: Any) -> None:
        keep("Heavy things", when=HEAVY, kind="person", role="", person_id=mia.membership_id)
        keep("The rest", kind="least_loaded", role="finance")
        task = ask(weight=300, escalation=to_the_rules(60))
        assert task.owner_id == mia.membership_id
        later(forward, task)

        assert (task.owner_id, task.assigned_by) == (finn.membership_id, "The rest")
        page = client_of_web(f"/console/queue/{task.pk}/")
        assert f"Assigned to {finn.name} by the rule “The rest”" in page and "It has had its turn." in page
        with vendor():
            for one in DecisionRecord.objects.filter(subject_id=task.pk, rule="task-assignment/1"):
                again = rules.RULES["task-assignment/1"](one.document["facts"])
                assert (again.outcome, again.document()["checks"]) == (one.outcome, one.document["checks"])

    def test_comes_back_to_no_rule_that_had_it_and_is_operations_in_the_end(self, forward: Any) -> None:
        keep("Mia", kind="person", role="", person_id=mia.membership_id)
        keep("Finn", kind="person", role="", person_id=finn.membership_id)
        task = later(forward, ask(escalation=to_the_rules(60, 120)))
        assert (task.level, task.owner_id, task.role, task.assigned_by) == (2, None, "ops", "")

    @pytest.mark.parametrize("kind", ["round_robin", "least_loaded"])
    def test_goes_to_somebody_else_of_a_role_that_is_asked_in_turn(self, kind: str, forward: Any) -> None:
        with vendor():
            Membership.objects.filter(pk=mia.membership_id).update(roles=["finance"])
        again = {"after_business_minutes": 60, "reassign": {"kind": kind, "value": "finance"}}
        task, *others = ask(escalation=[again]), ask(), ask()
        with vendor():  # so that it is Mia's turn, and she has least to do
            HumanTask.objects.filter(pk=task.pk).update(owner=mia.membership_id)
            HumanTask.objects.filter(pk__in=[one.pk for one in others]).update(owner=finn.membership_id)
        assert later(forward, task).owner_id == finn.membership_id

    def test_stays_with_the_only_one_whom_there_is_to_ask(self, forward: Any) -> None:
        again = {"after_business_minutes": 60, "reassign": {"kind": "least_loaded", "value": "finance"}}
        task = ask(assign={"kind": "least_loaded", "value": "finance"}, escalation=[again])
        assert later(forward, task).owner_id == finn.membership_id


@pytest.mark.usefixtures("as_worker", "replays_true")
class TestATaskWhoseOwnerLeaves:
    def test_is_given_out_by_the_rules_again_as_if_it_were_asked_today(self) -> None:
        with vendor():
            Membership.objects.filter(pk=mia.membership_id).update(roles=["finance"])
        keep("Money", kind="least_loaded", role="finance")
        tasks = {task.owner_id: task for task in (ask(), ask())}
        with vendor() as now:
            Membership.objects.filter(pk=mia.membership_id).update(ended_at=now)
            actions.hand_over_tasks(membership_id=mia.membership_id, actor=ada.actor, now=now)
            task = tasks[mia.membership_id]
            task.refresh_from_db()
            assert DecisionRecord.objects.filter(subject_id=task.pk, rule="task-assignment/1").count() == 2
            assert RunEvent.objects.get(kind="reassigned").value == finn.name
        assert (task.owner_id, task.assigned_by) == (finn.membership_id, "Money")

    def test_goes_to_its_role_where_its_workflow_can_not_be_read_any_more(self) -> None:
        keep("Mia", kind="person", role="", person_id=mia.membership_id)
        task = ask()
        with vendor() as now:
            WorkflowVersion.objects.update(tree={"blocks": 7}, checksum="0" * 64)
            Membership.objects.filter(pk=mia.membership_id).update(ended_at=now)
            assert actions.hand_over_tasks(membership_id=mia.membership_id, actor=ada.actor, now=now) == 1
            task.refresh_from_db()
            refused = actions.assign_task(task_id=task.pk, actor=ada.actor, now=now, afresh=True)
        assert (task.owner_id, task.role, task.assigned_by) == (None, "ops", "")
        assert [reason.key for reason in refused.reasons] == ["task.nobody"]


@pytest.mark.usefixtures("as_worker")
class TestTheTasksOfSomebodyAway:
    def test_are_handed_over_to_whom_the_rules_would_ask_today(self) -> None:
        with vendor():
            Membership.objects.filter(pk=cam.membership_id).update(roles=["finance"])
        keep("Heavy things", when=HEAVY, kind="person", role="", person_id=mia.membership_id)
        keep("Money", kind="least_loaded", role="finance")
        heavy, light = ask(weight=300), ask(weight=3)
        with vendor() as now:
            HumanTask.objects.filter(pk=light.pk).update(owner=mia.membership_id)
            Membership.objects.filter(pk=mia.membership_id).update(away_from=now.date(), delegate=olivia.membership_id)
        picked = {"pick": [str(heavy.pk), str(light.pk)], "to": "afresh"}
        with world.logged_in_as("web"):
            page = client_of(olivia).post("/console/workload/move/", picked).content.decode()
            assert "Hand 2 over" in page
            client_of(olivia).post("/console/workload/move/", picked | {"confirmed": "afresh"})
        with vendor():
            heavy.refresh_from_db()
            light.refresh_from_db()
        assert (heavy.owner_id, heavy.assigned_by) == (olivia.membership_id, "Heavy things")
        assert light.owner_id in (finn.membership_id, cam.membership_id) and light.assigned_by == "Money"

    def test_are_locked_in_the_order_of_their_runs_as_by_whoever_else_locks_several(self) -> None:
        keep("Money")
        first, second = ask(), ask()
        with vendor():
            HumanTask.objects.update(owner=mia.membership_id)
            HumanTask.objects.filter(pk=second.pk).update(due_at=first.opened_at)  # so that it stands first on the page
        sent = {"pick": [str(second.pk), str(first.pk)], "to": "afresh", "confirmed": "afresh"}
        with world.logged_in_as("web"):
            client_of(olivia).post("/console/workload/move/", sent)
        with vendor():
            told = AuditEntry.objects.filter(action="task.assigned").order_by("pk").values_list("target_id", flat=True)
            assert list(told) == [first.pk, second.pk]


def client_of_web(path: str) -> str:
    with world.logged_in_as("web"):
        return client_of(olivia).get(path).content.decode()


@pytest.mark.usefixtures("as_worker")
class TestAnAssignmentOfTheBlocksOwn:
    def test_is_obeyed_whatever_the_rules_say(self) -> None:
        keep("Everything", queue="")
        task = ask(assign={"kind": "role", "value": "approver"})
        assert (task.role, task.assigned_by) == ("approver", "")

    def test_may_be_left_out_of_the_tree_or_name_the_role_otherwise(self) -> None:
        block = approval()
        del block["assign"]
        assert lint(tree(block)) == []
        assert lint(tree(approval(assign={"kind": "queue", "value": "finance"}))) == []
        assert "no role" in lint(tree(approval(assign={"kind": "queue", "value": "king"})))[0].message


class TestAShippedDeal:
    def test_is_given_out_by_the_facts_of_the_deal(self) -> None:
        large = {"combinator": "and", "not": False,
                 "rules": [{"field": "deal.amount", "operator": ">", "value": "100000"},
                           {"field": "deal.territory", "operator": "=", "value": "dach"}]}  # fmt: skip
        assert keep("DACH over 100k", queue="deals", about="deal", when=large, kind="person", role="",
                    person_id=mia.membership_id).allowed  # fmt: skip
        deal = deals.submitted(birch, amount="150000")
        run_everything()
        with vendor():
            task = HumanTask.objects.get(subject_id=deal, status="open")
        assert (task.block, task.owner_id, task.assigned_by) == ("ask-approver", mia.membership_id, "DACH over 100k")
        page = client_of(mia).get(f"/console/queue/{task.pk}/").content.decode()
        assert f"Assigned to {mia.name} by the rule “DACH over 100k”" in page and "Rule 1: DACH over 100k" in page
        read = call(key_of(ada, "ops"), f"/api/v1/tasks/{task.pk}").json()
        assert read["assigned_by"] == "DACH over 100k"


class TestThePage:
    def test_is_changed_by_an_admin_and_every_change_is_audited(self) -> None:
        client = client_of(ada)
        typed = {"name": "Large", "queue": "deals", "kind": "person", "person": str(mia.membership_id),
                 "when-r-join": "and"}  # fmt: skip
        assert client.post(f"{PAGE}new/?about=deal", typed).status_code == 302
        with vendor():
            made = AssignmentRule.objects.get(name="Large")
        keep("Second")
        client.post(f"{PAGE}{made.pk}/move/", {"way": "down"})
        client.post(f"{PAGE}{made.pk}/", {**typed, "kind": "cam"})
        page = client.get(PAGE).content.decode()
        assert page.index("Second") < page.index("Large") and "The partner&#x27;s channel manager" in page
        client.post(f"{PAGE}{made.pk}/remove/")
        with vendor():
            told = AuditEntry.objects.filter(target_id=made.pk).order_by("recorded_at", "id")
            assert list(told.values_list("action", flat=True)) == [
                f"assignment.rule_{what}" for what in ("added", "moved", "changed", "removed")
            ]
            assert [(rule.name, rule.position) for rule in AssignmentRule.objects.all()] == [("Second", 1)]

    def test_tells_what_is_mistyped_and_who_may_not(self) -> None:
        keep("Large")
        answer = client_of(ada).post(f"{PAGE}new/?about=deal", {"name": "Large", "kind": "role", "when-r-join": "and"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Another rule has this name." in page and "Choose the role that gets it." in page
        assert client_of(olivia).get(PAGE).status_code == client_of(aud).get(PAGE).status_code == 200
        assert client_of(olivia).get(f"{PAGE}new/").status_code == 403
        assert keep("Mine", who=olivia).reason_keys == ("assignment.not_yours",)

    def test_warns_of_who_left_and_of_what_never_decides_and_so_does_the_lint(self) -> None:
        keep("Mia's", kind="person", role="", person_id=mia.membership_id)
        keep("Behind it", kind="cam", role="")
        with vendor() as now:
            Membership.objects.filter(pk=mia.membership_id).update(ended_at=now)
        page = client_of(olivia).get(PAGE).content.decode()
        assert "somebody who has left" in page and "It never decides" in page
        with pytest.raises(CommandError, match="2 problems"):
            call_command("workflows", "lint", "--tenant", "acme")

    def test_nothing_of_it_is_seen_over_the_wall(self) -> None:
        keep("Ours", kind="least_loaded")
        with vendor():
            ours = AssignmentRule.objects.get()
        for stranger in (zack, bo):
            assert "Ours" not in client_of(stranger).get(PAGE).content.decode()
        assert client_of(zack).post(f"{PAGE}{ours.pk}/remove/").status_code == 404
        with vendor(zenith):
            assert not AssignmentRule.objects.exists()
        assert call(key_of(ada, "ops"), API).json()[0]["name"] == "Ours"
        assert call(key_of(zack, "ops"), API).json() == [] and call(key_of(bea, "seller"), API).status_code == 403
        with vendor():
            assert AssignmentRule.objects.get() == ours


class TestRulesAsText:
    def test_give_identical_bytes_from_an_empty_vendor(self, nobody: UUID) -> None:
        keep("Heavy ✓ “things”", queue="", about="deal", kind="round_robin", role="approver")
        keep("Rest", when=HEAVY, kind="cam", role="")
        files = exported()

        brought(files, nobody, publisher=SECOND)

        assert exported(nobody) == files and brought(files, nobody, publisher=SECOND).changed == ()

    def test_change_order_and_people_as_the_file_says(self) -> None:
        for name in ("One", "Two", "Three"):
            keep(name)
        files = exported()
        one, two, three = json.loads(files[FILE])["rules"]
        wanted = [three, {**one, "kind": "person", "role": "", "person": finn.email}]
        brought(changed(files, FILE, rules=wanted))
        with vendor():
            held = list(AssignmentRule.objects.values_list("name", "position", "person"))
        assert held == [("Three", 1, None), ("One", 2, finn.membership_id)]
        told = problems(changed(files, FILE, rules=[{**two, "person": "nobody@acme.example", "kind": "person"}]))
        assert "nobody@acme.example" in str(told)
