"""Every fact of a deal that rules may ask about can be counted, and the count is what the rules would say."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from dealreg.facts import DEAL
from dealreg.models import Customer, Deal
from dealreg.queries import deal_facts
from partners.actions import watch_partner
from partners.models import Enrolment, EnrolmentTerritory, Partner, PartnerCertification
from prm.kernel.clock import local_date
from prm.kernel.conditions import compile_python, jsonable, to_q
from prm.kernel.conditions.facts import NOW, TODAY, Fact
from tests.cast import birch, cedar, olivia, vendor
from tests.dealreg import deals


@pytest.fixture
def different_deals() -> None:
    """Deals in several states of partners that differ in all that rules ask about."""
    deals.approved(birch)
    deals.in_review(cedar, customer_name="Acorn Mills", customer_domain="gmail.com", customer_country="FR")
    deals.submitted(birch, customer_name="Elm Brothers", customer_domain="", amount="64000")
    deals.draft(cedar, customer_name="", customer_country="")
    with vendor() as now:
        today = local_date(now)
        watch_partner(partner_id=cedar.id, reason="Late payments", actor=olivia.actor, now=now)
        certify(birch, "sales", today, until=today)
        certify(birch, "past", today, until=today - timedelta(days=1))
        Partner.objects.filter(pk=cedar.id).update(cam=None)
        Deal.objects.filter(partner_id=cedar.id).update(owner_cam=None)
        EnrolmentTerritory.objects.filter(enrolment__partner_id=birch.id).delete()
        Customer.objects.filter(assessments__deal__partner_id=birch.id).update(is_house=True)


def certify(whom: Any, code: str, today: date, until: date) -> None:
    PartnerCertification.objects.create(
        partner_id=whom.id, code=code, name=code, achieved_on=today - timedelta(days=300), expires_on=until
    )


def conditions(fact: Fact, every: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Is it empty, and is it what each of the deals has?"""
    held = [facts[fact.key] for facts in every if facts[fact.key] not in (None, "", [])]
    values = [value[0] if fact.type == "list" else value for value in held]
    operator = "contains" if fact.type == "list" else "="
    asked = [{"field": fact.key, "operator": operator, "value": jsonable(value)} for value in values]
    return [{"field": fact.key, "operator": "is_empty"}, *asked]


def wrongly_counted(condition: dict[str, Any], every: Mapping[Any, Mapping[str, Any]], today: date) -> list[str]:
    judged = compile_python(condition, DEAL)
    counted = Deal.objects.filter(to_q(condition, DEAL, now=every_now(every), today=today))
    differing = set(counted.values_list("pk", flat=True)) ^ {pk for pk, facts in every.items() if judged(facts)}
    return [f"{condition}: {every[pk][condition['field']]!r}" for pk in differing]


def every_now(every: Mapping[Any, Mapping[str, Any]]) -> Any:
    return next(iter(every.values()))[NOW]


@pytest.mark.usefixtures("different_deals")
class TestEveryFact:
    def test_is_counted_as_rules_judge_it(self) -> None:
        with vendor() as now:
            today = local_date(now)
            every = {deal.pk: {**deal_facts(deal), NOW: now, TODAY: today} for deal in Deal.objects.all()}
            wrong = [
                line
                for fact in DEAL.facts
                for condition in conditions(fact, list(every.values()))
                for line in wrongly_counted(condition, every, today)
            ]
            assert wrong == []


def test_the_deals_of_an_ended_enrolment_count_as_not_enrolled() -> None:
    deals.submitted(birch)
    tree = {"field": "partner.enrolled", "operator": "=", "value": False}
    with vendor() as now:
        condition = to_q(tree, DEAL, now=now, today=local_date(now))
        assert Deal.objects.filter(condition).count() == 0
        Enrolment.objects.filter(partner_id=birch.id).update(status="ended")
        assert Deal.objects.filter(condition).count() == 1
