"""What the vendor's people and a partner's people see of partners, and what they may do there."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from partners import actions
from partners.models import Enrolment, ImportBatch, Partner, Tier, Watch
from prm.kernel.audit.models import AuditEntry
from tests.cast import (
    acme,
    ada,
    aud,
    bea,
    birch,
    bo,
    cam,
    cedar,
    client_of,
    cy,
    finn,
    olivia,
    vendor,
    zack,
    zenith,
    zinc,
    zoe,
)


def of(name, partner=birch):
    return reverse(f"partners_console:{name}", args=[partner.id])


class TestDirectory:
    def test_shows_this_vendors_partners_alone(self):
        page = client_of(olivia).get(reverse("partners_console:list")).content.decode()
        assert "Birch Systems" in page and "Cedar Networks" in page and "Zinc" not in page

    def test_filters_by_the_tier_held(self):
        with vendor():
            gold = Tier.objects.get(code="gold")
            Enrolment.objects.filter(partner_id=cedar.id).update(tier=gold)
        page = client_of(olivia).get(reverse("partners_console:list"), {"tier": str(gold.pk)}).content.decode()
        assert "Cedar Networks" in page and "Birch Systems" not in page

    def test_costs_the_same_queries_however_many_partners(self, django_assert_max_num_queries):
        with vendor() as now:
            for number in range(25):
                actions.create_partner(name=f"Partner {number}", actor=olivia.actor, now=now)
        client = client_of(olivia)
        with django_assert_max_num_queries(25):
            assert client.get(reverse("partners_console:list")).status_code == 200


class TestRecord:
    def test_tells_what_the_partner_is_and_its_story(self):
        page = client_of(olivia).get(of("partner")).content.decode()
        for told in ("Birch Systems", "Silver", "90 days", "Cam", "bo@birch.example", "Enrolled", "DACH"):
            assert told in page
        assert "tier: – → Silver" in page

    def test_a_foreign_partner_and_a_missing_one_answer_alike(self):
        client = client_of(olivia)
        assert {
            client.get(of("partner", zinc)).status_code,
            client.get(reverse("partners_console:partner", args=[uuid4()])).status_code,
        } == {404}

    @pytest.mark.parametrize("name", ["suspend", "reactivate", "terminate", "watch", "cam"])
    def test_nothing_can_be_done_to_a_foreign_partner(self, name):
        assert client_of(zoe).post(of(name), {"reason": "x"}).status_code == 404
        with vendor():
            assert Partner.objects.get(pk=birch.id).status == "active"
            assert not Watch.objects.exists()

    def test_suspends_with_a_reason_and_shows_it_in_the_story(self):
        client = client_of(olivia)
        page = client.post(of("suspend"), {"reason": "Unpaid invoices"}, follow=True).content.decode()
        assert "Suspended" in page and "Unpaid invoices" in page

    def test_a_refusal_says_why(self):
        page = client_of(olivia).post(of("suspend"), {"reason": ""}, follow=True).content.decode()
        assert "Say why" in page

    def test_changes_tier_and_channel_manager(self):
        client = client_of(olivia)
        with vendor():
            gold = Tier.objects.get(code="gold")
        client.post(reverse("partners_console:tier", args=[birch.id, gold.program_id]), {"tier": gold.pk})
        client.post(of("cam"), {"cam": ""})
        with vendor():
            assert Enrolment.objects.get(partner_id=birch.id).tier == gold
            assert Partner.objects.get(pk=birch.id).cam_id is None

    @pytest.mark.parametrize("who", [finn, aud, cam])
    def test_only_admin_and_operations_decide(self, who):
        assert client_of(who).post(of("suspend"), {"reason": "x"}).status_code == 403
        with vendor():
            assert AuditEntry.objects.filter(action="access.denied", actor_name=who.name).exists()

    def test_get_changes_nothing(self):
        assert client_of(ada).get(of("suspend")).status_code == 405

    def test_text_stays_text(self):
        with vendor() as now:
            actions.update_partner(
                partner_id=birch.id, changes={"name": "<script>alert(1)</script>"}, actor=ada.actor, now=now
            )
        assert "<script>alert(1)" not in client_of(olivia).get(of("partner")).content.decode()

    def test_the_partner_sees_nothing_of_being_watched(self):
        client_of(olivia).post(of("watch"), {"reason": "Grey imports"})
        for url in ("partners_portal:company", "partners_portal:tier"):
            assert "Grey imports" not in client_of(bea).get(reverse(url)).content.decode()


class TestForms:
    def test_8_2_1_no_form_gives_a_tier_to_whoever_may_not_decide_on_tiers(self):
        with vendor():
            held = Enrolment.objects.get(partner_id=birch.id)
            best = Tier.objects.filter(program_id=held.program_id).exclude(pk=held.tier_id).order_by("-rank")[0]
        form = {"program": held.program_id, "tier": best.pk}
        page = client_of(cam).post(reverse("partners_console:enrol", args=[birch.id]), form)

        assert page.status_code == 200 and b"Your roles don" in page.content
        with vendor():
            assert Enrolment.objects.get(partner_id=birch.id).tier_id == held.tier_id
        assert client_of(olivia).post(reverse("partners_console:enrol", args=[birch.id]), form).status_code == 302

    def test_add_enrol_edit(self):
        client = client_of(olivia)
        answer = client.post(
            reverse("partners_console:new"),
            {"name": "Alder", "kind": "reseller", "country": "de", "external_id": "A-1"},
        )
        with vendor():
            alder = Partner.objects.get(name="Alder")
            tier = Tier.objects.get(code="bronze")
        assert answer.url == reverse("partners_console:partner", args=[alder.pk])
        client.post(reverse("partners_console:enrol", args=[alder.pk]), {"program": tier.program_id, "tier": tier.pk})
        client.post(
            reverse("partners_console:edit", args=[alder.pk]), {"name": "Alder AG", "kind": "reseller", "country": "CH"}
        )
        with vendor():
            alder.refresh_from_db()
            assert (alder.name, alder.country, alder.status, alder.external_id) == ("Alder AG", "CH", "active", "")

    def test_a_reference_that_is_taken_is_told_on_the_form(self):
        with vendor() as now:
            actions.create_partner(name="Elm", external_id="E-1", actor=olivia.actor, now=now)
        page = client_of(olivia).post(
            reverse("partners_console:new"), {"name": "Fir", "kind": "reseller", "external_id": "E-1"}
        )
        assert "Another partner has this reference" in page.content.decode()

    def test_extra_fields_are_ignored(self):
        client_of(olivia).post(
            of("edit"),
            {"name": "Birch", "kind": "reseller", "status": "terminated", "cam": "", "tenant": str(zenith.id)},
        )
        with vendor(acme):
            birch_now = Partner.objects.get(pk=birch.id)
            assert (birch_now.name, birch_now.status, birch_now.cam_id) == ("Birch", "active", cam.membership_id)


class TestPortal:
    def test_company_shows_profile_people_and_channel_manager(self):
        page = client_of(bo).get(reverse("partners_portal:company")).content.decode()
        for told in ("Birch Systems", "Bea", "Bo", "cam@acme.example", "Partner admin"):
            assert told in page
        assert "Cedar" not in page and not re.search(r"\bCy\b", page)

    def test_our_tier_says_where_we_stand(self):
        page = client_of(cy).get(reverse("partners_portal:tier")).content.decode()
        assert "You are here" in page and "Gold" in page and "50,000" not in page

    def test_the_console_is_not_for_partners(self):
        assert client_of(bo).get(reverse("partners_console:list")).status_code in (302, 403)


class TestImportPages:
    def upload(self, client, text, name="partners.csv", kind="partners"):
        from django.core.files.uploadedfile import SimpleUploadedFile

        data = text if isinstance(text, bytes) else text.encode()
        return client.post(
            reverse("partners_console:import_upload"), {"kind": kind, "file": SimpleUploadedFile(name, data)}
        )

    def test_upload_map_check_run_and_get_the_problems_back(self):
        client = client_of(olivia)
        page = self.upload(client, "Title,Ref,Land\n=Alder,A-1,DE\n,A-2,DE\nElm,A-3,Nowhere\n").url
        assert "Check the file" in client.get(page).content.decode()

        client.post(page, {"action": "check", "name": "0", "external_id": "1", "country": "2"})
        checked = client.get(page).content.decode()
        assert "Bring in 1 row" in checked and "This must not be empty." in checked

        client.post(page, {"action": "run"})
        with vendor():
            assert Partner.objects.get(external_id="A-1").name == "=Alder"
        back = client.get(page + "problems.csv")
        assert back["Content-Disposition"].startswith("attachment")
        lines = back.content.decode("utf-8-sig").splitlines()
        assert lines[0] == "Title,Ref,Land,Line,Problem"
        assert lines[1] == ",A-2,DE,3,Name: This must not be empty."

    def test_no_cell_of_the_problems_is_a_formula(self):
        client = client_of(olivia)
        page = self.upload(client, "name,country\n=HYPERLINK(1),Nowhere\n").url
        client.post(page, {"action": "check", "name": "0", "country": "1"})
        assert "'=HYPERLINK(1)" in client.get(page + "problems.csv").content.decode()

    @pytest.mark.parametrize(
        ("name", "data", "told"),
        [
            ("x.xlsx", b"PK\x03\x04", "no .csv file"),
            ("x.csv", b"PK\x03\x04", "Excel"),
            ("x.csv", b"a,b\n", "headings only"),
            ("x.csv", b"a\n" + b"b" * (5 * 1024 * 1024), "larger than 5 MB"),
        ],
    )
    def test_a_file_of_the_wrong_kind_gets_a_clear_answer(self, name, data, told):
        answer = self.upload(client_of(olivia), data, name)
        assert answer.status_code == 422 and told in answer.content.decode()

    def test_a_required_column_must_be_mapped(self):
        client = client_of(olivia)
        page = self.upload(client, "a,b\n1,2\n").url
        answer = client.post(page, {"action": "check", "external_id": "0"})
        assert answer.status_code == 422
        with vendor():
            assert ImportBatch.objects.get().state == "uploaded"

    def test_a_heading_is_used_once(self):
        client = client_of(olivia)
        page = self.upload(client, "a,b\n1,2\n").url
        answer = client.post(page, {"action": "check", "name": "0", "city": "0"})
        assert "is used for" in answer.content.decode()

    def test_another_vendors_import_is_not_there(self):
        page = self.upload(client_of(olivia), "name\nAlder\n").url
        foreign = client_of(zack)
        assert [
            foreign.get(page).status_code,
            foreign.get(page + "problems.csv").status_code,
            foreign.post(page, {"action": "run"}).status_code,
        ] == [404, 404, 404]

    def test_only_admin_and_operations_import(self):
        assert self.upload(client_of(finn), "name\nAlder\n").status_code == 403
        assert client_of(finn).get(reverse("partners_console:imports")).status_code == 403


class TestChecklistPage:
    def test_shows_what_is_missing_and_where_to_do_it(self):
        page = client_of(ada).get(reverse("partners_console:setup")).content.decode()
        assert "A second admin" in page and reverse("identity:console_people") in page
