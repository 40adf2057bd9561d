"""The shipped registration and its rules, replayed; and a replay as somebody asks for it and a worker does it."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from prm.kernel.automation import actions as rule_actions
from tests import world
from tests.cast import ada, aud, olivia, vendor
from tests.workflows.past import GRACE, draft, in_force, past_deals, replayed, replayed_rules, rules_draft
from tests.workflows.things import find
from workflows import actions
from workflows.definition.blocks import walk
from workflows.models import Replay, ReplayChange
from workflows.replay.figures import is_empty

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class TestTheShippedRegistration:
    def test_unchanged_it_differs_in_nothing(self):
        past_deals()
        result = replayed(draft(in_force("deal-registration").tree))
        assert is_empty(result), result
        assert result["events"] == result["runs"] == result["faithful"] == 9
        assert result["unknown"] == {}

    def test_unchanged_rules_differ_in_nothing_though_every_deal_is_judged_anew(self):
        past_deals()
        result = replayed_rules(rules_draft(lambda document: None))
        assert is_empty(result), result
        assert result["faithful"] == result["runs"] == 9

    def test_a_rule_that_no_longer_asks_lets_two_deals_through(self):
        past_deals()

        def no_free_mail(document: dict[str, Any]) -> None:
            next(rule for rule in document["rules"] if rule["key"] == "free_mail")["active"] = False

        result = replayed_rules(rules_draft(no_free_mail))
        assert result["changed"] == {"decision": 1, "people": 1, "way": 0, "unknown": 0}
        moves = {(move["from"], move["to"]): move["count"] for move in result["moves"]}
        assert moves == {("rejected", "approved"): 1, ("approved", "approved"): 1}
        assert Decimal(result["partners"][0]["amount"]) == Decimal(24000)
        weeks = result["queues"]["deals"]
        assert sum(week[1] for week in weeks) - sum(week[2] for week in weeks) == 2
        assert result["touchless"][1] - result["touchless"][0] == 2

    def test_a_stricter_rule_refuses_what_went_through(self):
        past_deals()

        def larger(document: dict[str, Any]) -> None:
            rule = next(rule for rule in document["rules"] if rule["key"] == "minimum_amount")
            rule["when"]["rules"][0]["value"] = "20000"

        result = replayed_rules(rules_draft(larger))
        moves = {(move["from"], move["to"]): move["count"] for move in result["moves"]}
        assert moves == {("approved", "rejected"): 3, ("rejected", "rejected"): 1}  # declined by hand, now by the rule
        assert result["changed"]["unknown"] == 0

    def test_a_rule_that_asks_instead_of_refusing_sends_it_to_people_who_would_mostly_approve(self):
        past_deals()

        def ask(document: dict[str, Any]) -> None:
            next(rule for rule in document["rules"] if rule["key"] == "minimum_amount")["outcome"] = "review"

        result = replayed_rules(rules_draft(ask))
        assert [(move["from"], move["to"]) for move in result["moves"]] == [("rejected", "approved")]
        assert result["assumed"]["approval:approve"] == 1

    def test_another_approver_changes_nothing_that_is_decided(self):
        past_deals()
        document = copy.deepcopy(in_force("deal-registration").tree)
        for _path, _depth, block in walk(document["blocks"]):
            if block["type"] == "approval":
                block["assign"], block["queue"] = {"kind": "role", "value": "admin"}, "conflicts"
        result = replayed(draft(document))
        assert result["changed"]["decision"] == 0
        assert result["changed"]["people"] == sum(week[1] for week in result["queues"]["deals"])


class TestARequestedReplay:
    def ask(self, months: int = 6, who: Any = ada) -> Any:
        version = draft({**in_force("deal-registration").tree, "name": "Another"})
        with vendor() as now:
            return actions.replay_version(version_id=version.pk, months=months, actor=who.actor, now=now)

    def run(self) -> int:
        with world.logged_in_as("worker"):
            return actions.run_replays()

    def test_is_done_by_a_worker_with_its_changes_listed(self):
        past_deals()

        def no_free_mail(document: dict[str, Any]) -> None:
            next(rule for rule in document["rules"] if rule["key"] == "free_mail")["active"] = False

        version = rules_draft(no_free_mail)
        with vendor() as now:
            asked = actions.replay_rules(version_id=version.pk, months=3, actor=olivia.actor, now=now)
        assert asked.allowed and self.run() == 1
        with vendor():
            replay = Replay.objects.get(pk=asked.facts["replay"])
            assert (replay.state, replay.walked, replay.total, replay.error) == ("done", 9, 9, "")
            changes = list(ReplayChange.objects.order_by("kind"))
            assert [(c.kind, c.before, c.after, c.partner_name) for c in changes] == [
                ("decision", "rejected", "approved", "Birch Systems"),
                ("people", "approved", "approved", "Birch Systems"),
            ]
            assert changes[0].assumed and changes[0].amount == Decimal("12000.00")
            assert ["grant", "action", "approved", "assumed"] in [s[:4] for s in changes[0].after_path["stops"]]
            assert ["ask-ops", "approval", "reject", "recorded"] in [
                s[:4] for s in changes[0].before_path["stops"]
            ] or ["ask-cam", "approval", "reject", "recorded"] in [s[:4] for s in changes[0].before_path["stops"]]

    @pytest.mark.parametrize(("months", "reason"), [(0, "replay.months"), (37, "replay.months"), (-1, "replay.months")])
    def test_is_refused_for_months_that_make_no_sense(self, months, reason):
        assert self.ask(months).reason_keys == (reason,)

    def test_is_refused_to_those_who_only_read(self):
        assert "replay.not_yours" in self.ask(who=aud).reason_keys

    def test_is_refused_while_one_is_under_way(self):
        assert self.ask().allowed
        assert self.ask().reason_keys == ("replay.under_way",)

    def test_of_a_draft_that_was_thrown_away_fails_and_says_so(self):
        version = rules_draft(lambda document: None)
        with vendor() as now:
            asked = actions.replay_rules(version_id=version.pk, months=3, actor=ada.actor, now=now)
            rule_actions.discard_rule_draft(version_id=version.pk, actor=ada.actor, now=now)
        self.run()
        with vendor():
            replay = Replay.objects.get(pk=asked.facts["replay"])
            assert (replay.state, bool(replay.error)) == ("failed", True)

    def test_whose_worker_died_is_done_by_the_next_and_nothing_is_counted_twice(self):
        past_deals()
        asked = self.ask()
        with vendor():
            Replay.objects.filter(pk=asked.facts["replay"]).update(state="running", attempt=1, walked=4)
            Replay.objects.filter(pk=asked.facts["replay"]).update(lease_until=NOW)
        assert self.run() == 1
        assert self.run() == 0
        with vendor():
            assert Replay.objects.get(pk=asked.facts["replay"]).walked == 9

    def test_that_takes_its_workers_down_ends_as_failed(self):
        asked = self.ask()
        with vendor():
            Replay.objects.filter(pk=asked.facts["replay"]).update(state="running", attempt=3, lease_until=NOW)
        self.run()
        with vendor():
            assert Replay.objects.get(pk=asked.facts["replay"]).state == "failed"

    def test_of_a_tree_that_can_not_be_read_fails_and_says_why(self):
        with vendor() as now:
            broken = {
                "format": 1,
                "key": "odd",
                "trigger": {"event": "test.thing.found"},
                "blocks": [{"type": "magic"}],
            }
            saved = actions.save_draft(tree=broken, actor=GRACE, now=now)
            asked = actions.replay_version(version_id=saved.facts["version"], months=1, actor=ada.actor, now=now)
        find()
        self.run()
        with vendor():
            replay = Replay.objects.get(pk=asked.facts["replay"])
            assert replay.state in ("done", "failed")
