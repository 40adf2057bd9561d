"""Does anything tell a partner that its deal has a rival? 500 clear and 500 rivalled deals that go to people.

`python -m bench.bench_telling [--each 500]`. They are handed in through the portal's form and through the API by
turns, so that the machine's moods fall on both alike. Masked of ids, numbers, names and moments, page, list, API,
mail and promise must be the same; the medians of handing in, page and API may differ by less than 5 ms.
"""

import argparse
import os
import statistics
import sys
from collections import Counter, defaultdict
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
os.environ.setdefault("PRM_EMBEDDED", "bench")

from bench import bench_conflict_check as seeds

BAR = 5.0  # ms between the medians


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--each", type=int, default=500)
    options = parser.parse_args()
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    seeds.DATABASE = "prm_bench_telling"
    seeds.own_database(handle)
    try:
        missed = measure(options.each)
    finally:
        seeds.drop_database(handle)
    print("nothing is told" if not missed else f"MISSED: {'; '.join(missed)}")
    return 1 if missed else 0


def measure(each: int) -> list[str]:
    """Hand in, let the workflow ask people, look at everything; gives what differs."""
    from tests.dealreg import telling

    tenant = seeds.a_vendor()
    seller, key = _people(tenant)
    made = telling.pairs(each)
    _rival(tenant, [telling.on_file(word) for kind, word in made if kind == telling.RIVALLED])
    took: dict[str, dict[str, list[float]]] = defaultdict(lambda: {telling.CLEAR: [], telling.RIVALLED: []})
    portal = _signed_in(seller)
    handed = [_hand_in(portal, key, number, kind, word, tenant, took) for number, (kind, word) in enumerate(made)]
    _let_it_happen()
    asked = _asked(tenant, handed)
    seen: Any = defaultdict(lambda: {telling.CLEAR: Counter(), telling.RIVALLED: Counter()})
    for one in handed:
        _look(one, portal, key, tenant, seen, took)
    print(f"{asked[telling.CLEAR]} clear and {asked[telling.RIVALLED]} rivalled deals before people")
    missed = telling.differences(seen)
    missed += [f"{name}: {count} of {each} are not before people" for name, count in asked.items() if count != each]
    for what, kinds in took.items():
        clear, rivalled = (statistics.median(kinds[kind]) * 1000 for kind in (telling.CLEAR, telling.RIVALLED))
        print(f"{what:<18} clear {clear:7.2f} ms, rivalled {rivalled:7.2f} ms, apart {abs(clear - rivalled):5.2f} ms")
        if abs(clear - rivalled) >= BAR:
            missed.append(f"{what} differs by {abs(clear - rivalled):.1f} ms")
    print(f"looked at: {', '.join(seen)}; bar: medians less than {BAR:.0f} ms apart")
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    return missed


def _people(tenant: UUID) -> tuple[Any, str]:
    """A seller of a partner, and that partner's key for programs; clear deals all go to people."""
    from partners.models import Partner
    from prm.kernel.identity import actions
    from prm.kernel.identity.actors import Actor
    from prm.kernel.identity.models import Membership, Person
    from prm.kernel.reference.models import Program
    from prm.kernel.tenancy.context import acting

    cy = Person.objects.create(email="cy@cedar.example", name="Cy")
    ops = Person.objects.create(email="olivia@bench.example", name="Olivia")
    with acting(tenant=tenant, audience="vendor"):
        Program.objects.update(quality_share=1)
        dealreg_policy()
        partner = Partner.objects.order_by("name").last()
        Membership.objects.create(person_id=ops.pk, name="Olivia", email=ops.email, roles=["ops", "approver"])
        seller = Membership.objects.create(
            person_id=cy.pk, name="Cy", email=cy.email, roles=["seller", "partner_admin"], partner=partner
        )
    actor = Actor("person", str(cy.pk), "Cy", frozenset(seller.roles), seller.pk, seller.partner_id)
    with acting(tenant=tenant, audience="partner", partners=[seller.partner_id]) as now:
        issued = actions.issue_token(
            name="telling", roles=("seller",), partner_id=seller.partner_id, days=2, actor=actor, now=now
        )
    return seller, issued.secret


def dealreg_policy() -> None:
    """As many submissions within the hour as the experiment needs; names of one making are not one registration."""
    from dealreg.models import DealPolicy

    DealPolicy.objects.update_or_create(defaults={"submissions_per_hour": 100_000, "same_deal_days": 0})


def _rival(tenant: UUID, names: list[str]) -> None:
    """Another partner's protected deal, and customers of these names that it protects."""
    from dealreg import actions
    from dealreg.models import Deal
    from partners.models import Partner
    from prm.kernel.identity.actors import Actor
    from prm.kernel.reference.models import ProductLine
    from prm.kernel.tenancy.context import acting
    from tests.dealreg import telling

    with acting(tenant=tenant, audience="vendor") as now:
        partner, actor = Partner.objects.order_by("name").first(), Actor.system("telling")
        fields = _fields("Zierfisch Aquaristik KG", now, [str(ProductLine.objects.get(code="platform").pk)])
        deal = actions.save_draft(partner_id=partner.pk, fields=fields, actor=actor, now=now)
        assert actions.submit_deal(deal_id=deal.pk, actor=actor, now=now).allowed
        assert actions.start_review(deal_id=deal.pk, actor=actor, now=now).allowed
        decision = actions.approve_deal(deal_id=deal.pk, actor=actor, now=now)
        assert decision.allowed, decision.reasons
        telling.protect(names, Deal.objects.get(pk=deal.pk).pk, now)
    seeds.analyse()


def _fields(name: str, now: Any, lines: list[str]) -> dict[str, Any]:
    return {
        "customer_name": name,
        "customer_country": "DE",
        "amount": "12000.00",
        "currency": "EUR",
        "expected_close_on": (now + timedelta(days=60)).date().isoformat(),
        "product_lines": lines,
    }


def _signed_in(member: Any) -> Any:
    from django.test import Client

    from prm.kernel.identity.models import Person

    client = Client()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(Person.objects.get(pk=member.person_id), backend=backend)
    session = client.session
    session["membership_id"] = str(member.pk)
    session.save()
    return client


def _hand_in(portal: Any, key: str, number: int, kind: str, word: str, tenant: UUID, took: Any) -> Any:
    """Pairs go by the form, then by the API: a clear deal and a rivalled one each."""
    from django.core.cache import cache
    from django.test import Client

    from dealreg.models import Deal
    from prm.kernel.reference.models import ProductLine
    from prm.kernel.tenancy.context import acting
    from tests.dealreg import telling

    with acting(tenant=tenant, audience="vendor") as now:
        line, today = str(ProductLine.objects.get(code="platform").pk), now
    name, by_form = telling.typed(word), number // 2 % 2 == 0
    cache.clear()  # the API's throttle
    begun = perf_counter()
    if by_form:
        answer = portal.post("/portal/deals/new/", _fields(name, today, [line]))
        assert answer.status_code == 302, answer.content[:2000]
    else:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"telling-{number}"}
        body = _fields(name, today, ["platform"])
        answer = Client().post("/api/v1/deals", body, content_type="application/json", headers=headers)
        assert answer.status_code == 201, answer.content[:2000]
    took["handing in, form" if by_form else "handing in, API"][kind].append(perf_counter() - begun)
    with acting(tenant=tenant, audience="vendor"):
        deal = Deal.objects.get(customer_name=name)
    return telling.Handed(deal.pk, kind, name, deal.number)


def _let_it_happen() -> None:
    from prm.kernel.events import relay
    from tests.world import logged_in_as
    from workflows import engine

    with logged_in_as("worker"):  # the web's login may not look for work
        while relay.drain() + engine.drain():
            pass


def _asked(tenant: UUID, handed: list[Any]) -> dict[str, int]:
    """How many of each kind wait for people for the reason that they should."""
    from prm.kernel.tenancy.context import acting
    from tests.dealreg import telling
    from workflows.models import HumanTask

    kinds, counts = {one.deal: one.kind for one in handed}, {telling.CLEAR: 0, telling.RIVALLED: 0}
    with acting(tenant=tenant, audience="vendor"):
        for deal, reasons in HumanTask.objects.filter(status="open").values_list("subject_id", "reasons"):
            rivalled = "deal.possible_conflict" in {reason["key"] for reason in reasons}
            kind = kinds.get(deal)
            if kind is not None and rivalled == (kind == telling.RIVALLED):
                counts[kind] += 1
    return counts


def _look(one: Any, portal: Any, key: str, tenant: UUID, seen: Any, took: Any) -> None:
    from django.core.cache import cache
    from django.test import Client

    from prm.kernel.tenancy.context import acting
    from tests.dealreg import telling

    cache.clear()
    begun = perf_counter()
    portal.get(f"/portal/deals/{one.deal}/")
    took["page"][one.kind].append(perf_counter() - begun)
    begun = perf_counter()
    Client().get(f"/api/v1/deals/{one.deal}", headers={"Authorization": f"Bearer {key}"})
    took["API"][one.kind].append(perf_counter() - begun)
    for what, text in telling.looks(one, portal, key).items():
        seen[what][one.kind][text] += 1
    with acting(tenant=tenant, audience="vendor"):
        seen["promise"][one.kind][str(telling.promise(one.deal))] += 1
        seen["mail"][one.kind][telling.masked(str(telling.mails_of(one.deal)), one)] += 1


if __name__ == "__main__":
    sys.exit(main())
