"""Scores, their explanation, and what is decided on them."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.kernel.matching import (
    MODEL_VERSION,
    Normal,
    Record,
    Scored,
    Thresholds,
    TokenWeights,
    decide,
    normalise,
    score,
)
from prm.kernel.matching.acronyms import abbreviates
from prm.kernel.matching.features import CATEGORIES, FEATURES, NUMBERS
from prm.kernel.matching.model import Model, logistic
from prm.kernel.matching.sentences import CATEGORIES as CATEGORY_SENTENCES
from prm.kernel.matching.sentences import NUMBERS as NUMBER_SENTENCES

pytestmark = pytest.mark.pure

WORDS = st.sampled_from(
    ["acme", "northwind", "birke", "widgets", "bank", "of", "china", "4", "ltd", "大学", "Милбон", "x"]
)
RECORDS = st.builds(
    Record,
    name=st.lists(WORDS, max_size=5).map(" ".join),
    domain=st.sampled_from(["", "acme.com", "northwind.de", "gmail.com"]),
    country=st.sampled_from(["", "DE", "US"]),
    city=st.sampled_from(["", "Berlin", "Boston"]),
    aliases=st.lists(st.sampled_from(["Acme", "NW", "Birke"]), max_size=2),
)


def judge(one: str, other: str, **more: dict[str, str]) -> Scored:
    return score(_record(one, **more.get("a", {})), _record(other, **more.get("b", {})))


def _record(name: str, **rest: str) -> Normal:
    return normalise(Record(name, **rest))


def verdict(one: str, other: str, **more: dict[str, str]) -> tuple[str, str]:
    found = decide(judge(one, other, **more))
    return found.outcome, found.rule


class TestAnyPairIsScored:
    @given(RECORDS, RECORDS)
    def test_the_order_of_the_two_changes_nothing(self, one, other):
        a, b = normalise(one), normalise(other)

        assert score(a, b).probability == pytest.approx(score(b, a).probability)

    @given(RECORDS, RECORDS)
    def test_the_lines_add_up_to_the_score(self, one, other):
        scored = score(normalise(one), normalise(other))

        total = Model.shipped().base + sum(line.contribution for line in scored.lines)
        assert logistic(total) == pytest.approx(scored.probability)

    @given(RECORDS)
    def test_a_stored_record_scores_as_the_fresh_one(self, record):
        fresh = normalise(record)
        stored = Normal.from_json(json.loads(json.dumps(fresh.to_json())))

        assert score(fresh, stored).probability == score(fresh, fresh).probability

    def test_names_without_letters_are_scored_too(self):
        assert 0 <= judge("😀", "").probability <= 1


class TestEveryLineIsASentence:
    @given(RECORDS, RECORDS)
    def test_each_line_says_something(self, one, other):
        for line in score(normalise(one), normalise(other)).lines:
            assert line.sentence.endswith(".")
            assert "%(" not in line.sentence

    def test_each_feature_and_bin_has_its_sentence(self):
        assert set(NUMBER_SENTENCES) == set(NUMBERS)
        assert {name: set(rows) for name, rows in CATEGORY_SENTENCES.items()} == {
            name: set(rows) for name, rows in CATEGORIES.items()
        }

    def test_the_shipped_model_knows_every_feature_and_bin(self):
        model = Model.shipped()

        assert tuple(table.name for table in model.tables) == FEATURES
        for table in model.tables:
            rows = len(table.edges) + 1 if table.edges else len(CATEGORIES[table.name])
            assert len(table.weights) == rows

    def test_the_strongest_lines_come_first_and_empty_ones_not_at_all(self):
        lines = judge("Northwind Traders", "Northwind Trading Ltd").explain(5)

        assert len(lines) == 5
        strengths = [abs(line.contribution) for line in lines]
        assert strengths == sorted(strengths, reverse=True)

    def test_facts_of_a_decision_are_plain_json(self):
        facts = judge("Northwind Traders", "Northwind Trading Ltd").as_facts()

        assert json.loads(json.dumps(facts)) == facts
        assert facts["model"] == MODEL_VERSION


class TestDecisions:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Northwind Traders Ltd", "NORTHWIND TRADERS, INC."),
            ("Tailspin Hydraulics GmbH", "Tailspin Hydraulics"),
            ("Fabrikam Wheelworks AG", "Fabrikan Wheelworks AG"),
        ],
    )
    def test_the_same_name_is_a_conflict(self, one, other):
        same = {"country": "DE", "city": "Hamburg"}
        assert verdict(one, other, a=same, b=same)[0] == "conflict"

    def test_the_same_domain_and_a_like_name_is_a_conflict(self):
        site = {"domain": "northwind.com"}
        assert verdict("Northwind", "Northwind Traders", a=site, b=site)[0] == "conflict"

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Northwind Traders", "Tailspin Hydraulics"),
            ("Acumen Pharmaceuticals", "Zenith Pharmaceuticals"),
            ("Corvid Bank", "Bank of Lisbon"),
            ("Division 39 Holdings", "Department 12 Estates"),
        ],
    )
    def test_different_names_are_clear(self, one, other):
        assert verdict(one, other)[0] == "clear"

    def test_an_acronym_alone_goes_to_a_person(self):
        here = {"country": "DE", "city": "Ulm"}
        outcome = verdict("NHTW", "Northern Hydraulics Tools Works", a=here, b=here)
        assert outcome == ("review", "review.acronym_only")

    def test_a_name_with_a_place_added_goes_to_a_person(self):
        assert verdict("Fabrikam Wheelworks", "Fabrikam Wheelworks India") == ("review", "review.name_plus_place")

    def test_a_mother_and_her_daughter_go_to_a_person(self):
        assert verdict("Fabrikam", "Fabrikam Capital") == ("review", "review.parent_child")

    def test_the_same_name_in_another_country_goes_to_a_person(self):
        outcome = verdict("Fabrikam Wheelworks", "Fabrikam Wheelworks", a={"country": "DE"}, b={"country": "US"})
        assert outcome == ("review", "review.same_name_elsewhere")

    def test_the_same_name_in_another_city_goes_to_a_person(self):
        outcome = verdict("Fabrikam Wheelworks", "Fabrikam Wheelworks", a={"city": "Kolkata"}, b={"city": "Hajipur"})
        assert outcome == ("review", "review.same_name_elsewhere")

    def test_a_word_more_goes_to_a_person_unless_address_or_place_tell(self):
        house, more = "Fabrikam Wheelworks", "Fabrikam Wheelworks Technologies"
        here, site = {"country": "DE", "city": "Ulm"}, {"domain": "fabrikam-wheelworks.com"}
        assert verdict(house, more, a={"country": "DE"}, b={"country": "DE"}) == ("review", "review.a_word_more")
        assert verdict(house, more, a=here, b=here)[0] == "conflict"
        assert verdict(house, more, a=site, b=site)[0] == "conflict"

    def test_two_provinces_are_two_offices(self):
        scored = judge("Department of Science of Guangdong Province", "Department of Science of Anhui Province")
        assert {line.feature: line.bin for line in scored.lines}["places"] == "conflict"

    def test_a_legal_form_in_brackets_is_no_name(self):
        assert verdict("PT Contoso (Persero) Tbk", "PT Tailspin (Persero) Tbk")[0] == "clear"

    def test_one_domain_under_two_names_goes_to_a_person(self):
        site = {"domain": "contoso.com", "country": "US"}
        assert verdict("Tailspin Hydraulics", "Quadrant Mills", a=site, b=site)[0] == "review"

    @pytest.mark.parametrize(("one", "other"), [("", "Northwind"), ("", ""), ("😀", "Fabrikam Wheelworks")])
    def test_a_record_without_a_name_is_nobody(self, one, other):
        here = {"country": "DE", "city": "Ulm"}
        assert verdict(one, other, a=here, b=here) == ("clear", "clear.no_name_evidence")

    def test_a_blank_more_or_less_changes_nothing(self):
        assert verdict("NorthwindTech", "Northwind Tech")[0] == "conflict"

    def test_a_verdict_says_why(self):
        assert "place" in decide(judge("Fabrikam Wheelworks", "Fabrikam Wheelworks India")).sentence


class TestThresholds:
    def test_a_tenant_that_wants_no_automatic_conflict_gets_none(self):
        scored = judge("Northwind Traders", "Northwind Traders")

        assert decide(scored, Thresholds(conflict=1.0, review=0.2)).outcome == "review"

    def test_raising_the_threshold_never_makes_a_conflict(self):
        scored = judge("Northwind Traders", "Northwind Tradings")
        order = ("conflict", "review", "clear")
        outcomes = [decide(scored, Thresholds(high / 100, 0.0)).outcome for high in range(0, 101, 5)]

        assert outcomes == sorted(outcomes, key=order.index)

    @pytest.mark.parametrize(("conflict", "review"), [(0.2, 0.5), (1.1, 0.5), (0.5, -0.1)])
    def test_thresholds_that_make_no_sense_are_refused(self, conflict, review):
        with pytest.raises(ValueError, match="thresholds"):
            Thresholds(conflict, review)


class TestTokenWeights:
    def test_a_rare_word_weighs_more_than_a_common_one(self):
        idf = TokenWeights.shipped().idf

        assert idf("xylotomous") > idf("bank") > idf("group")

    def test_the_tenants_own_words_become_lighter(self):
        own = TokenWeights.shipped().blended({"tailspin": 900, "bolt": 1}, total=2_000)

        assert own.idf("tailspin") < TokenWeights.shipped().idf("tailspin")
        assert own.idf("group") > TokenWeights.shipped().idf("group")

    def test_a_tenant_without_records_uses_the_shipped_table(self):
        assert TokenWeights.shipped().blended({}, 0) is TokenWeights.shipped()


class TestAcronyms:
    @pytest.mark.parametrize(
        ("short", "name", "strength"),
        [
            ("NHTW", "Northern Hydraulics Tools Works", 3),
            ("NTW", "Northern Hydraulics Tools Works", 1),
            ("UNICOLE", "Universal College of Learning", 2),
            ("GAESA", "Grupo de Administracion Empresarial S.A.", 2),
            ("XYZ", "Northern Hydraulics Tools", 0),
            ("N", "Northern Hydraulics", 0),
        ],
    )
    def test_names_are_abbreviated_by_initials_or_heads(self, short, name, strength):
        assert abbreviates(short.lower(), _record(name).names[0]) == strength

    def test_a_name_made_to_be_slow_is_judged_at_once(self):
        began = time.process_time()
        judge("a b " * 400, "aaaaaaab", b={"domain": "aaaaaaab.com"})
        judge(" ".join(["of the"] * 12), "otototox")

        assert time.process_time() - began < 0.2
