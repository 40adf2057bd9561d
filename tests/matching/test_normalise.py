"""What becomes of names and addresses as people type them."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prm.kernel.matching import Normal, Record, normalise, token_counts
from prm.kernel.matching.normalise import country_code

pytestmark = pytest.mark.pure

SPICE = "ООО АСМЕ 株式会社 주식회사 (株) Ltd. S.A. de C.V. GmbH & Co. KG d/b/a a.k.a. xn-- ﷺ \u202e\u200b\u0000 😀 l'O'"
TYPED = st.one_of(
    st.text(max_size=120),
    st.lists(st.sampled_from([*SPICE.split(" "), "a", "b", "the", "and", "ies", "s", "1", "0"]), max_size=14).map(
        " ".join
    ),
)


def tokens(name: str) -> tuple[str, ...]:
    return normalise(Record(name)).names[0].tokens


class TestAnyTextIsTaken:
    @given(TYPED, TYPED, TYPED, TYPED, TYPED)
    def test_nothing_raises_and_what_comes_out_is_plain(self, name, domain, country, city, email):
        normal = normalise(Record(name, domain, country, city, email, aliases=(city,)))

        assert all(token.isascii() and token.isalnum() for form in normal.names for token in form.tokens)
        assert Normal.from_json(json.loads(json.dumps(normal.to_json()))) == normal

    @given(TYPED)
    @example("&D:B:A&")
    @example("A0`A")
    def test_its_own_words_come_out_the_same(self, name):
        once = tokens(name)

        assert tokens(" ".join(once)) == once

    def test_ten_thousand_characters_are_cut_and_noted(self):
        normal = normalise(Record("Acme Widgets " * 800))

        assert "name.truncated" in normal.notes
        assert len(normal.names[0].tokens) <= 24
        assert len(json.dumps(normal.to_json())) < 1_500

    def test_one_word_of_ten_thousand_letters_is_cut(self):
        assert len(tokens("x" * 10_000)[0]) <= 40

    @pytest.mark.parametrize("name", ["", "   ", "\u200b\u200b"])
    def test_an_empty_name_is_noted(self, name):
        notes = normalise(Record(name)).notes

        assert "name.empty" in notes or "name.no_letters" in notes

    def test_emoji_alone_are_no_name(self):
        normal = normalise(Record("😀🎉"))

        assert normal.names[0].tokens == ()
        assert "name.no_letters" in normal.notes

    def test_emoji_beside_a_name_fall_away(self):
        assert tokens("Acme 🚀 Widgets™") == tokens("Acme Widgets")


class TestDisguisedNames:
    def test_right_to_left_marks_and_zero_width_joiners_vanish(self):
        normal = normalise(Record("\u202eAc\u200bme\u2066 Wid\ufeffgets"))

        assert normal.names[0].tokens == tokens("Acme Widgets")
        assert "name.hidden_characters" in normal.notes

    @pytest.mark.parametrize(
        "name", ["Аcme Widgets", "Acmе Wіdgets", "Αcme Widgets", "ＡＣＭＥ Ｗｉｄｇｅｔｓ", "𝐀𝐜𝐦𝐞 Widgets"]
    )
    def test_lookalike_letters_are_read_as_the_letters_they_imitate(self, name):
        assert tokens(name) == tokens("Acme Widgets")

    def test_lookalike_letters_are_noted(self):
        assert "name.homoglyphs" in normalise(Record("Асme")).notes

    def test_a_word_wholly_of_lookalikes_is_read_both_ways(self):
        forms = {form.tokens for form in normalise(Record("АСМЕ Widgets")).names}

        assert ("acme", *tokens("Widgets")) in forms
        assert ("asme", *tokens("Widgets")) in forms

    def test_zeros_and_ones_inside_a_word_are_letters(self):
        assert tokens("Micr0soft") == tokens("Microsoft")
        assert tokens("Web3 Labs 2000")[0] == "web3"

    def test_control_characters_are_blanks(self):
        assert tokens("Acme\x00Widgets\r\n") == tokens("Acme Widgets")

    def test_accents_and_case_fall_away(self):
        assert tokens("ÉCLAIR Städte") == tokens("eclair stadte")


class TestLegalForms:
    @pytest.mark.parametrize(
        "name",
        [
            "Northwind Traders Ltd.",
            "NORTHWIND TRADERS, INC",
            "Northwind Traders GmbH & Co. KG",
            "Northwind Traders S.A. de C.V.",
            "Northwind Traders Sp. z o.o.",
            "Northwind Traders (Pvt.) Ltd",
            "OOO Northwind Traders",
            "Northwind Traders Pty Ltd",
            "Northwind Traders a.s.",
            "Northwind Traders Co., Ltd.",
            "Northwind Traders Joint Stock Company",
            "The Northwind Traders",
        ],
    )
    def test_the_form_is_taken_off(self, name):
        assert tokens(name) == tokens("Northwind Traders")

    @pytest.mark.parametrize("name", ["株式会社ミルボン", "ミルボン株式会社", "ミルボン(株)"])
    def test_forms_written_without_blanks_are_taken_off(self, name):
        assert tokens(name) == ("mirubon",)

    def test_a_name_that_is_only_a_form_stays(self):
        assert tokens("Ltd") == ("ltd",)
        assert tokens("SA") == ("sa",)

    def test_initials_are_one_word(self):
        assert tokens("A. G. Edwards, Inc.") == tokens("AG Edwards")
        assert tokens("I AND S HOLDING COMPANY, S.A.") == tokens("I&S Holding Company SA")


class TestMeanings:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Universidad de Vigo", "Vigo University"),
            ("Institut für Physik", "Institute of Physics"),
            ("江苏大学", "Jiangsu University"),
            ("Kurita Water Ind.", "Kurita Water Industries"),
            ("Hansoh Pharma", "Hansoh Pharmaceutical"),
            ("Bank of United Kingdom", "UK Bank"),
        ],
    )
    def test_translations_and_abbreviations_share_their_words(self, one, other):
        assert set(tokens(one)) == set(tokens(other))

    def test_a_former_or_trading_name_is_a_name_of_its_own(self):
        names = {form.compact for form in normalise(Record("Roadrunner Ltd, formerly Coyote Supplies")).names}

        assert names >= {"roadrunner", "coyotesupply"}

    def test_what_stands_in_parentheses_is_a_name_of_its_own(self):
        names = [form.compact for form in normalise(Record("KIT (Kestrel Tools)")).names]

        assert names == ["kit", "kestreltool"]

    def test_aliases_follow_the_name(self):
        names = normalise(Record("Birch", aliases=("Birch Trading House", "Birke"))).names

        assert [form.compact for form in names] == ["birch", "birchcommercehouse", "birke"]


class TestDomains:
    @pytest.mark.parametrize(
        ("typed", "domain"),
        [
            ("https://www.Northwind.co.uk/about?x=1", "northwind.co.uk"),
            ("northwind.com.", "northwind.com"),
            ("shop.northwind.com:8443", "northwind.com"),
            ("user:pass@northwind.com", "northwind.com"),
            ("HTTP:northwind.com", "northwind.com"),
            ("someone.github.io/shop", "someone.github.io"),
            ("northwind。com", "northwind.com"),
            ("münchen-werk.de", "xn--mnchen-werk-thb.de"),
        ],
    )
    def test_the_registrable_domain_is_found(self, typed, domain):
        assert normalise(Record("x", typed)).domain == domain

    @pytest.mark.parametrize(
        ("typed", "note"),
        [
            ("gmail.com", "domain.free_mail"),
            ("mail.yahoo.co.uk", "domain.free_mail"),
            ("mailinator.com", "domain.disposable"),
            ("linkedin.com/company/x", "domain.platform"),
            ("co.uk", "domain.public_suffix"),
            ("wordpress.com", "domain.platform"),
            ("com", "domain.invalid"),
            ("10.0.0.1", "domain.invalid"),
            ("not a domain", "domain.invalid"),
            ("northwind.nosuchsuffix", "domain.invalid"),
            ("http://[::1]/", "domain.invalid"),
            ("." * 300, "domain.invalid"),
        ],
    )
    def test_what_names_nobody_is_no_evidence_and_says_why(self, typed, note):
        normal = normalise(Record("x", typed))

        assert normal.domain == ""
        assert note in normal.notes

    def test_the_mail_address_stands_in_for_a_missing_website(self):
        assert normalise(Record("x", email="jo@sales.northwind.com")).domain == "northwind.com"
        assert normalise(Record("x", domain="gmail.com", email="jo@northwind.com")).domain == "northwind.com"
        assert normalise(Record("x", email="jo@gmail.com")).notes == ("domain.free_mail",)

    def test_punycode_is_read_as_a_name_and_noted(self):
        normal = normalise(Record("x", "xn--mnchen-werk-thb.de"))

        assert normal.label == "munchenwerk"
        assert "domain.punycode" in normal.notes


class TestPlaces:
    @pytest.mark.parametrize(
        ("typed", "code"),
        [("de", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("UK", "GB"), ("United States", "US"), ("?", "")],
    )
    def test_countries_are_codes(self, typed, code):
        assert country_code(typed) == code

    def test_cities_lose_accents_and_case(self):
        assert normalise(Record("x", city="São Paulo")).city == "sao paulo"
        assert normalise(Record("x", city="Taipei City")).city == "taipei"


class TestTokenCounts:
    def test_a_word_counts_once_for_each_record(self):
        records = [normalise(Record("Acme Acme")), normalise(Record("Acme Bolt"))]

        assert token_counts(records) == {"acme": 2, "bolt": 1}
