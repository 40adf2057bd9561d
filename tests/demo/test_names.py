"""The demo's organisations: invented, repeatable, and varied as people vary them."""

import gzip
import random

import pytest

from prm.demo.market import market, problem_of
from prm.demo.names import generate, variant
from prm.kernel.matching import key_values, keys, normalise, score

pytestmark = pytest.mark.pure


class TestGenerate:
    def test_the_same_seed_gives_the_same_list_and_another_seed_another(self):
        assert generate(7, 200) == generate(7, 200)
        assert generate(7, 200) != generate(8, 200)

    def test_a_longer_list_begins_like_the_shorter_one(self):
        assert generate(7, 300)[:100] == generate(7, 100)

    def test_names_and_domains_are_each_given_once(self):
        made = generate(1, 5_000)
        domains = [record.domain for record in made if record.domain]

        assert len({record.name for record in made}) == len(made)
        assert len(set(domains)) == len(domains)

    def test_every_domain_is_reserved_for_examples_and_is_evidence(self):
        for record in generate(2, 500):
            assert record.domain == "" or record.domain.endswith(".example")
            assert normalise(record).domain == record.domain

    def test_some_fields_are_missing_as_in_life(self):
        made = generate(3, 1_000)

        assert 50 < sum(not record.domain for record in made) < 300
        assert 50 < sum(not record.city for record in made) < 300


class TestVariant:
    def test_it_is_repeatable(self):
        record = generate(4, 1)[0]

        assert variant(record, random.Random(9)) == variant(record, random.Random(9))

    def test_most_variants_can_be_found_and_are_told_from_strangers(self):
        rng = random.Random(5)
        made = generate(5, 400)
        pairs = [(normalise(record), normalise(variant(record, rng))) for record in made]
        found = [bool({k.value for k in keys(a)} & set(key_values(b))) for a, b in pairs]
        same = [score(a, b).probability > 0.5 for a, b in pairs]
        strangers = [score(a, b).probability > 0.5 for (a, _), (_, b) in zip(pairs, pairs[7:], strict=False)]

        assert sum(found) > 0.97 * len(found)
        assert sum(same) > 0.85 * len(same)
        assert sum(strangers) < 0.03 * len(strangers)


class TestAListOfOnesOwn:
    LIST = "name,domain,country,city\nAlpenrose Hotels AG,alpenrose.example,AT,Graz\n ,nobody.example,,\nKessler KG\n"

    def test_becomes_the_vendors_customers_gzipped_or_not(self, tmp_path):
        plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
        plain.write_text(self.LIST, encoding="utf-8")
        packed.write_bytes(gzip.compress(self.LIST.encode()))

        for path in (plain, packed):
            assert problem_of(str(path)) == ""
            assert [record.name for record in market(str(path), 1).accounts] == ["Alpenrose Hotels AG", "Kessler KG"]

    def test_that_can_not_be_read_is_told_in_a_sentence_before_anything_is_built(self, tmp_path):
        wrong = {
            "odd.csv": b"company;city\nKessler;Graz\n",
            "empty.csv": b"",
            "a.csv.gz": b"no gzip",
            "b.csv": b"name\n\xff\xfe",
        }
        for name, content in wrong.items():
            (tmp_path / name).write_bytes(content)

        for path in (*(tmp_path / name for name in wrong), tmp_path / "missing.csv"):
            told = problem_of(str(path))
            assert str(path) in told and "\n" not in told
        assert problem_of("") == ""
