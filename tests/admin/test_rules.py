"""Rules are edited in words, published by a second person, and never edited in force."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from prm.kernel.audit.models import AuditEntry
from prm.kernel.automation import actions
from prm.kernel.automation.forms import PREFIX
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.automation.queries import NoRules, published_rules, rules_named
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from tests.cast import ada, aud, client_of, olivia, vendor, zack

EMPTY = {"rules": [], "otherwise": "allow"}
BROKEN = {
    "rules": [
        {
            "key": "x",
            "name": "X",
            "outcome": "refuse",
            "when": {
                "combinator": "and",
                "not": False,
                "rules": [{"field": "deal.nothing", "operator": "=", "value": "1"}],
            },
        }
    ],
    "otherwise": "allow",
}
grace = Actor(kind="person", id=str(uuid4()), name="Grace", roles=frozenset({"admin"}))


@pytest.fixture
def ruleset():
    """Acme's eligibility rules, and a second admin who could publish them."""
    with vendor():
        Membership.objects.create(name="Grace", email="grace@acme.example", roles=["admin"])
        return RuleSet.objects.get(key="deal-eligibility")


def drafted(ruleset, now, document=EMPTY, actor=ada.actor):
    return actions.save_rule_draft(ruleset_id=ruleset.pk, document=document, note="", actor=actor, now=now)


class TestPublishing:
    def test_the_author_may_not_publish(self, ruleset):
        with vendor() as now:
            decision = actions.publish_rules(version_id=drafted(ruleset, now).pk, actor=ada.actor, now=now)

            assert decision.reason_keys == ("version.own_work",)
            assert published_rules("deal-eligibility")[1] == "deal-eligibility/1"
            assert AuditEntry.objects.get(action="rules.publication_refused").decision.outcome == "refused"

    def test_a_second_admin_publishes_and_the_version_before_is_retired(self, ruleset):
        with vendor() as now:
            decision = actions.publish_rules(version_id=drafted(ruleset, now).pk, actor=grace, now=now)

            assert decision.allowed
            assert published_rules("deal-eligibility") == (EMPTY, "deal-eligibility/2")
            assert RuleVersion.objects.get(ruleset=ruleset, number=1).status == "retired"
            assert rules_named("deal-eligibility/1")[0]["rules"]

    def test_whoever_wrote_in_the_draft_may_not_publish_either(self, ruleset):
        with vendor() as now:
            drafted(ruleset, now, actor=grace)
            draft = drafted(ruleset, now)
            for actor in (ada.actor, grace):
                assert actions.publish_rules(version_id=draft.pk, actor=actor, now=now).refused

    def test_the_database_refuses_it_too(self, ruleset):
        with vendor() as now:
            draft = drafted(ruleset, now)
            for publisher in (draft.author, *draft.editors):
                with pytest.raises(DatabaseError, match="maker_is_not_checker"), transaction.atomic():
                    RuleVersion.objects.filter(pk=draft.pk).update(publisher=publisher)

    def test_only_an_admin_publishes(self, ruleset):
        with vendor() as now:
            decision = actions.publish_rules(version_id=drafted(ruleset, now).pk, actor=olivia.actor, now=now)
            assert decision.reason_keys == ("version.no_admin",)

    def test_a_rule_that_can_not_be_judged_is_not_published(self, ruleset):
        with vendor() as now:
            decision = actions.publish_rules(version_id=drafted(ruleset, now, BROKEN).pk, actor=grace, now=now)
            assert decision.reason_keys == ("version.broken",)
            assert published_rules("deal-eligibility")[1] == "deal-eligibility/1"

    def test_twice_is_once(self, ruleset):
        with vendor() as now:
            draft = drafted(ruleset, now)
            actions.publish_rules(version_id=draft.pk, actor=grace, now=now)
            again = actions.publish_rules(version_id=draft.pk, actor=grace, now=now)
            assert again.reason_keys == ("version.not_draft",)

    def test_a_published_document_never_changes(self, ruleset):
        with vendor() as now:
            first = RuleVersion.objects.get(ruleset=ruleset, status="published")
            drafted(ruleset, now)
            first_again = RuleVersion.objects.get(pk=first.pk)
            assert first_again.document == first.document and first_again.number == 1
            assert not actions.discard_rule_draft(version_id=first.pk, actor=ada.actor, now=now)

    def test_retired_rules_are_in_force_no_more(self, ruleset):
        with vendor() as now:
            version = RuleVersion.objects.get(ruleset=ruleset, status="published")
            assert actions.retire_rules(version_id=version.pk, actor=ada.actor, now=now).allowed
            with pytest.raises(NoRules):
                published_rules("deal-eligibility")


class TestEditor:
    def page(self, ruleset, name):
        return reverse(f"admin:automation_ruleset_{name}", args=[ruleset.pk])

    def sent(self, *rules, **more):
        data = {
            f"{PREFIX}-TOTAL_FORMS": str(len(rules)),
            f"{PREFIX}-INITIAL_FORMS": "0",
            "otherwise": "review",
            "note": "Fewer rules",
            **more,
        }
        for at, rule in enumerate(rules):
            data |= {f"{PREFIX}-{at}-{name}": value for name, value in rule.items()}
        return data

    RULE = {
        "name": "Small deals",
        "outcome": "refuse",
        "partner": "Too small",
        "vendor": "",
        "active": "on",
        "when-0-join": "all",
        "when-0-0-field": "deal.amount",
    }

    def test_shows_every_rule_in_the_builder_and_no_json(self, ruleset):
        page = client_of(ada).get(self.page(ruleset, "draft")).content.decode()
        with vendor():
            rules = published_rules("deal-eligibility")[0]["rules"]
        for rule in rules:
            assert rule["name"] in page.replace("&#x27;", "'")
        assert "data-condition" in page and "combinator" not in page

    def test_saved_as_it_was_shown_the_document_is_the_same(self, ruleset):
        from html.parser import HTMLParser

        client = client_of(ada)
        page = client.get(self.page(ruleset, "draft")).content.decode()
        reader = Fields()
        HTMLParser.feed(reader, page)
        answer = client.post(self.page(ruleset, "draft"), {**reader.values, "note": "none", "action": "save"})
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        with vendor():
            draft = RuleVersion.objects.get(ruleset=ruleset, status="draft")
            before = published_rules("deal-eligibility")[0]
        assert [rule["when"]["rules"] for rule in draft.document["rules"]] == [
            rule["when"]["rules"] for rule in before["rules"]
        ]
        assert [rule["key"] for rule in draft.document["rules"]] == [rule["key"] for rule in before["rules"]]
        assert draft.document["otherwise"] == before["otherwise"]

    def test_a_rule_without_a_name_is_told(self, ruleset):
        answer = client_of(ada).post(
            self.page(ruleset, "draft"), self.sent({"name": "", "outcome": "refuse", "partner": "Text"})
        )
        assert answer.status_code == 200
        with vendor():
            assert not RuleVersion.objects.filter(ruleset=ruleset, status="draft").exists()

    def test_add_shows_one_more_and_saves_nothing(self, ruleset):
        answer = client_of(ada).post(self.page(ruleset, "draft"), self.sent(action="add"))
        assert f'name="{PREFIX}-0-name"' in answer.content.decode()
        with vendor():
            assert not RuleVersion.objects.filter(ruleset=ruleset, status="draft").exists()

    def test_the_author_sees_why_there_is_no_publish_button(self, ruleset):
        with vendor() as now:
            drafted(ruleset, now)
        page = client_of(ada).get(self.page(ruleset, "change")).content.decode()
        assert "another admin must publish it" in page and self.page(ruleset, "publish") not in page

    def test_a_second_admin_publishes_on_the_page(self, ruleset):
        with vendor() as now:
            drafted(ruleset, now, actor=grace)
        page = client_of(ada).post(self.page(ruleset, "publish"), follow=True).content.decode()
        assert "Version 2 is in force" in page

    def test_a_draft_waits_on_the_home_of_the_other_admins_and_not_of_those_who_wrote_it(self, ruleset):
        with vendor() as now:
            drafted(ruleset, now, actor=grace)
        assert self.page(ruleset, "change") in client_of(ada).get("/console/").content.decode()
        with vendor() as now:
            drafted(ruleset, now)
        assert self.page(ruleset, "change") not in client_of(ada).get("/console/").content.decode()
        assert self.page(ruleset, "change") not in client_of(olivia).get("/console/").content.decode()

    def test_an_auditor_reads_and_changes_nothing(self, ruleset):
        client = client_of(aud)
        assert client.get(self.page(ruleset, "change")).status_code == 200
        for name in ("draft", "publish", "discard"):
            assert client.post(self.page(ruleset, name)).status_code == 403

    def test_another_vendors_rules_are_not_there(self, ruleset):
        client = client_of(zack)
        assert [
            client.get(self.page(ruleset, "change")).status_code,
            client.get(self.page(ruleset, "draft")).status_code,
            client.post(self.page(ruleset, "publish")).status_code,
        ] == [404, 404, 404]

    def test_2_3_5_no_way_of_writing_the_id_opens_a_form_without_a_second_person(self, ruleset):
        for written in (ruleset.pk.hex, str(ruleset.pk).upper()):
            address = f"/admin/automation/ruleset/{written}/change/"
            given = {"key": "other", "name": "Other", "schema": "deal"}
            assert client_of(ada).post(address, given).status_code in (404, 405, 200)
            assert b'name="key"' not in client_of(ada).get(address).content
        with vendor():
            assert RuleSet.objects.get(pk=ruleset.pk).key == "deal-eligibility"

    def test_get_publishes_nothing(self, ruleset):
        assert client_of(ada).get(self.page(ruleset, "publish")).status_code == 405


class Fields:
    """What a browser would send of a page's form: every named control with its value."""

    def __new__(cls):
        from html.parser import HTMLParser

        class Reader(HTMLParser):
            def __init__(self):
                super().__init__()
                self.values, self._select = {}, None

            def handle_starttag(self, tag, attrs):
                at = dict(attrs)
                if tag == "select":
                    self._select = at.get("name")
                elif tag == "option" and self._select and ("selected" in at or self._select not in self.values):
                    self.values[self._select] = at.get("value", "")
                elif tag == "input" and at.get("name") and at.get("type") not in ("submit", "button"):
                    if at.get("type") not in ("checkbox", "radio"):
                        self.values[at["name"]] = at.get("value", "")
                    elif "checked" in at and at.get("type") == "checkbox":
                        self.values.setdefault(at["name"], []).append(at.get("value", "on"))
                    elif "checked" in at:
                        self.values[at["name"]] = at.get("value", "on")

            def handle_endtag(self, tag):
                if tag == "select":
                    self._select = None

        return Reader()
