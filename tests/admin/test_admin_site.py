"""The vendor's admin: who enters, what they may change, and that every change is in the audit."""

import pytest
from django.contrib import admin
from django.urls import reverse

from partners.models import Partner, Tier, TierBenefit
from prm.kernel.admin import TenantModelAdmin
from prm.kernel.audit.models import AuditEntry
from prm.kernel.events.models import EventRow
from prm.kernel.reference.models import Calendar, ExchangeRate, Holiday, Territory
from prm.kernel.tenancy.wall import tenant_models
from tests.cast import acme, ada, aud, birch, bo, cam, client_of, finn, olivia, vendor, zack, zenith, zoe


def url(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def pk_of(model, tenant=acme, **where):
    with vendor(tenant):
        return model.objects.filter(**where).first().pk


class TestWhoEnters:
    @pytest.mark.parametrize("who", [olivia, cam, finn, zoe])
    def test_not_without_the_role(self, who):
        assert client_of(who).get("/admin/").status_code == 403

    def test_not_a_partner(self):
        assert client_of(bo).get("/admin/").status_code in (302, 403)

    def test_nobody_who_is_not_signed_in(self, client):
        answer = client.get("/admin/partners/tier/")
        assert answer.status_code == 302 and answer.url.startswith("/account/login/?next=/admin/")

    @pytest.mark.parametrize("who", [ada, aud])
    def test_admins_and_auditors(self, who):
        page = client_of(who).get("/admin/").content.decode()
        assert "Tiers" in page and "Territories" in page

    def test_a_lost_role_shuts_it_with_the_next_request(self):
        from prm.kernel.identity.models import Membership

        client = client_of(ada)
        assert client.get("/admin/").status_code == 200
        with vendor():
            Membership.objects.filter(pk=ada.membership_id).update(roles=["ops"])
        assert client.get("/admin/").status_code == 403


class TestEveryPage:
    def test_only_our_own_base_is_registered_and_only_for_tenant_tables(self):
        owned = set(tenant_models())
        for model, page in admin.site._registry.items():
            assert isinstance(page, TenantModelAdmin) and model in owned, model

    @pytest.mark.parametrize(
        "model", sorted(admin.site._registry, key=lambda m: m._meta.label), ids=lambda m: m._meta.label
    )
    def test_lists_and_adds(self, model):
        client = client_of(ada)
        assert client.get(url(model)).status_code == 200
        assert client.get(url(model, "add")).status_code in (200, 403)

    @pytest.mark.parametrize("model", [Tier, Territory, Calendar, Partner], ids=lambda m: m._meta.label)
    def test_a_foreign_row_is_not_there(self, model):
        foreign = pk_of(model, zenith)
        answer = client_of(ada).get(url(model, "change", foreign))
        assert answer.status_code in (302, 404)
        assert client_of(ada).post(url(model, "delete", foreign), {"post": "yes"}).status_code in (302, 403, 404)
        with vendor(zenith):
            assert model.objects.filter(pk=foreign).exists()

    def test_foreign_choices_are_not_offered(self):
        from prm.kernel.reference.models import Program

        page = client_of(ada).get(url(Tier, "add")).content.decode()
        assert str(pk_of(Program, zenith)) not in page and str(pk_of(Program, acme)) in page


class TestChanging:
    def form(self, tier, **changes):
        return {
            "program": tier.program_id,
            "code": tier.code,
            "name": tier.name,
            "rank": tier.rank,
            "colour": tier.colour,
            "protection_days": tier.protection_days,
            "discount": tier.discount,
            "auto_approve_limit": "60000",
            "benefits-TOTAL_FORMS": "0",
            "benefits-INITIAL_FORMS": "0",
            **changes,
        }

    def test_a_change_is_in_the_audit_and_not_in_djangos_log(self):
        with vendor():
            gold = Tier.objects.get(code="gold")
        answer = client_of(ada).post(url(Tier, "change", gold.pk), self.form(gold, name="Premium"))

        assert answer.status_code == 302
        with vendor():
            entry = AuditEntry.objects.get(action="configuration.changed", target_id=gold.pk)
            assert (entry.actor_name, entry.before["name"], entry.after["name"]) == ("Ada", "Gold", "Premium")
            assert entry.after["auto_approve_limit"] == "60000"

    def test_rows_below_are_kept_and_dropped_with_it(self):
        with vendor():
            gold = Tier.objects.get(code="gold")
            benefits = list(gold.benefits.all())
        rows = {
            "benefits-TOTAL_FORMS": "4",
            "benefits-INITIAL_FORMS": "3",
            "benefits-3-text": "A dinner",
            "benefits-3-position": "9",
            "benefits-3-tier": gold.pk,
            "benefits-0-DELETE": "on",
        }
        for at, benefit in enumerate(benefits):
            rows |= {
                f"benefits-{at}-id": benefit.pk,
                f"benefits-{at}-tier": gold.pk,
                f"benefits-{at}-text": benefit.text,
                f"benefits-{at}-position": benefit.position,
            }
        client_of(ada).post(url(Tier, "change", gold.pk), self.form(gold, **rows))
        with vendor():
            texts = set(TierBenefit.objects.filter(tier=gold).values_list("text", flat=True))
            assert "A dinner" in texts and benefits[0].text not in texts and len(texts) == 3
            assert AuditEntry.objects.filter(action="configuration.removed", target_id=benefits[0].pk).exists()

    def test_a_new_row_belongs_to_the_vendor_whatever_is_sent(self):
        client_of(ada).post(
            url(Territory, "add"), {"code": "apac", "name": "APAC", "countries": "jp, SG", "tenant": str(zenith.id)}
        )
        with vendor(acme):
            assert Territory.objects.get(code="apac").countries == ["JP", "SG"]
        with vendor(zenith):
            assert not Territory.objects.filter(code="apac").exists()

    @pytest.mark.parametrize(
        ("model", "data", "told"),
        [
            (Territory, {"code": "x", "name": "X", "countries": "DE"}, "belongs to DACH already"),
            (Territory, {"code": "x", "name": "X", "countries": "Germany"}, "at most 2 characters"),
            (Territory, {"code": "dach", "name": "X", "countries": "JP"}, "code"),
            (ExchangeRate, {"currency": "XXQ", "valid_from": "2026-01-01", "rate": "1.1"}, "ISO 4217"),
            (ExchangeRate, {"currency": "USD", "valid_from": "2026-01-01", "rate": "-1"}, "greater than or equal"),
        ],
    )
    def test_what_can_not_be_is_refused_on_the_form(self, model, data, told):
        answer = client_of(ada).post(url(model, "add"), data)
        assert answer.status_code == 200 and told in answer.content.decode()

    def test_an_auditor_changes_nothing(self):
        with vendor():
            gold = Tier.objects.get(code="gold")
        client = client_of(aud)
        assert client.get(url(Tier, "change", gold.pk)).status_code == 200
        assert client.post(url(Tier, "change", gold.pk), self.form(gold, name="Mine")).status_code == 403
        assert client.get(url(Tier, "add")).status_code == 403
        assert client.post(url(Tier, "delete", gold.pk), {"post": "yes"}).status_code == 403

    def test_a_row_in_use_is_not_deleted_and_says_where(self):
        silver = pk_of(Tier, code="silver")
        page = client_of(ada).post(url(Tier, "delete", silver), {"post": "yes"}).content.decode()
        assert "protected related objects" in page and "Birch Systems" in page
        with vendor():
            assert Tier.objects.filter(pk=silver).exists()

    def test_a_row_that_nobody_uses_is_deleted_with_its_trace(self):
        gold = pk_of(Tier, code="gold")
        client_of(ada).post(url(Tier, "delete", gold), {"post": "yes"})
        with vendor():
            assert not Tier.objects.filter(pk=gold).exists()
            assert AuditEntry.objects.get(action="configuration.removed", target_id=gold).before["code"] == "gold"

    def test_history_shows_the_audit(self):
        with vendor():
            gold = Tier.objects.get(code="gold")
        client = client_of(ada)
        client.post(url(Tier, "change", gold.pk), self.form(gold, name="Premium"))
        assert "Premium" in client.get(url(Tier, "history", gold.pk)).content.decode()


class TestPartners:
    def test_saving_goes_through_the_action_and_leaves_the_state_alone(self):
        data = {
            "name": "Birch Group",
            "kind": "reseller",
            "country": "DE",
            "status": "terminated",
            "domain": "birch.example",
        }
        assert client_of(ada).post(url(Partner, "change", birch.id), data).status_code == 302
        with vendor():
            saved = Partner.objects.get(pk=birch.id)
            assert (saved.name, saved.status, saved.cam_id) == ("Birch Group", "active", cam.membership_id)
            assert EventRow.objects.filter(name="partners.partner.updated", subject_id=birch.id).count() == 1

    def test_adding_makes_a_prospect(self):
        client_of(ada).post(url(Partner, "add"), {"name": "Alder", "kind": "reseller"})
        with vendor():
            assert Partner.objects.get(name="Alder").status == "prospect"

    def test_none_is_deleted(self):
        assert client_of(ada).post(url(Partner, "delete", birch.id), {"post": "yes"}).status_code == 403


class TestCalendars:
    def test_seeds_the_holidays_of_a_country_once(self):
        office = pk_of(Calendar)
        address = reverse("admin:reference_calendar_seed", args=[office])
        data = {"country": "fr", "first": "2031", "last": "2031"}
        client = client_of(ada)
        client.post(address, data)
        with vendor():
            count = Holiday.objects.filter(day__year=2031).count()
            assert Holiday.objects.filter(day="2031-07-14").exists()
        client.post(address, data)
        with vendor():
            assert Holiday.objects.filter(day__year=2031).count() == count

    @pytest.mark.parametrize(
        "data", [{"country": "QQ", "first": "2031", "last": "2031"}, {"country": "DE", "first": "2031", "last": "2030"}]
    )
    def test_says_what_is_wrong(self, data):
        page = client_of(ada).post(reverse("admin:reference_calendar_seed", args=[pk_of(Calendar)]), data)
        assert page.status_code == 200 and "field-error" in page.content.decode()

    def test_an_auditor_and_another_vendor_seed_nothing(self):
        address = reverse("admin:reference_calendar_seed", args=[pk_of(Calendar)])
        for who in (aud, zack):
            client_of(who).post(address, {"country": "FR", "first": "2031", "last": "2031"})
        with vendor():
            assert not Holiday.objects.filter(day__year=2031).exists()
