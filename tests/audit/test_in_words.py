"""The audit speaks to people: every action that the code writes has words, and the key stays for the auditor."""

from collections.abc import Mapping

import pytest
from django.utils.translation import override

from prm.kernel.audit.words import is_told, told, word_of
from prm.kernel.automation import registry
from prm.kernel.automation.outcomes import has_word
from tests.audit.recorded import ANYTHING, actions
from tests.cast import ada, aud, birch, client_of, olivia
from tests.dealreg.deals import submitted
from workflows.definition import program


@pytest.mark.pure
class TestEveryAction:
    def test_that_the_code_records_has_words(self):
        known = [action for action in actions() if ANYTHING not in action]

        assert len(known) > 200, "the calls of audit.record were not found"
        assert sorted(action for action in known if not is_told(action)) == []

    def test_that_has_words_is_recorded_somewhere(self):
        found = actions()
        partly = tuple(action.partition(ANYTHING)[0] for action in found if ANYTHING in action)
        assert "" not in partly, "an action that nobody can know from the code"
        assert [action for action in told() if action not in found and not action.startswith(partly)] == []

    def test_that_was_refused_needs_no_words_of_its_own(self):
        assert word_of("deal.won_refused") == "Refused: Deal won"

    def test_that_nobody_knows_any_more_keeps_its_key(self):
        assert word_of("moon.landed") == "moon.landed"


class TestTheList:
    def test_shows_words_and_the_key_and_finds_by_both(self):
        submitted(birch)
        client = client_of(aud)

        page = client.get("/console/audit/").content.decode()
        assert "Deal registered" in page and "deal.submitted" in page
        for typed in ("Deal regi", "deal.subm"):
            found = client.get("/console/audit/", {"q": typed}).content.decode()
            assert "Deal registered" in found and "Draft saved" not in found, typed

    def test_of_a_customer_tells_its_changes_in_words(self):
        client = client_of(olivia)
        client.post("/console/customers/new/", {"name": "Alpenrose Hotels AG"})
        with override("en"):
            page = client_of(ada).get("/console/audit/", {"q": "Customer a"}).content.decode()
        assert "Customer added" in page


def answers(tree: Mapping[str, object]) -> set[str]:
    """Every answer and result that a workflow knows beforehand."""
    blocks = program(tree).blocks.values()
    results = {str(block.data.get("result")) for block in blocks if block.type == "end"}
    return results.union(*(block.ends_with for block in blocks))


OURS = ("partners", "dealreg", "workflows", "integrations")


@pytest.mark.pure
class TestEveryAnswerOfAStep:
    def test_that_actions_and_shipped_workflows_know_has_a_word(self):
        actions = [spec for key, spec in registry.actions.items() if key.partition(".")[0] in OURS]
        shipped = [one for one in registry.templates.values() if not one.load.__module__.startswith("tests.")]
        known = {value for spec in actions for value in spec.outcomes}
        known = known.union(*(answers(template.load()) for template in shipped))

        assert len(shipped) >= 5 and len(known) > 40
        assert sorted(value for value in known if not has_word(value)) == []
