"""What a person says on the workbench: undone at once, remembered, applied to what waits, taken back."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from dealreg import actions, queries
from dealreg.models import Customer, CustomerAlias, Deal, DealAssessment, DealStatus, NotSame, Protection, Verdict
from prm.kernel.audit.models import AuditEntry
from prm.kernel.events import relay
from prm.kernel.events.models import Delivery
from prm.kernel.messages.models import Message
from prm.kernel.reference.models import ProductLine
from tests.cast import (
    Somebody,
    ada,
    aud,
    bea,
    birch,
    bo,
    cedar,
    client_of,
    finn,
    mia,
    olivia,
    partner,
    vendor,
    zenith,
    zoe,
)
from tests.dealreg.deals import approved, submitted, the
from tests.dealreg.test_registration_workflow import run_everything
from tests.identity.test_tokens import call, key_of
from tests.world import logged_in_as
from workflows.actions import decide_task
from workflows.models import HumanTask, Run, RunEvent

HOLDING = {"customer_name": "Nordwind Logistik Holding AG", "customer_domain": ""}


def lines(*codes: str) -> list[str]:
    with vendor():
        return [str(ProductLine.objects.get(code=code).pk) for code in codes]


def rivals() -> tuple:
    """Birch is protected for two lines; two deals of Cedar's, spelt alike, wait: one line each."""
    every = lines("platform", "security")
    first = approved(birch, customer_domain="", product_lines=every)
    waiting = [submitted(cedar, **HOLDING, product_lines=[line]) for line in every]
    run_everything()
    return first, *waiting


def customer_of(deal):
    with vendor():
        return Protection.objects.filter(deal=deal).first().customer_id


def say(deal, saying, candidate, who=olivia, *, immediately=True):
    with vendor() as now:
        decision = actions.give_verdict(
            deal_id=deal, candidate=candidate, saying=saying, actor=who.actor, now=now, immediately=immediately
        )
    return decision


def settled(deal, saying, candidate, who=olivia):
    decision = say(deal, saying, candidate, who)
    assert decision.allowed, decision.reasons
    run_everything()
    return decision.facts["verdict"]


def open_tasks_of(deal):
    with vendor():
        return HumanTask.objects.filter(subject_id=deal, status="open").count()


@pytest.mark.usefixtures("replays_true")
class TestAppliedToWhatWaits:
    def test_not_the_same_lets_both_deals_go_through_with_that_reason_and_nobody_is_told_twice(self):
        first, one, other = rivals()
        assert open_tasks_of(one) == open_tasks_of(other) == 1

        settled(one, "not_same", customer_of(first))

        for deal in (one, other):
            assert the(deal).status == DealStatus.APPROVED
            assert open_tasks_of(deal) == 0
            with vendor():
                again = RunEvent.objects.get(run__subject_id=deal, kind="judged_again")
                assert "“Nordwind Logistik Holding AG” is not “Nordwind Logistik GmbH”" in again.detail["message"]
                assert Run.objects.get(subject_id=deal).result == "approved"
        with vendor():
            told = Message.objects.filter(subject_id=other, channel="email").order_by("at")
            assert [message.template for message in told] == ["deal.received", "deal.approved"]
            assert Customer.objects.count() == 2 and NotSame.objects.count() == 1
        third = submitted(cedar, **HOLDING, product_lines=lines("services"))
        run_everything()
        assert the(third).status == DealStatus.APPROVED  # never asked again

    def test_the_same_customer_is_refused_by_the_workflow_in_the_words_of_any_refusal(self):
        first, one, other = rivals()

        settled(one, "same_customer", customer_of(first))

        for deal in (one, other):
            assert the(deal).status == DealStatus.REJECTED
            assert the(deal).answer_reasons[0]["key"] == "deal.customer_already_protected"
            assert "Birch" not in the(deal).reason_for_partner
        with vendor():
            assert CustomerAlias.objects.get().name == "Nordwind Logistik Holding AG"

    def test_another_opportunity_is_protected_beside_the_first(self):
        first, one, other = rivals()

        settled(one, "other_opportunity", customer_of(first))

        assert the(one).status == DealStatus.APPROVED
        assert the(other).status == DealStatus.REJECTED  # the same customer, and nobody said that of this one
        deal = the(one)
        with vendor():
            (line,) = deal.lines.values_list("product_line", flat=True)
            held = Protection.objects.filter(product_line=line, released_at=None)
            assert len({row.customer_id for row in held}) == 1 and held.count() == 2

    def test_a_subsidiary_is_a_customer_of_its_own_under_its_parent(self):
        first, one, _other = rivals()
        parent = customer_of(first)

        settled(one, "related", parent)

        assert the(one).status == DealStatus.APPROVED
        child = customer_of(one)
        with vendor():
            assert child != parent and Customer.objects.get(pk=child).parent_id == parent

    def test_a_subsidiary_that_another_deal_has_made_meanwhile_gets_its_parent_all_the_same(self):
        first, one, other = rivals()
        parent = customer_of(first)
        assert say(one, "related", parent).allowed
        with vendor() as now:
            assert actions.approve_deal(deal_id=other, actor=mia.actor, now=now, different_from=[parent]).allowed

        run_everything()

        assert customer_of(one) == customer_of(other) != parent
        with vendor():
            assert Customer.objects.get(name=HOLDING["customer_name"]).parent_id == parent

    def test_a_duplicate_is_declined_and_the_rival_not_named(self):
        first, one, _other = rivals()

        settled(one, "duplicate", customer_of(first))

        assert the(one).status == DealStatus.REJECTED
        assert "Birch" not in the(one).reason_for_partner and the(first).number not in the(one).reason_for_partner

    def test_a_deal_with_another_question_is_asked_about_that_alone(self):
        platform, security = lines("platform", "security")
        first = approved(birch, customer_domain="", product_lines=[platform, security])
        one = submitted(cedar, **HOLDING, product_lines=[platform])
        large = submitted(cedar, **HOLDING, amount="150000", product_lines=[security])
        run_everything()

        settled(one, "not_same", customer_of(first))

        with vendor():
            task = HumanTask.objects.get(subject_id=large, status="open")
            keys = {reason["key"] for reason in task.reasons}
        assert "deal.amount_above_limit" in keys and "deal.possible_conflict" not in keys

    def test_whoever_has_answered_is_not_interrupted(self):
        first, one, other = rivals()
        with vendor() as now:
            task = HumanTask.objects.get(subject_id=other, status="open")
            assert decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now).allowed

        settled(one, "same_customer", customer_of(first))

        with vendor():
            assert HumanTask.objects.get(subject_id=other).status == "deciding"
            assert not RunEvent.objects.filter(run__subject_id=other, kind="judged_again").exists()

    def test_two_open_deals_stay_apart_once_one_of_them_is_a_customer(self):
        one = submitted(birch, customer_domain="", amount="150000")
        other = submitted(cedar, **HOLDING, amount="150000")
        run_everything()

        settled(other, "not_same", one)
        with vendor() as now:
            for deal in (one, other):
                task = HumanTask.objects.get(subject_id=deal, status="open")
                decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now, immediately=True)
        run_everything()
        again = submitted(cedar, **HOLDING, product_lines=lines("services"))
        run_everything()

        assert the(one).status == the(other).status == the(again).status == DealStatus.APPROVED
        assert customer_of(one) != customer_of(other) == customer_of(again)


class TestWithinTenSeconds:
    def test_it_is_undone_as_if_never_said(self):
        first, one, _other = rivals()
        verdict = say(one, "not_same", customer_of(first), immediately=False).facts["verdict"]
        run_everything()
        assert open_tasks_of(one) == 1

        with vendor() as now:
            assert actions.undo_verdict(verdict_id=verdict, actor=mia.actor, now=now).refused
            assert actions.undo_verdict(verdict_id=verdict, actor=olivia.actor, now=now).allowed
            Delivery.objects.update(not_before=Now() - timedelta(seconds=1))
        run_everything()

        assert open_tasks_of(one) == 1 and the(one).status == DealStatus.SUBMITTED
        with vendor():
            assert not NotSame.objects.exists()

    def test_after_them_it_takes_effect_by_itself(self):
        first, one, _other = rivals()
        say(one, "not_same", customer_of(first), immediately=False)
        with vendor():
            Delivery.objects.filter(state="pending").update(not_before=Now() - timedelta(seconds=1))
        with logged_in_as("worker"):
            assert relay.drain()

        run_everything()

        assert the(one).status == DealStatus.APPROVED


class TestTakenBack:
    def test_it_is_forgotten_and_asked_again(self):
        first, one, _other = rivals()
        verdict = settled(one, "not_same", customer_of(first))

        with vendor() as now:
            refused = actions.take_back(verdict_id=verdict, reason=" ", actor=olivia.actor, now=now)
            done = actions.take_back(verdict_id=verdict, reason="They have merged.", actor=mia.actor, now=now)
        third = submitted(cedar, **HOLDING, product_lines=lines("services", "platform"))
        run_everything()

        assert refused.reason_keys == ("reason.missing",) and done.allowed
        assert the(third).status == DealStatus.SUBMITTED and open_tasks_of(third) == 1
        with vendor():
            assert not NotSame.objects.exists()
            entry = AuditEntry.objects.get(action="verdict.taken_back")
            assert entry.after["reason"] == "They have merged." and entry.decision is not None

    def test_an_alias_is_unlearned(self):
        first, one, _other = rivals()
        verdict = settled(one, "same_customer", customer_of(first))

        with vendor() as now:
            actions.take_back(verdict_id=verdict, reason="Wrong.", actor=olivia.actor, now=now)
            assert not CustomerAlias.objects.exists()
            assert len(Customer.objects.get().normal["n"]) == 1


class TestRefused:
    def test_twice_by_the_wrong_person_or_of_something_else(self):
        first, one, _other = rivals()
        candidate = customer_of(first)

        assert say(one, "maybe", candidate).reason_keys == ("saying.unknown",)
        assert say(one, "not_same", one).reason_keys == ("candidate.unknown",)
        assert say(one, "not_same", candidate, finn).reason_keys == ("actor.wrong_role",)
        assert say(one, "not_same", candidate, immediately=False).allowed
        assert say(one, "same_customer", candidate, mia).reason_keys == ("verdict.already_decided",)
        assert say(first, "not_same", candidate).reason_keys[0] == "deal.wrong_status"

    def test_by_another_vendor_it_is_not_there(self):
        first, one, _other = rivals()
        candidate = customer_of(first)
        with vendor(zenith) as now, pytest.raises(Deal.DoesNotExist):
            actions.give_verdict(deal_id=one, candidate=candidate, saying="not_same", actor=zoe.actor, now=now)


class TestThePages:
    def settle(self, who: Somebody, deal, saying, candidate, **headers: str):
        data = {"candidate": str(candidate), "saying": saying}
        return client_of(who).post(f"/console/deals/{deal}/conflicts/settle", data, headers=headers)

    def test_show_both_questions_the_leaning_and_who_was_first(self):
        first, one, _other = rivals()
        page = client_of(olivia).get(f"/console/deals/{one}/conflicts/").content.decode()

        for words in (
            "Same customer?",
            "Same opportunity?",
            "Who was first",
            "The rules lean to",
            "weight-for",
            ">strong<",
        ):
            assert words in page
        assert the(first).number in page and "Birch Systems" in page

    def test_settle_by_one_key_and_offer_undo(self):
        first, one, _other = rivals()

        answer = self.settle(olivia, one, "not_same", customer_of(first), **{"HX-Request": "true"})

        assert answer.status_code == 200 and "/undo" in answer["HX-Trigger"]
        assert answer.content.decode().count("is-said") == 1
        assert self.settle(mia, one, "same_customer", customer_of(first), **{"HX-Request": "true"}).status_code == 409
        assert self.settle(aud, one, "not_same", customer_of(first)).status_code == 403
        assert self.settle(bo, one, "not_same", customer_of(first)).status_code in (302, 403, 404)

    def test_the_queue_gives_as_its_reasons_what_is_still_open(self):
        approved(birch, customer_name="Nordwind Spedition GmbH", customer_domain="")
        _first, deal, _other = rivals()

        def reasons():
            with vendor():
                return [one["text"] for one in HumanTask.objects.get(subject_id=deal, status="open").reasons]

        with vendor():
            found = {f["name"]: f for f in DealAssessment.objects.get(deal=deal).findings if f["verdict"] == "review"}
        assert len(found) == 2, found
        name = next(name for name in found if any(name in text for text in reasons()))

        settled(deal, "not_same", found[name]["id"])

        assert not any(name in text for text in reasons()), reasons()
        rest = next(one for one in found if one != name)
        assert any(rest in text for text in reasons())

    def test_only_who_may_say_so_sees_the_verdicts_beside_the_queue(self):
        _first, deal, _other = rivals()
        with vendor():
            task = HumanTask.objects.get(subject_id=deal, status="open")
            HumanTask.objects.filter(pk=task.pk).update(owner=None, role="finance")

        settle = f"/console/deals/{deal}/conflicts/settle"
        for who, sees in ((olivia, True), (finn, False)):
            page = client_of(who).get(f"/console/queue/{task.pk}/").content.decode()
            assert (settle in page) is sees and "queue-answers" in page

    def test_the_queue_has_a_view_of_its_own_for_conflicts(self):
        _first, one, _other = rivals()
        submitted(birch, amount="150000", customer_name="Kessler Maschinenbau AG", customer_domain="kessler.de")
        run_everything()

        page = client_of(olivia).get("/console/queue/?view=conflicts").content.decode()

        assert the(one).number in page and "Kessler" not in page

    def test_a_verdict_is_looked_up_and_taken_back(self):
        first, one, _other = rivals()
        verdict = settled(one, "not_same", customer_of(first))
        client = client_of(olivia)

        assert "Nordwind Logistik Holding AG" in client.get("/console/customers/links/").content.decode()
        address = f"/console/customers/links/{verdict}/"
        assert "verdict.in_force" in client.get(address).content.decode()
        client.post(f"{address}take-back", {"reason": "They have merged."})
        assert "They have merged." in client.get(address).content.decode()
        with vendor():
            assert Verdict.objects.get().status == "taken_back"

    def test_ask_the_database_as_often_for_ten_times_the_rivals(self, django_assert_max_num_queries):
        approved(birch, customer_domain="")
        deal = submitted(cedar, **HOLDING, amount="150000")
        for number in range(8):
            submitted(birch, customer_name=f"Nordwind Logistik {number}", customer_domain="", amount="150000")
        run_everything()
        client = client_of(olivia)
        client.get(f"/console/deals/{deal}/conflicts/")

        with django_assert_max_num_queries(25):
            assert client.get(f"/console/deals/{deal}/conflicts/").status_code == 200


class TestOverTheApi:
    def post(self, secret: str, path: str, key: str, **body: str):
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        return Client().post(f"/api/v1/verdicts{path}", body, content_type="application/json", headers=headers)

    def test_a_program_reads_candidates_settles_one_and_takes_it_back(self):
        _first, one, _other = rivals()
        key = key_of(ada, "ops")
        found = call(key, f"/api/v1/verdicts/candidates?deal={one}").json()
        (candidate,) = [one for one in found if one["kind"] == "customer"]
        said = {"deal": str(one), "candidate": candidate["id"], "saying": "not_same"}

        made = self.post(key, "", "1", **said)
        again = self.post(key, "", "2", **said)
        run_everything()

        assert made.status_code == 201 and made.json()["status"] == "in_force"
        assert again.status_code == 409 and the(one).status == DealStatus.APPROVED
        assert self.post(key_of(ada, "finance"), "", "3", **said).status_code == 403
        back = self.post(key, f"/{made.json()['id']}/take-back", "4", reason="They have merged.")
        assert back.json()["status"] == "taken_back"
        assert [row["status"] for row in call(key, f"/api/v1/verdicts?deal={one}").json()["results"]] == ["taken_back"]

    def test_a_partners_key_is_told_nothing(self):
        _first, one, _other = rivals()
        key = key_of(bea, "seller")

        for path in ("", f"/candidates?deal={one}"):
            assert call(key, f"/api/v1/verdicts{path}").status_code == 403


def test_what_a_person_decides_in_the_queue_is_a_verdict_like_any_other():
    first, one, _other = rivals()
    with vendor() as now:
        task = HumanTask.objects.get(subject_id=one, status="open")
        decide_task(task_id=task.pk, outcome="approve", actor=mia.actor, now=now, immediately=True)
    run_everything()

    holder = customer_of(first)
    with vendor():
        verdict = Verdict.objects.get()
        assert (verdict.saying, verdict.status, verdict.said_by) == ("not_same", "in_force", "Mia")
        assert verdict.customer_id == holder and 0 < verdict.probability < 1
    with partner(cedar):
        assert queries.own_duplicates(customer_name="Nordwind Logistik GmbH") != []
