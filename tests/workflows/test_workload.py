"""Who has what, handing many tasks over, and views of the queue of one's own."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from prm.kernel.identity.models import Membership
from prm.kernel.ui.models import SavedView
from tests.cast import ada, aud, cam, client_of, mia, olivia, vendor, zoe
from tests.workflows.test_console import HTMX, ask
from workflows import actions
from workflows.models import HumanTask
from workflows.queries.tasks import counts
from workflows.queries.workload import Load, Workload, end_of_day, tasks_of, workload

QUEUE = "/console/queue/"
MOVE = "/console/workload/move/"


def load_of(found: Workload, name: str) -> Load:
    return next(load for load in (*found.people, *found.roles) if load.name == name)


def hand_out(*tasks: HumanTask, to: object) -> None:
    with vendor() as now:
        for task in tasks:
            actions.assign_task(task_id=task.pk, membership_id=to.membership_id, actor=olivia.actor, now=now)


class TestTheWorkload:
    def test_counts_by_person_and_role_what_is_open_late_claimed_and_due_today(self):
        first, second, third, fourth = ask(4)
        hand_out(first, second, third, to=mia)
        with vendor() as now:
            HumanTask.objects.filter(pk=first.pk).update(due_at=now - timedelta(hours=1))
            HumanTask.objects.filter(pk=second.pk).update(due_at=end_of_day(now) - timedelta(seconds=1))
            HumanTask.objects.filter(pk=third.pk).update(due_at=end_of_day(now))
            actions.claim_task(task_id=fourth.pk, actor=olivia.actor, now=now)
            actions.snooze_task(task_id=third.pk, until=now + timedelta(days=1), actor=mia.actor, now=now)
            found = workload(now)
        of_mia = load_of(found, "Mia")
        assert (of_mia.open, of_mia.late, of_mia.today, of_mia.snoozed, of_mia.claimed) == (3, 1, 1, 1, 0)
        assert (load_of(found, "Olivia").open, load_of(found, "Olivia").claimed) == (1, 1)
        assert found.roles == ()
        assert (found.open_count, found.late_count, found.today_count, found.unowned_count) == (4, 1, 1, 0)
        assert [task.pk for task in found.today] == [second.pk]

    def test_says_of_a_claimed_task_that_it_waits_again_only_once_the_claim_has_ended(self):
        claimed, waiting, lapsed = ask(3)
        with vendor() as now:
            for task in (claimed, lapsed):
                actions.claim_task(task_id=task.pk, actor=mia.actor, now=now)
            HumanTask.objects.filter(pk=lapsed.pk).update(claim_until=Now() - timedelta(seconds=1))
            found = workload(now)
            role = found.roles[0]
            assert (role.key, role.open, role.holders, found.unowned_count) == ("role:ops", 2, 1, 2)
            assert {task.pk for task in tasks_of("role:ops")} == {waiting.pk, lapsed.pk}
            assert [task.pk for task in tasks_of(str(mia.membership_id))] == [claimed.pk]
            assert counts(olivia.actor, now).unowned == 2
        listed = client_of(olivia).get(f"{QUEUE}?owner=role:ops").context["rows"]
        assert {row.pk for row, _url in listed} == {waiting.pk, lapsed.pk}

    def test_names_who_is_away_who_stands_in_and_who_has_left(self):
        first, second = ask(2)
        hand_out(first, to=mia)
        hand_out(second, to=cam)
        with vendor() as now:
            Membership.objects.filter(pk=mia.membership_id).update(
                away_from=now.date() - timedelta(days=1), delegate_id=olivia.membership_id
            )
            Membership.objects.filter(pk=cam.membership_id).update(ended_at=now)
            found = workload(now)
        assert load_of(found, "Mia").stand_in.pk == olivia.membership_id
        assert {load.name for load in found.away if load.open} == {"Mia", "Cam"}

    def test_is_a_page_for_those_who_dispatch(self):
        (task,) = ask()
        hand_out(task, to=mia)
        page = client_of(olivia).get("/console/workload/")
        assert f"{MOVE}?from={mia.membership_id}" in page.content.decode()
        assert MOVE not in client_of(aud).get("/console/workload/").content.decode()
        assert client_of(mia).get("/console/workload/").status_code == 403
        assert client_of(zoe).get("/console/workload/").context["work"].open_count == 0

    def test_has_the_same_number_of_queries_for_more_tasks(self, django_assert_max_num_queries):
        ask(2)
        with vendor() as now, django_assert_max_num_queries(6):
            workload(now)


class TestHandingOver:
    def test_shows_first_and_moves_only_when_confirmed(self):
        first, second = ask(2)
        hand_out(first, second, to=mia)
        client = client_of(olivia)
        page = client.get(f"{MOVE}?from={mia.membership_id}&to={cam.membership_id}")
        assert len(page.context["will"]) == 2
        with vendor():
            assert set(HumanTask.objects.values_list("owner_id", flat=True)) == {mia.membership_id}
        typed = {"from": mia.membership_id, "to": cam.membership_id, "pick": [first.pk]}
        assert client.post(MOVE, {**typed, "confirmed": olivia.membership_id}).status_code == 200  # another target
        assert client.post(MOVE, {**typed, "confirmed": cam.membership_id}).status_code == 302
        with vendor():
            assert HumanTask.objects.get(pk=first.pk).owner_id == cam.membership_id
            assert HumanTask.objects.get(pk=second.pk).owner_id == mia.membership_id

    def test_to_a_role_leaves_the_task_with_its_holders(self):
        (task,) = ask()
        hand_out(task, to=mia)
        client_of(ada).post(MOVE, {"from": mia.membership_id, "to": "role:approver", "confirmed": "role:approver"})
        with vendor():
            task.refresh_from_db()
            assert (task.owner_id, task.role) == (None, "approver")

    def test_tells_why_some_are_skipped(self):
        first, second = ask(2)
        hand_out(first, to=cam)
        with vendor() as now:
            actions.decide_task(task_id=second.pk, outcome="approve", actor=olivia.actor, now=now)
        third = {"pick": [first.pk, second.pk], "to": cam.membership_id}
        page = client_of(olivia).post(MOVE, third)
        assert [why for _task, why in page.context["skipped"]] == [
            "It is theirs already.",
            "This task is no longer open.",
        ] or {why for _task, why in page.context["skipped"]} == {
            "It is theirs already.",
            "This task is no longer open.",
        }
        assert page.context["will"] == []

    @pytest.mark.parametrize(
        "target",
        ["role:king", "role:auditor", "role:legal", "nonsense", "0199a0c0-0000-7000-8000-000000000001", "role:"],
    )
    def test_never_leaves_a_task_with_nobody(self, target: str):
        (task,) = ask()
        page = client_of(olivia).post(MOVE, {"pick": [task.pk], "to": target, "confirmed": target})
        assert page.status_code == 200
        assert page.context["skipped"]
        with vendor():
            assert HumanTask.objects.get().role == "ops"

    def test_warns_when_the_target_is_away(self):
        (task,) = ask()
        with vendor() as now:
            Membership.objects.filter(pk=mia.membership_id).update(away_from=now.date())
        page = client_of(olivia).get(f"{MOVE}?from=role:ops&to={mia.membership_id}")
        assert "Mia is away" in page.content.decode()
        assert page.context["will"] == [task]

    def test_another_vendors_tasks_are_not_there(self):
        (task,) = ask()
        page = client_of(zoe).post(MOVE, {"pick": [task.pk], "to": "role:ops", "confirmed": "role:ops"})
        assert page.context["tasks"] == []

    def test_is_for_those_who_dispatch(self):
        assert client_of(mia).get(MOVE).status_code == 403


class TestNarrowingTheQueue:
    def test_by_owner_tier_due_time_and_worth(self):
        first, second, third = ask(3)
        hand_out(first, to=mia)
        with vendor() as now:
            HumanTask.objects.filter(pk=second.pk).update(tier="Gold", due_at=now + timedelta(seconds=1))
            HumanTask.objects.filter(pk=third.pk).update(value="5000", currency="EUR")
        client = client_of(olivia)
        for asked, found in (
            (f"owner={mia.membership_id}", [first]),
            ("owner=role:ops&tier=Gold", [second]),
            ("due=today", [second]),
            ("least=4000", [third]),
            ("owner=me", []),
        ):
            assert [row.pk for row, _url in client.get(f"{QUEUE}?{asked}").context["rows"]] == [t.pk for t in found]

    @pytest.mark.parametrize("asked", ["owner=nonsense", "due=never", "least=NaN", "least=1e99", "least=x", "saved=x"])
    def test_nonsense_narrows_nothing(self, asked: str):
        ask(2)
        assert len(client_of(olivia).get(f"{QUEUE}?{asked}").context["rows"]) == 2

    def test_is_saved_as_a_view_of_ones_own_with_its_count(self):
        first, _second = ask(2)
        hand_out(first, to=mia)
        client = client_of(olivia)
        state = f"owner={mia.membership_id}&sort=value&evil=1"
        answer = client.post(f"{QUEUE}views/", {"state": state, "name": "Of Mia"})
        assert "evil" not in answer["Location"]
        page = client.get(answer["Location"])
        view = page.context["views"][-1]
        assert (view["label"], view["count"], view["current"]) == ("Of Mia", 1, True)
        assert [view["label"] for view in client_of(ada).get(QUEUE).context["views"] if view["label"] == "Of Mia"] == []
        with vendor():
            saved = SavedView.objects.get(list_key="queue")
        client_of(ada).post(f"{QUEUE}views/", {"delete": saved.pk})
        with vendor():
            assert SavedView.objects.filter(pk=saved.pk).exists()
        client.post(f"{QUEUE}views/", {"delete": saved.pk})
        with vendor():
            assert not SavedView.objects.filter(pk=saved.pk).exists()

    def test_without_a_name_is_not_saved(self):
        client_of(olivia).post(f"{QUEUE}views/", {"state": "owner=me", "name": " "})
        with vendor():
            assert not SavedView.objects.filter(list_key="queue").exists()


class TestPuttingAside:
    def test_until_a_time_that_is_typed_in_ones_own_zone_and_back_by_itself(self, forward):
        (task,) = ask()
        client = client_of(olivia)
        with vendor() as now:
            from prm.kernel.tenancy.context import current

            local = (now + timedelta(hours=2)).astimezone(current().zone)
        typed = local.strftime("%Y-%m-%dT%H:%M")
        assert client.post(f"{QUEUE}{task.pk}/snooze/", {"until": typed}, headers=HTMX).status_code == 200
        with vendor() as now:
            task.refresh_from_db()
            assert abs(task.snoozed_until - (now + timedelta(hours=2))) < timedelta(minutes=2)
        assert not client.get(QUEUE).context["rows"]
        forward(hours=3)
        assert client.get(QUEUE).context["rows"]

    @pytest.mark.parametrize("wrong", ["", "soon", "2020-01-01T00:00"])
    def test_refuses_what_is_no_time_ahead(self, wrong: str):
        (task,) = ask()
        answer = client_of(olivia).post(f"{QUEUE}{task.pk}/snooze/", {"until": wrong}, headers=HTMX)
        assert answer.status_code in (404, 422)
