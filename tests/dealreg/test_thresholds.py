"""Tuning the conflict check on one's own past: what moving a threshold would have done, and setting it."""

from decimal import Decimal

import pytest

from dealreg import actions, queries
from dealreg.models import DealPolicy
from dealreg.queries.thresholds import ENOUGH, Case, Found, Past, effect_of, past_of
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from tests.cast import ada, birch, cam, cedar, client_of, mia, olivia, vendor
from tests.dealreg.deals import approved, submitted
from tests.dealreg.test_verdicts import HOLDING, customer_of, rivals, settled

PAGE = "/console/setup/conflict-thresholds/"


def of(*cases: tuple[float, bool], hard: bool = False) -> tuple[Case, ...]:
    return tuple(Case(probability, same, hard) for probability, same in cases)


def found(probability: float, *, protected: bool = True, hard: bool = False, own: bool = False) -> Found:
    return Found(probability, hard, True, protected, own)


class TestWhatMovingThemWouldDo:
    PAST = Past(
        of(*[(0.97, False)] * 2, *[(0.60, False)] * 18, *[(0.50, True)] * 5, *[(0.98, True)] * 15)
        + of((0.99, False), hard=True),
        ((found(0.97),), (found(0.60),), (found(0.30),), (found(0.99, hard=True),), (found(0.7, own=True),)),
        9,
        2.0,
    )

    @pytest.mark.pure
    @pytest.mark.parametrize(
        ("review", "conflict", "wrong", "missed", "per_week"),
        [
            ("0.45", "0.95", 2, 0, 1.0),
            ("0.55", "0.98", 0, 5, 1.5),
            ("0.20", "0.95", 2, 0, 1.5),
            ("0.99", "0.99", 0, 20, 0.5),
        ],
    )  # fmt: skip
    def test_is_counted_on_settled_cases_and_past_checks(self, review, conflict, wrong, missed, per_week):
        effect = effect_of(self.PAST, Decimal(review), Decimal(conflict))

        assert (effect.wrong, effect.missed, effect.per_week) == (wrong, missed, per_week)
        assert (effect.different, effect.same) == (21, 20)
        assert effect.wrong_share == wrong / 21

    @pytest.mark.pure
    def test_too_few_cases_say_no_share(self):
        effect = effect_of(Past(of((0.9, True)), (), 0, 1.0), Decimal("0.95"), Decimal("0.95"))

        assert effect.missed == 1 and effect.missed_share is None and effect.same < ENOUGH

    def test_is_read_from_verdicts_and_from_what_each_check_found(self):
        first, one, _other = rivals()
        settled(one, "not_same", customer_of(first))

        with vendor() as now:
            past = past_of(now)

        assert [(case.same, 0 < case.probability < 1) for case in past.cases] == [(False, True)]
        assert past.counted == 3 and sum(1 for check in past.checks if check) == 2

    def test_what_stayed_just_below_is_kept_for_it(self):
        with vendor():
            DealPolicy.objects.update_or_create(defaults={"review_threshold": "0.999", "conflict_threshold": "0.999"})
        approved(birch, customer_domain="")
        deal = submitted(cedar, **HOLDING)
        with vendor() as now:
            assert actions.check_conflicts(deal_id=deal, actor=mia.actor, now=now).outcome == "clear"
            past = past_of(now)

        assert effect_of(past, Decimal("0.200"), Decimal("0.950")).per_week == 1
        assert effect_of(past, Decimal("0.999"), Decimal("0.999")).per_week == 0


class TestSettingThem:
    def test_is_audited_with_its_reason_and_holds_from_the_next_check(self):
        answer = client_of(olivia).post(PAGE, {"review": "0.6", "conflict": "0.97", "reason": "Too many lookalikes"})

        assert answer.status_code == 302
        with vendor():
            assert queries.policy().review_threshold == Decimal("0.600")
            entry = AuditEntry.objects.get(action="policy.thresholds_set")
            assert entry.before["review"] == "0.450" and entry.after["reason"] == "Too many lookalikes"
            record = DecisionRecord.objects.get(rule="deal-thresholds/1")
            assert record.document["facts"]["review"] == "0.600"

    @pytest.mark.parametrize(
        "posted",
        [
            {"review": "0.9", "conflict": "0.8", "reason": "why not"},
            {"review": "0.45", "conflict": "0.96", "reason": " "},
            {"review": "0.45", "conflict": "0.95", "reason": "nothing new"},
            {"review": "0.1", "conflict": "0.95", "reason": "all of it"},
            {"review": "x", "conflict": "", "reason": "nonsense"},
        ],
    )
    def test_is_refused_where_it_makes_no_sense(self, posted):
        answer = client_of(ada).post(PAGE, posted)

        assert answer.status_code == 422 and "field-error" in answer.content.decode()
        with vendor():
            assert queries.policy().review_threshold == Decimal("0.45")

    def test_is_for_admins_and_the_deal_desk(self):
        assert client_of(cam).get(PAGE).status_code == 403
        assert client_of(mia).post(PAGE, {"review": "0.5", "conflict": "0.95", "reason": "x"}).status_code == 403

    def test_the_page_says_when_there_are_too_few_cases_and_tries_without_setting(self):
        client = client_of(olivia)
        page = client.get(PAGE).content.decode()
        tried = client.get(f"{PAGE}?review=0.7&conflict=0.9", headers={"HX-Request": "true"}).content.decode()

        assert "Too few cases" in page and "As tried" in page
        assert "70" in tried and "<form" not in tried
        assert client.get(f"{PAGE}?review=%00&conflict=NaN").status_code == 200
        with vendor():
            assert queries.policy().review_threshold == Decimal("0.45")
