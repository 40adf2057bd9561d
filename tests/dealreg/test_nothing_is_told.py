"""Whose deal went to people can't tell whether there is a rival: page, list, API, mail and promise are alike."""

import re
from collections import Counter, defaultdict
from decimal import Decimal
from uuid import UUID

from dealreg import actions
from dealreg.models import Deal
from dealreg.queries.facts import is_quality_sample
from prm.kernel.reference.models import Program
from prm.kernel.tenancy.ids import uuid7
from tests.cast import ada, bea, birch, bo, cedar, client_of, cy, vendor
from tests.dealreg import telling
from tests.dealreg.deals import approved, submitted, the
from tests.dealreg.telling import CLEAR, RIVALLED, Handed
from tests.dealreg.test_registration_workflow import run_everything
from tests.identity.test_tokens import key_of
from workflows.models import HumanTask

EACH = 24


def handed_in() -> list[Handed]:
    """So many clear and so many rivalled deals of Birch's, by turns; all have gone to people."""
    holder = approved(cedar, customer_name="Zierfisch Aquaristik KG", customer_domain="zierfisch.example")
    made = telling.pairs(EACH)
    with vendor() as now:
        Program.objects.update(quality_share=1)
        telling.protect([telling.on_file(word) for kind, word in made if kind == RIVALLED], holder, now)
    found = []
    for kind, word in made:
        name = telling.typed(word)
        deal = submitted(birch, customer_name=name, customer_domain="")
        found.append(Handed(deal, kind, name, the(deal).number))
    run_everything()
    return found


def test_nothing_that_a_partner_gets_tells_a_rivalled_deal_from_a_clear_one():
    deals = handed_in()
    with vendor():
        for one in deals:
            keys = {reason["key"] for reason in HumanTask.objects.get(subject_id=one.deal, status="open").reasons}
            assert ("deal.possible_conflict" in keys) == (one.kind == RIVALLED), (one.name, keys)
            assert "deal.quality_sample" in keys
    portal, key = client_of(bo), key_of(bea, "seller")
    seen = defaultdict(lambda: {CLEAR: Counter(), RIVALLED: Counter()})

    for one in deals:
        for what, text in telling.looks(one, portal, key).items():
            seen[what][one.kind][text] += 1
        with vendor():
            seen["promise"][one.kind][str(telling.promise(one.deal))] += 1
            seen["mail"][one.kind][telling.masked(str(telling.mails_of(one.deal)), one)] += 1

    assert telling.differences(seen) == []
    assert all(sum(kinds[CLEAR].values()) == EACH for kinds in seen.values())


class TestQualityControl:
    """A set share of clear deals goes to people, the same ones whenever they are asked about."""

    def test_the_share_is_kept_and_the_same_for_a_deal_each_time(self):
        many = [Deal(pk=uuid7(), submission=1) for _number in range(4000)]
        picked = [is_quality_sample(deal, Decimal("0.05")) for deal in many]

        assert 140 <= sum(picked) <= 260
        assert picked == [is_quality_sample(deal, Decimal("0.05")) for deal in many]
        assert not any(is_quality_sample(deal, Decimal(0)) for deal in many)

    def test_the_vendor_reads_why_and_the_partner_reads_what_anybody_reads(self):
        with vendor():
            Program.objects.update(quality_share=1)
        deal = submitted(cedar)
        run_everything()

        with vendor():
            task = HumanTask.objects.get(subject_id=deal)
        assert [reason["key"] for reason in task.reasons] == ["deal.quality_sample"]
        assert "quality control" in task.reasons[0]["text"]
        page = client_of(cy).get(f"/portal/deals/{deal}/").content.decode()
        assert "quality" not in page.lower() and "control" not in page.lower().replace("controls", "")


class TestHintsAndPrefill:
    """An attacker types names of customers that the vendor or a rival has: nothing comes back but its own."""

    def test_a_name_and_a_domain_of_somebody_elses_bring_nothing(self):
        with vendor() as now:
            actions.create_customer(
                name="Alpenrose Hotels AG", domain="alpenrose.example", city="Innsbruck", actor=ada.actor, now=now
            )
        theirs = approved(birch, customer_domain="nordwind-logistik.de", customer_city="Hamburg")
        secret = ("Birch", "Hamburg", "Innsbruck", the(theirs).number, str(theirs))
        answers = []
        for name, domain in (
            ("Nordwind Logistik GmbH", "nordwind-logistik.de"), ("Nordwind", ""), ("x", "nordwind-logistik.de"),
            ("Alpenrose Hotels AG", "alpenrose.example"), ("", "alpenrose.example"), ("Quarkstein Nirgendwo", ""),
        ):  # fmt: skip
            posted = {"customer_name": name, "customer_domain": domain, "customer_country": "DE"}
            answer = client_of(cy).post("/portal/deals/draft", posted, headers={"HX-Request": "true"})
            text = answer.content.decode()
            assert answer.status_code == 200 and not any(word in text for word in secret), name
            one = Handed(_draft_in(text), CLEAR, "no name is in it", _number_in(text))
            answers.append(telling.masked(text, one))

        assert len(set(answers)) == 1  # whatever was typed: known to others or to nobody


def _draft_in(text):
    return UUID(re.search(r'name="deal" value="([0-9a-f-]{36})"', text).group(1))


def _number_in(text):
    return re.search(r"D-\d{4}-\d+", text).group()
