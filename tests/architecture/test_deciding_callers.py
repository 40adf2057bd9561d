"""Who looks over the wall (DESIGN 3): `deciding()` turns a partner's request into the vendor's role, so that
each module that may call it is named here with what comes back out of it. A new caller is a decision."""

import ast

import pytest

from tests.architecture.trees import imported, modules

ALLOWED = {
    "dealreg/actions/approval.py": "approves under the vendor's lock; gives a Decision",
    "dealreg/actions/base.py": "`deciding_on`: the deal is loaded in the caller's audience first",
    "dealreg/actions/batches.py": "keeps and undoes the caller's own batch, of deals found in its audience",
    "dealreg/actions/disputes.py": "takes back a dispute that was loaded in the caller's audience; gives a Decision",
    "dealreg/actions/drafts.py": "makes the caller's own draft, whose partner was loaded in its audience",
    "dealreg/actions/files.py": "opens the caller's own file, whose partner was loaded in its audience",
    "dealreg/actions/links.py": "gives a Decision and a secret for a link whose partner was loaded in its audience",
    "dealreg/actions/mails.py": "keeps the row of a mail and judges its sender; gives a Decision",
    "dealreg/queries/batches.py": "the caller's own batch; why not to deals loaded in its audience",
    "dealreg/queries/facts.py": "facts for events and rules, which never go to a partner",
    "dealreg/queries/offered.py": "names of products that anybody may choose, and prices of books shown to partners",
    "dealreg/stories.py": "the audit rows of one visible deal, cut to the actions and words of TOLD",
    "partners/actions/partners.py": "ends enrolments; only the vendor's faces call it",
    "partners/queries.py": "the channel manager, distributor and resellers of a partner that the caller may see",
    "prm/kernel/audit/__init__.py": "appends one row; gives nothing that a face shows",
    "prm/kernel/audit/api.py": "decisions about the caller alone, cut to the partner's reasons",
    "prm/kernel/audit/undoing.py": "what the caller itself did in one stroke a moment ago, to take it back",
    "prm/kernel/events/__init__.py": "appends one event; gives its id",
    "prm/kernel/idempotency.py": "the row of the caller's own token and key",
    "prm/kernel/identity/actions/absences.py": "gives a Decision on a member loaded in the caller's audience",
    "prm/kernel/identity/actions/invitations.py": "gives a Decision on a partner looked up in the caller's audience",
    "prm/kernel/identity/actions/memberships.py": "gives a Decision on a member loaded in the caller's audience",
    "prm/kernel/identity/actions/tokens.py": "gives a Decision and the caller's own new secret",
    "prm/kernel/messages/actions.py": "marks as read what the caller's audience found; gives a number",
    "prm/kernel/tenancy/context.py": "where it is defined",
}


def uses(name: str) -> set[str]:
    """The modules that define, import or reach a name."""
    return {
        path
        for path, tree in modules().items()
        if name in imported(tree) or any(isinstance(n, ast.FunctionDef) and n.name == name for n in tree.body)
    }


class TestLookingOverTheWall:
    def test_only_named_modules_do_it(self) -> None:
        assert uses("deciding") - set(ALLOWED) == set(), "name the new caller here, with what comes back out of it"

    def test_no_name_outlives_its_caller(self) -> None:
        assert set(ALLOWED) - uses("deciding") == set()

    def test_the_way_over_for_deals_is_taken_by_their_actions_alone(self) -> None:
        assert {path for path in uses("deciding_on") if not path.startswith("dealreg/actions/")} == set()

    @pytest.mark.parametrize("face", ["views", "urls", "templatetags", "lists.py", "forms.py"])
    def test_no_page_does_it(self, face: str) -> None:
        assert not [path for path in ALLOWED if f"/{face}" in path]
