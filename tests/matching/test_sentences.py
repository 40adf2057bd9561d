"""What a line of a score says: in words; the figures stand apart."""

import re

import pytest

from prm.kernel.matching import Record, normalise, score
from prm.kernel.matching.features import CATEGORIES, NUMBERS
from prm.kernel.matching.sentences import figure_for, named, sentence_for

pytestmark = pytest.mark.pure
WORDS = {"shared": "nordwind", "shared_weight": "9.00", "left_a": "", "left_b": "logistik"}


class TestALineInWords:
    @pytest.mark.parametrize("feature", NUMBERS)
    def test_has_no_figures_and_says_another_thing_of_much_than_of_little(self, feature: str) -> None:
        much, little = (sentence_for(feature, "0", {**WORDS, named(feature): value}) for value in ("10.00", "0.05"))
        assert much != little
        for told in (much, little):
            assert not re.search(r"\d|%|weigh", told) and told.endswith(".") and "( " not in told and "()" not in told

    @pytest.mark.parametrize("feature", NUMBERS)
    def test_keeps_its_figure_beside_it(self, feature: str) -> None:
        assert re.search(r"\d", figure_for(feature, "0", {**WORDS, named(feature): "0.83"}))

    def test_nothing_shared_is_said_without_naming_words(self) -> None:
        assert (
            sentence_for("rarest_shared", "0", {**WORDS, "shared": "", "rarest_shared": "0.00"})
            == "They share no word."
        )

    def test_the_shared_words_are_named_not_their_weight(self) -> None:
        scored = score(normalise(Record("Nordwind Logistik GmbH", "nordwind.de")), normalise(Record("Nordwind AG")))
        told = [line.sentence for line in scored.explain()]
        assert any("(nordwind)" in one for one in told) and not any(re.search(r"\(\d", one) for one in told)

    def test_what_was_found_before_names_no_words(self) -> None:
        facts = {"shared": "9.24", "left_a": "", "left_b": "", "rarest_shared": "8.10"}
        assert sentence_for("rarest_shared", "0", facts) == "They share a rare word."

    def test_two_features_together_say_both(self) -> None:
        facts = {**WORDS, "spelling": "0.97"}
        told = sentence_for("spelling*country", "3*same", facts)
        assert told == "The names are spelt nearly alike. The countries are the same."
        assert figure_for("spelling*country", "3*same", facts).startswith("The names are spelt 97% alike.")

    def test_every_kind_has_its_sentence(self) -> None:
        for feature, bins in CATEGORIES.items():
            assert all(sentence_for(feature, one, WORDS) for one in bins)
