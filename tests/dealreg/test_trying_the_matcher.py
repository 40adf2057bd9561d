"""`manage.py conflicts`: a customer's own files judged by the code that a submission runs, and nothing kept."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dealreg.actions import create_customer
from dealreg.models import Customer, Deal, MatchKey
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, decide, normalise, score
from tests.cast import vendor

PAIRS = "pair_id,a_name,a_domain,a_country,a_city,b_name,b_domain,b_country,b_city"
ACCOUNTS = (
    "record_id,name,domain,country,city",
    "001A,Nordwind Logistik GmbH,nordwind-logistik.de,DE,Hamburg",
    '001B,"Quadrant Mills, Inc.",quadrantmills.com,US,Boston',
    "-17,Tailspin Hydraulics Ltd,,GB,Leeds",
)
DEALS = (
    "query_id,name,domain,country,city",
    "Q1,NORDWIND LOGISTIK,nordwind-logistik.de,DE,Hamburg",
    "Q2,Fernblick Optik AG,fernblick.ch,CH,Bern",
    "Q3,Tailspinn Hydraulics Limited,,GB,Leeds",
)


def file(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def run(*words: object) -> tuple[str, list[dict[str, str]]]:
    out, told = Path(str(words[-1])), StringIO()
    call_command("conflicts", *map(str, words[:-1]), "--out", str(out), stdout=told)
    with out.open(newline="", encoding="utf-8") as answers:
        return told.getvalue(), list(csv.DictReader(answers))


def check(tmp_path: Path, accounts: Path, deals: Path) -> list[dict[str, str]]:
    asked = ("check", "--accounts", accounts, "--deals", deals, "--tenant", "acme")
    return run(*asked, tmp_path / "out.csv")[1]


class TestPairs:
    def test_each_pair_gets_the_score_and_the_decision_that_a_submission_would_get(self, tmp_path):
        pairs = file(
            tmp_path / "pairs.csv",
            PAIRS,
            "p1,Acme Widgets GmbH,acme-widgets.de,DE,Ulm,ACME WIDGETS,acme-widgets.de,DE,Ulm",
            "p2,Acme Widgets GmbH,,DE,Ulm,Quadrant Mills,,US,Boston",
        )

        told, answers = run("pairs", pairs, tmp_path / "out.csv")

        one, other = (Record(name, "acme-widgets.de", "DE", "Ulm") for name in ("Acme Widgets GmbH", "ACME WIDGETS"))
        scored = score(normalise(one), normalise(other))
        assert list(answers[0]) == ["pair_id", "score", "decision"]
        assert answers[0] == {
            "pair_id": "p1",
            "score": f"{scored.probability:.6f}",
            "decision": decide(scored).outcome,
        }
        assert (answers[0]["decision"], answers[1]["decision"]) == ("conflict", "clear")
        assert "2 answers" in told

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "empty"),
            (PAIRS.encode(), "headings only"),
            (b"pair_id,a_name\n1,x", "lacks the column a_domain"),
            (f"{PAIRS}\np1,Acme\np2,Caf\u00e9".encode("latin-1"), "Line 3 is not written in utf-8"),
            (b"PK\x03\x04rest", "Excel"),
        ],
        ids=["empty", "headings", "columns", "encoding", "kind"],
    )
    def test_a_bad_file_is_told_in_a_sentence_and_leaves_no_answers(self, tmp_path, content, told):
        pairs = tmp_path / "pairs.csv"
        pairs.write_bytes(content)

        with pytest.raises(CommandError, match=told) as why:
            run("pairs", pairs, tmp_path / "out.csv")

        assert "pairs.csv" in str(why.value)
        assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]

    def test_a_file_in_another_encoding_is_read_when_it_is_named(self, tmp_path):
        row = "p1,Café Müller,,,,CAFE MULLER,,,"
        pairs = file(tmp_path / "pairs.csv", PAIRS.replace(",", ";"), row.replace(",", ";"), encoding="cp1252")

        asked = ("pairs", pairs, "--encoding", "cp1252", tmp_path / "out.csv")

        assert run(*asked)[1][0]["decision"] != "clear"


class TestCheck:
    def test_deals_are_judged_against_the_accounts_alone_and_nothing_stays(self, tmp_path):
        with vendor() as now:
            create_customer(name="Fernblick Optik AG", domain="fernblick.ch", actor=Actor.system("t"), now=now)
            before = (Customer.objects.count(), MatchKey.objects.count(), AuditEntry.objects.count())

        answers = check(tmp_path, file(tmp_path / "a.csv", *ACCOUNTS), file(tmp_path / "d.csv", *DEALS))

        assert list(answers[0]) == ["query_id", "decision", "record_id", "score"]
        assert [(row["query_id"], row["decision"]) for row in answers][:2] == [("Q1", "conflict"), ("Q2", "clear")]
        assert (answers[0]["record_id"], answers[2]["record_id"]) == ("001A", "-17")
        assert answers[2]["decision"] != "clear"
        with vendor():
            assert (Customer.objects.count(), MatchKey.objects.count(), AuditEntry.objects.count()) == before
            assert not Deal.objects.exists()

    def test_hostile_rows_are_answered_like_any_other(self, tmp_path):
        deals = file(
            tmp_path / "d.csv",
            DEALS[0],
            "homoglyph,N\u043erdwind L\u043egistik,,DE,Hamburg",
            "suffix,Nordwind Logistik,co.uk,DE,Hamburg",
            "punycode,Nordwind Logistik,xn--mnchen-werk-thb.de,DE,Hamburg",
            "emoji,\U0001f680\U0001f389,,,",
            "rtl,\u202eNordwind\u202c Logistik,,DE,Hamburg",
            "hebrew,\u05e9\u05dc\u05d5\u05dd,,IL,",
            f"long,{'x' * 10_000},,,",
            f"wide,{'Nordwind ' * 1_200},,DE,Hamburg",
            'formula,"=HYPERLINK(""http://x"")",,,',
            "nothing,,,,",
            "country,Nordwind Logistik,,Atlantis,Hamburg",
        )

        answers = {row["query_id"]: row for row in check(tmp_path, file(tmp_path / "a.csv", *ACCOUNTS), deals)}

        found = {query for query, row in answers.items() if row["record_id"] == "001A" and row["decision"] != "clear"}
        assert len(answers) == 11
        assert found >= {"homoglyph", "suffix", "rtl", "country"}
        assert {answers[query]["decision"] for query in ("emoji", "hebrew", "long", "formula", "nothing")} == {"clear"}

    def test_the_file_at_fault_is_named(self, tmp_path):
        accounts = file(tmp_path / "a.csv", *ACCOUNTS)

        with pytest.raises(CommandError, match=r"d\.csv: The file lacks the column query_id"):
            check(tmp_path, accounts, file(tmp_path / "d.csv", "id,name", "1,x"))
        with vendor():
            assert not Customer.objects.exists()
