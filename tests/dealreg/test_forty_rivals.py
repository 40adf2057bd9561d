"""Forty partners register one customer at the same moment, each spelt its own way: one wins, nobody is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from dealreg import actions
from dealreg.models import Customer, Deal, DealStatus, Protection
from partners import actions as partners
from partners.models import Tier
from prm.embedded import addresses
from prm.kernel.events import relay
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import Program, Territory
from prm.kernel.tenancy.context import acting
from tests.cast import acme, ada, cam, id_of, vendor
from tests.dealreg.deals import fields
from workflows.engine import drain
from workflows.models import HumanTask, Incident, Run

pytestmark = pytest.mark.faults
RIVALS, WORKERS = 40, 6
ENDINGS = ("GmbH", "Gmbh", "G.m.b.H.", "gmbh", "GmbH & Co. KG", "GmbH & Co KG", "GMBH", "Gesellschaft mbH", "", "AG")
STEMS = ("Nordwind Logistik", "NORDWIND LOGISTIK", "Nordwind-Logistik", "Nordwind  Logistik")
SPELLINGS = [f"{stem} {ending}".strip() for stem in STEMS for ending in ENDINGS]


def rivals() -> list:
    """Forty partners of Acme, each with a channel manager, enrolled and allowed to sell in Germany."""
    found = []
    with vendor() as now:
        program, tier = Program.objects.get(), Tier.objects.order_by("rank")[1]
        territories = list(Territory.objects.filter(countries__contains=["DE"]).values_list("pk", flat=True))
        for number in range(RIVALS):
            made = partners.create_partner(
                id=id_of("partner", f"Rival {number}"), name=f"Rival {number}", country="DE", actor=ada.actor, now=now
            )
            partners.assign_cam(partner_id=made.pk, cam_id=cam.actor.membership_id, actor=ada.actor, now=now)
            partners.enrol_partner(
                partner_id=made.pk, program_id=program.pk, tier_id=tier.pk, territories=territories, actor=ada.actor,
                now=now,
            )  # fmt: skip
            found.append(made.pk)
    return found


def in_threads(count: int, what) -> list:
    """Each in a thread with a connection of its own, all at once."""
    together = Barrier(count)

    def one(number: int):
        together.wait(30)
        try:
            return what(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def work(_number: int) -> int:
    default, entry = connections["default"], addresses.database("worker")
    default.settings_dict = {**default.settings_dict, "USER": entry["USER"], "PASSWORD": entry["PASSWORD"]}
    done = 0
    while some := relay.drain(each=2) + drain(each=2):
        done += some
    return done


def test_one_is_protected_thirty_nine_are_answered_and_none_is_lost():
    assert len(set(SPELLINGS)) == RIVALS
    everybody = rivals()

    def hand_in(number: int):
        partner, actor = everybody[number], Actor.system(f"rival {number}")
        with acting(tenant=acme.id, audience="partner", partners=[partner]) as now:
            typed = fields(now, customer_name=SPELLINGS[number])
            deal = actions.save_draft(partner_id=partner, fields=typed, actor=actor, now=now)
            assert actions.submit_deal(deal_id=deal.pk, actor=actor, now=now).allowed
            return deal.pk

    handed = in_threads(RIVALS, hand_in)
    for _round in range(3):
        in_threads(WORKERS, work)

    with vendor():
        states = dict(Deal.objects.filter(pk__in=handed).values_list("pk", "status"))
        assert len(states) == RIVALS
        won = [pk for pk, status in states.items() if status == DealStatus.APPROVED]
        assert len(won) == 1
        held = Protection.objects.filter(released_at=None)
        assert {row.deal_id for row in held} == set(won) and len({row.customer_id for row in held}) == 1
        assert Customer.objects.filter(source=Customer.Source.DEAL).count() == 1
        asked = set(HumanTask.objects.filter(subject_id__in=handed, status="open").values_list("subject_id", flat=True))
        for pk, status in states.items():
            answered = status == DealStatus.REJECTED or pk in asked
            assert pk in won or answered, (status, pk)
        refused = Deal.objects.filter(pk__in=handed, status=DealStatus.REJECTED)
        assert all(deal.reason_for_partner and "Rival" not in deal.reason_for_partner for deal in refused)
        assert Run.objects.filter(subject_id__in=handed).count() == RIVALS
        assert not Incident.objects.exists()
