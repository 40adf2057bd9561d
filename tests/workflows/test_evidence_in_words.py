"""What an incident shows is read by people: facts by their names, never a dict."""

from tests.cast import vendor
from workflows.queries.evidence import in_words


class TestEvidence:
    def test_tells_facts_by_their_names_and_leaves_out_what_is_empty(self):
        evidence = {
            "event": "dealreg.deal.submitted",
            "facts": {"deal.name": "40 seats", "deal.amount": "12000.00", "deal.renewal": False, "deal.city": None},
            "attempts": 3,
            "steps": {"check": {"value": "clear", "detail": {"reasons": [{"key": "x", "text": "All is well."}]}}},
        }
        with vendor():
            told = in_words(evidence)
        words = " ".join(f"{label}: {value}" for label, value in told)
        assert ("Tries", "3") in told and "40 seats" in words and "All is well." in words
        assert "No conflict" in words
        assert not any(sign in words for sign in ("{", "deal.", "None", "False", "dealreg."))
