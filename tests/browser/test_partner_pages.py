"""Partners' pages, the set-up and the admin in a real browser: no barriers, no faults, nothing too wide."""

import os

import pytest
from django.urls import reverse

from partners.models import Partner, Tier
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.reference.models import Calendar
from tests.browser.conftest import barriers, too_wide
from tests.cast import ada, bea, birch, vendor

pytestmark = pytest.mark.browser

PAGES = {
    "directory": "/console/partners/",
    "record": f"/console/partners/{birch.id}/",
    "edit": f"/console/partners/{birch.id}/edit/",
    "enrol": f"/console/partners/{birch.id}/enrol/",
    "tiers": "/console/tiers/",
    "checklist": "/console/setup/",
    "imports": "/console/setup/import/",
    "admin": "/admin/",
    "admin-list": "/admin/partners/tier/",
    "admin-search": "/admin/partners/partner/",
    "admin-add": "/admin/reference/territory/add/",
}
OF_PARTNER = {"company": "/portal/company/", "our-tier": "/portal/tier/"}


def look(page, name):
    """Keeps a picture when somebody wants to look: LOOK=folder."""
    if folder := os.environ.get("LOOK"):
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("name", [*PAGES, *OF_PARTNER])
class TestEveryPage:
    def test_has_no_barriers_and_fits(self, open_as, name, size):
        who, path = (ada, PAGES[name]) if name in PAGES else (bea, OF_PARTNER[name])
        page = open_as(who, path, size=size, scheme="dark" if size == "phone" else "light")
        look(page, f"{name}-{size}")
        assert barriers(page) == []
        assert too_wide(page) == 0


class TestRecord:
    def test_changes_the_tier_in_a_dialog(self, open_as):
        page = open_as(ada, PAGES["record"])
        page.get_by_role("button", name="Change tier").first.click()
        page.locator("dialog[open]").get_by_label("Tier").select_option(label="Gold")
        look(page, "dialog")
        assert barriers(page) == []
        page.locator("dialog[open]").get_by_role("button", name="Change tier").click()
        page.get_by_text("The tier is changed.").wait_for()
        with vendor():
            assert Tier.objects.get(enrolments__partner_id=birch.id).code == "gold"


class TestImport:
    def test_goes_from_a_file_to_partners(self, open_as):
        page = open_as(ada, PAGES["imports"])
        page.set_input_files(
            "input[type=file]",
            {"name": "list.csv", "mimeType": "text/csv", "buffer": b"Company;Tier;Land\nAlder;Gold;DE\nElm;Brass;AT\n"},
        )
        page.get_by_role("button", name="Read the file").click()
        page.get_by_text("Which heading is what?").wait_for()
        look(page, "import-map")
        assert barriers(page) == []
        page.get_by_role("button", name="Check the file").click()
        page.get_by_role("button", name="Bring in 1 row").wait_for()
        look(page, "import-checked")
        assert barriers(page) == []
        page.get_by_role("button", name="Bring in 1 row").click()
        page.get_by_text("Some rows are not in").wait_for()
        with vendor():
            assert Partner.objects.get(name="Alder").status == "active"


class TestAdmin:
    def test_a_record_with_rows_below_is_edited(self, open_as):
        with vendor():
            gold, office = Tier.objects.get(code="gold"), Calendar.objects.get()
        page = open_as(ada, reverse("admin:partners_tier_change", args=[gold.pk]))
        look(page, "admin-tier")
        assert barriers(page) == []
        page.get_by_role("button", name="Add another Benefit").click()
        page.locator("[name=benefits-3-text]").fill("A dinner")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("was changed successfully").wait_for()
        page = open_as(ada, reverse("admin:reference_calendar_change", args=[office.pk]))
        look(page, "admin-calendar")
        with vendor():
            assert gold.benefits.filter(text="A dinner").exists()

    def test_rules_are_changed_without_a_line_of_json(self, open_as):
        with vendor():
            ruleset = RuleSet.objects.get(key="deal-eligibility")
        page = open_as(ada, reverse("admin:automation_ruleset_change", args=[ruleset.pk]))
        look(page, "ruleset")
        assert barriers(page) == []
        page.get_by_role("link", name="Change the rules").click()
        rule = page.locator("details.rule-card").filter(has_text="Minimum amount").first
        rule.locator("summary").click()
        rule.locator("input[name$='-when-0-0-value'], .condition-value input").first.fill("2500")
        rule.get_by_text("2,500").first.wait_for()
        look(page, "draft")
        assert barriers(page) == []
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_text("another admin must publish it").or_(page.get_by_text("are the only admin")).wait_for()
        look(page, "ruleset-draft")
        with vendor():
            assert "2500" in str(RuleVersion.objects.get(ruleset=ruleset, status="draft").document)
