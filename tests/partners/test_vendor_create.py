"""A vendor of one's own, from nothing, with the product's own commands."""

from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from partners.models import Tier
from prm import setup
from prm.kernel.automation import actions as automation
from prm.kernel.automation import checklist, registry
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.automation.queries import published_rules
from prm.kernel.conditions import schema_named, validate_rules
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import Calendar, Holiday, Program, Territory
from prm.kernel.tenancy.context import NoTenant, acting
from prm.kernel.tenancy.models import Tenant


def vendor_command(*arguments):
    out = StringIO()
    call_command("vendor", *arguments, stdout=out)
    return out.getvalue()


def made(**changes):
    return setup.create_vendor(**{"name": "Nova", "slug": "nova", "admin_email": "nina@nova.example", **changes})


class TestCreate:
    def test_leaves_a_vendor_that_can_begin_and_a_link_for_its_admin(self):
        said = vendor_command("create", "--name", "Nova", "--slug", "nova", "--admin-email", "nina@nova.example")

        link = next(word for word in said.split() if "/account/invitation/" in word)
        path = link.partition("/account/")[2]
        assert Client().get(f"/account/{path}", follow=True).status_code == 200
        with acting(tenant=Tenant.objects.get(slug="nova").pk, audience="vendor"):
            assert Program.objects.get().currency == "EUR"
            assert list(Tier.objects.order_by("rank").values_list("code", flat=True)) == ["bronze", "silver", "gold"]
            assert Calendar.objects.get().days == [0, 1, 2, 3, 4]
            assert Holiday.objects.filter(day__month=10, day__day=3).exists()
            assert Territory.objects.filter(countries__contains=["AT"]).count() == 1

    def test_publishes_version_one_of_every_shipped_rule_set(self):
        with acting(tenant=made().tenant.pk, audience="vendor"):
            for shipped in registry.shipped_rules.values():
                document, name = published_rules(shipped.key)
                assert name == f"{shipped.key}/1"
                assert validate_rules(document, schema_named(shipped.schema)) == []
            assert RuleVersion.objects.exclude(status="published").count() == 0

    def test_takes_holidays_and_currency_of_its_country(self):
        tenant = made(country="US", currency="USD", time_zone="America/New_York").tenant
        with acting(tenant=tenant.pk, audience="vendor"):
            assert Holiday.objects.filter(day__month=7, day__day=4).exists()
            assert (Program.objects.get().currency, Calendar.objects.get().time_zone) == ("USD", "America/New_York")

    def test_configured_again_stays_as_it_was(self):
        tenant = made().tenant
        with acting(tenant=tenant.pk, audience="vendor") as now:
            Tier.objects.filter(code="gold").update(discount=33)
            setup.configure_vendor(now=now)
            assert Tier.objects.get(code="gold").discount == 33
            assert Tier.objects.count() == 3

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"slug": "acme"}, "already"),
            ({"slug": "not a slug"}, "slug"),
            ({"currency": "XXQ"}, "ISO 4217"),
            ({"time_zone": "Mars/Olympus"}, "time zone"),
            ({"language": "tlh"}, "language"),
            ({"admin_email": ""}, "email"),
            ({"country": "QQ"}, "holidays"),
        ],
    )
    def test_refuses_what_can_not_be_with_a_sentence_and_makes_nothing(self, changes, told):
        with pytest.raises(ValidationError, match=told):
            made(**changes)
        assert Tenant.objects.filter(slug=changes.get("slug", "nova")).count() == (changes.get("slug") == "acme")

    def test_the_command_tells_a_mistake_in_one_sentence(self):
        with pytest.raises(CommandError, match="already"):
            vendor_command("create", "--name", "A", "--slug", "acme", "--admin-email", "a@acme.example")


class TestSuspend:
    def test_shuts_a_vendor_until_it_is_resumed(self):
        tenant = made().tenant
        vendor_command("suspend", "nova")
        with pytest.raises(NoTenant), acting(tenant=tenant.pk, audience="vendor"):
            pass
        vendor_command("resume", "nova")
        with acting(tenant=tenant.pk, audience="vendor"):
            assert Program.objects.exists()

    def test_list_shows_every_vendor_with_its_state(self):
        vendor_command("suspend", "zenith")
        assert [line.split()[:2] for line in vendor_command("list").splitlines()] == [
            ["acme", "active"],
            ["zenith", "suspended"],
        ]

    def test_says_when_there_is_no_such_vendor(self):
        with pytest.raises(CommandError, match="no such vendor"):
            vendor_command("suspend", "nobody")


class TestSecondPerson:
    def test_the_operator_publishes_for_a_vendor_with_one_admin(self):
        tenant = made().tenant
        nina = Actor(kind="person", id="nina", name="Nina", roles=frozenset({"admin"}))
        with acting(tenant=tenant.pk, audience="vendor") as now:
            ruleset = RuleSet.objects.first()
            draft = automation.save_rule_draft(
                ruleset_id=ruleset.pk,
                document={"rules": [], "otherwise": "review"},
                note="All to people",
                actor=nina,
                now=now,
            )
            refused = automation.publish_rules(version_id=draft.pk, actor=nina, now=now)
        assert refused.reason_keys == ("version.own_work",)

        said = vendor_command("publish", "nova", ruleset.key, "--operator", "Pat")
        assert said.strip() == f"{ruleset.key}/2 is in force."
        with acting(tenant=tenant.pk, audience="vendor"):
            assert RuleVersion.objects.get(status="published").publisher_name == "Pat (operator)"


class TestChecklist:
    def test_tells_a_new_vendor_what_is_missing_from_its_real_state(self):
        with acting(tenant=made().tenant.pk, audience="vendor"):
            standing = {one.step.key: one.done for one in checklist.standing()}

        assert standing["program"] and standing["tiers"] and standing["calendar"] and standing["rules"]
        assert not standing["second_admin"] and not standing["deal_desk"] and not standing["partners"]

    def test_every_step_leads_somewhere(self):
        with acting(tenant=made().tenant.pk, audience="vendor"):
            assert [one.step.key for one in checklist.standing() if not one.url] == []
