"""The same deal by four ways is one registration, and each way is told its number."""

from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from dealreg import actions
from dealreg.actions.files import bring_file
from dealreg.imports import Row
from dealreg.models import Deal, DealComment, DealPolicy, Way
from partners import tasks
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.identity.actors import Actor
from tests.cast import bea, birch, bo, cedar, client_of, partner, vendor
from tests.dealreg.deals import approved, fields, submitted
from tests.dealreg.mails import arrives, at_work, mailbox
from tests.dealreg.test_intake_link import asked, made, opened, opened_question
from tests.identity.test_tokens import key_of


def by_portal(**changes: Any) -> str:
    with vendor() as now:
        form = fields(now, **changes)
    answer = client_of(bo).post("/portal/deals/new/", form, follow=True)
    return answer.content.decode()


def by_link(**changes: Any) -> str:
    way = asked(opened(made(by=bea).secret), **changes)
    return opened_question(way).post("/hand-in/yes/").content.decode()


def by_api(**changes: Any) -> str:
    with vendor() as now:
        body = fields(now, product_lines=["platform"], **changes)
    body = {name: body[name] for name in body if name not in ("name", "vertical")}
    from django.test import Client

    answer = Client().post(
        "/api/v1/deals",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key_of(bea, 'seller')}", "Idempotency-Key": str(len(changes))},
    )
    assert answer.status_code in (201, 409), answer.content
    return answer.content.decode()


def by_file(**changes: Any) -> str:
    with vendor() as now:
        row = fields(now, product_lines="platform", **changes)
    names = [name for name in row if name not in ("vertical", "name")]
    data = ";".join(names) + "\n" + ";".join(str(row[name]) for name in names) + "\n"
    with partner() as now:
        batch = bring_file(partner_id=birch.id, file_name="d.csv", data=data.encode(), actor=bo.actor, now=now)
    at_work(tasks.bring_in)
    return client_of(bo).get(f"/portal/deals/files/{batch.pk}/").content.decode()


def by_mail(**changes: Any) -> str:
    with vendor() as now:
        row = fields(now, product_lines="platform", **changes)
    text = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in row.items() if name != "vertical")
    return arrives(text, sender=bo.email).body


WAYS = {"portal": by_portal, "link": by_link, "api": by_api, "file": by_file, "email": by_mail}


@pytest.fixture(autouse=True)
def a_mailbox() -> None:
    mailbox()


class TestTheSameDeal:
    @pytest.mark.parametrize("first", list(WAYS))
    def test_by_every_way_is_one_registration(self, first):
        WAYS[first]()
        with vendor():
            number = Deal.objects.get(status="submitted").number
        answers = {way: come() for way, come in WAYS.items() if way != first}

        with vendor():
            assert list(Deal.objects.filter(status="submitted").values_list("number", "way")) == [(number, first)]
            assert Deal.objects.filter(status="withdrawn").count() == len(answers)
            came = AuditEntry.objects.filter(action="deal.came_again")
            assert sorted(entry.after["way"] for entry in came) == sorted(answers)
            assert DealComment.objects.filter(deal__number=number).count() == len(answers)
            kept = DecisionRecord.objects.filter(rule="deal-same/1")
            assert {row.outcome for row in kept} == {"already_registered"} and kept.count() == len(answers)
        for way, told in answers.items():
            if way != "file":  # a file counts the row as one that is in already
                assert number in told, way
        if "file" in answers:
            assert "In already" in answers["file"]

    def test_keeps_what_the_later_one_says_otherwise(self):
        by_portal()
        by_mail(amount="13500.00", notes="They ask for 45 seats now.")
        with vendor():
            said = DealComment.objects.get().body
        assert "13500" in said and "45 seats" in said

    def test_of_another_partner_is_a_deal_of_its_own(self):
        submitted(cedar)
        told = by_mail()
        with vendor():
            assert Deal.objects.filter(status="submitted").count() == 2
        assert "already" not in told.lower()

    @pytest.mark.parametrize("change", [{"product_lines": "security"}, {"customer_name": "Alpenglanz Optik AG"}])
    def test_with_other_products_or_another_customer_is_another_deal(self, change):
        submitted()
        if "customer_name" in change:
            change |= {"customer_domain": "alpenglanz.at", "customer_country": "AT", "customer_city": "Graz"}
        with vendor() as now:
            row = Row(0, {**fields(now), "product_lines": "platform", **change})
            decision = actions.import_deal(partner_id=birch.id, row=row, actor=Actor.system("file"), now=now)
        assert decision.outcome == "submitted", decision.reasons

    def test_that_is_decided_or_long_past_is_another_deal(self, superuser):
        approved()
        assert came_by_file() == "submitted"
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE dealreg_deal SET submitted_at = submitted_at - interval '31 days'")
        assert came_by_file(way=Way.API) == "submitted"

    def test_is_never_looked_for_where_the_vendor_has_switched_it_off(self):
        with vendor():
            DealPolicy.objects.create(same_deal_days=0)
        submitted()
        assert came_by_file() == "submitted"

    def test_by_two_ways_at_once_is_one(self):
        gate, outcomes = Barrier(2), []

        def comes(way: Way) -> None:
            try:
                with partner() as now:
                    deal = actions.save_draft(
                        partner_id=birch.id, fields=fields(now), actor=bo.actor, now=now, way=way
                    ).pk
                gate.wait(10)
                with partner() as now:
                    outcomes.append(actions.submit_deal(deal_id=deal, actor=bo.actor, now=now).outcome)
            finally:
                connections.close_all()

        threads = [Thread(target=comes, args=(way,)) for way in (Way.PORTAL, Way.API)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(outcomes) == ["already_registered", "submitted"]


def came_by_file(way: Way = Way.FILE) -> str:
    with vendor() as now:
        deal: UUID = actions.save_draft(
            partner_id=birch.id, fields=fields(now), actor=Actor.system("x"), now=now, way=way
        ).pk
        return actions.submit_deal(deal_id=deal, actor=Actor.system("x"), now=now).outcome
