"""Replay and proposed rules in the console, and replay from a shell."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from tests import world
from tests.cast import ada, aud, client_of, olivia, vendor, zack
from tests.exports import exported
from tests.workflows.past import draft, in_force, past_deals, rules_draft
from tests.workflows.test_proposals import decided_things
from workflows import actions
from workflows.models import HumanTask, Replay, ReplayChange, RuleProposal


def no_free_mail(document: dict[str, Any]) -> None:
    next(rule for rule in document["rules"] if rule["key"] == "free_mail")["active"] = False


def run() -> None:
    with world.logged_in_as("worker"):
        actions.run_replays()


class TestTheReplayOfADraft:
    def test_is_asked_for_watched_read_and_taken_away_as_csv(self):
        past_deals()
        version = rules_draft(no_free_mail)
        browser = client_of(ada)
        page = reverse("workflows:replay_rules", args=[version.pk])
        assert "has not been replayed yet" in browser.get(page).content.decode()

        asked = browser.post(reverse("workflows:replay_ask_rules", args=[version.pk]), {"months": "3"})
        waiting = browser.get(asked["Location"]).content.decode()
        assert "hx-trigger" in waiting and "0 of 0 events" in waiting
        run()
        assert browser.get(asked["Location"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
        done = browser.get(asked["Location"]).content.decode()
        assert "1 decision changes; 1 goes to other people" in done
        assert "Birch Systems" in done and "9 of 9 runs" in done

        with vendor():
            replay = Replay.objects.get()
            change = ReplayChange.objects.get(kind="decision")
        changes = reverse("workflows:replay_changes", args=[replay.pk])
        assert "Another decision" in browser.get(changes).content.decode()
        table = exported(browser, changes)
        assert len(table) == 3 and "Declined" in str(table)
        one = browser.get(reverse("workflows:replay_change", args=[change.pk])).content.decode()
        assert "assumed" in one and "With the draft" in one

        ruleset = browser.get(reverse("admin:automation_ruleset_change", args=[version.ruleset_id])).content.decode()
        assert "1 decision changes" in ruleset

    def test_stands_on_the_drafts_page_and_says_when_it_has_been_changed_since(self):
        past_deals()
        version = draft({**in_force("deal-registration").tree, "name": "Quicker"})
        browser = client_of(ada)
        page = reverse("workflows:version", args=[version.pk])
        assert "Not tried on the past yet" in browser.get(page).content.decode()
        browser.post(reverse("workflows:replay_ask_version", args=[version.pk]), {"months": "6"})
        run()
        assert "Nothing would have been different" in browser.get(page).content.decode()
        draft({**in_force("deal-registration").tree, "name": "Quicker still"})
        assert "has been changed since" in browser.get(page).content.decode()

    @pytest.mark.parametrize("months", ["", "0", "-3", "1e9", "9999", "６", "x" * 5000])
    def test_is_not_begun_for_months_that_make_no_sense(self, months):
        version = draft({**in_force("deal-registration").tree, "name": "Quicker"})
        answer = client_of(ada).post(
            reverse("workflows:replay_ask_version", args=[version.pk]), {"months": months}, follow=True
        )
        assert "Choose from 1 to 36 months" in answer.content.decode()
        with vendor():
            assert not Replay.objects.exists()

    def test_is_read_by_an_auditor_who_can_not_ask(self):
        version = draft({**in_force("deal-registration").tree, "name": "Quicker"})
        assert client_of(aud).get(reverse("workflows:replay_version", args=[version.pk])).status_code == 200
        asked = client_of(aud).post(reverse("workflows:replay_ask_version", args=[version.pk]), {"months": "3"})
        assert asked.status_code == 403
        strange = client_of(zack).get(reverse("workflows:replay_version", args=[version.pk]))
        assert strange.status_code == 404


class TestTheProposal:
    def test_is_found_read_and_taken_up(self):
        with world.logged_in_as("worker"):
            decided_things()
        browser = client_of(ada)
        listed = browser.post(reverse("workflows:proposal_find"), follow=True).content.decode()
        assert "1 rule is proposed" in listed and "Price is at most 111.00" in listed
        with vendor():
            proposal = RuleProposal.objects.get()
            task = HumanTask.objects.filter(outcome="approve").first()
            other = HumanTask.objects.filter(outcome="reject").first()
        page = reverse("workflows:proposal", args=[proposal.pk])
        assert "12 like this were decided" in browser.get(page).content.decode()
        assert page in browser.get(reverse("workflows:task", args=[task.pk])).content.decode()
        assert page not in browser.get(reverse("workflows:task", args=[other.pk])).content.decode()
        taken = browser.post(reverse("workflows:proposal_take_up", args=[proposal.pk]), follow=True)
        assert "Replay Things, version 2" in taken.content.decode()

    def test_is_dismissed_with_a_reason(self):
        with world.logged_in_as("worker"):
            decided_things()
        browser = client_of(olivia)
        browser.post(reverse("workflows:proposal_find"))
        with vendor():
            proposal = RuleProposal.objects.get()
        url = reverse("workflows:proposal_dismiss", args=[proposal.pk])
        assert "Say why" in browser.post(url, {"reason": "  "}, follow=True).content.decode()
        browser.post(url, {"reason": "Only this spring"})
        assert "Only this spring" in browser.get(reverse("workflows:proposal", args=[proposal.pk])).content.decode()
        assert browser.post(reverse("workflows:proposal_take_up", args=[proposal.pk])).status_code == 403


class TestTheCommand:
    def told(self, *args: str) -> str:
        out = StringIO()
        call_command("workflows", "replay", *args, "--tenant", "acme", stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_tells_the_difference(self):
        past_deals()
        rules_draft(no_free_mail)
        told = self.told("deal-eligibility", "--rules")
        assert "1 decision changes; 1 goes to other people" in told
        assert "Declined -> Approved: 1 (12000.00)" in told

    def test_replays_a_file_and_gives_figures(self, tmp_path: Path):
        past_deals()
        file = tmp_path / "draft.json"
        file.write_text(json.dumps(in_force("deal-registration").tree))
        figures = json.loads(self.told("deal-registration", "--file", str(file), "--json"))
        assert figures["events"] == 9 and not any(figures["changed"].values())

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (("nothing",), "Known: connection-broke, deal-registration, deal-dispute"),
            (("nothing", "--rules"), "no rules"),
            (("deal-registration", "--months", "99"), "1 to 36"),
            (("deal-registration", "--version", "77"), "no such version"),
            (("deal-registration", "--file", "nowhere.json"), "nowhere.json"),
        ],
    )
    def test_refuses_in_a_sentence(self, args, said):
        with pytest.raises(CommandError, match=said):
            self.told(*args)
