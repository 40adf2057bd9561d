"""Gallery, settings, comparison, coverage, workload and handing over, as people see them on desk and phone."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, barriers, too_wide
from tests.cast import ada, cedar, mia, olivia, vendor
from tests.dealreg.deals import submitted
from workflows import actions
from workflows.models import HumanTask, WorkflowVersion

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("PRM_SHOTS", "")


@pytest.fixture
def waiting(worker: Any) -> WorkflowVersion:
    """Two large deals wait for Mia, one of them late; a draft of the workflow waits as well."""
    for number in (1, 2):
        submitted(cedar, customer_name=f"Nordwind Logistik {number} AG", customer_domain="", amount="150000")
    worker.pass_by()
    with vendor() as now:
        for task in HumanTask.objects.all():
            actions.assign_task(task_id=task.pk, membership_id=mia.membership_id, actor=olivia.actor, now=now)
        version = WorkflowVersion.objects.get(workflow__key="deal-registration")
        values = {"answer_minutes": 240}
        actions.set_parameters(version_id=version.pk, values=values, actor=ada.actor, now=now)
        return WorkflowVersion.objects.get(workflow__key="deal-registration", status="draft")


def seen(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
    assert barriers(page) == []
    assert too_wide(page) == 0


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_page_reads_well_and_fits(open_as: Open, waiting: WorkflowVersion, size: str):
    for name, path in {
        "gallery": "/console/workflows/templates/",
        "template": "/console/workflows/templates/deal-registration/",
        "version": f"/console/workflows/versions/{waiting.pk}/",
        "settings": f"/console/workflows/versions/{waiting.pk}/parameters/",
        "compared": f"/console/workflows/versions/{waiting.pk}/compared/",
        "covered": f"/console/workflows/versions/{waiting.pk}/covered/",
        "workload": "/console/workload/",
        "move": f"/console/workload/move/?from={mia.membership_id}&to=role:ops",
        "queue": f"/console/queue/?owner={mia.membership_id}",
    }.items():
        seen(open_as(ada, path, size=size), f"{size}-{name}")


def test_tasks_are_picked_looked_at_and_handed_over(open_as: Open, waiting: WorkflowVersion):
    page = open_as(olivia, "/console/queue/")
    page.get_by_role("checkbox", name="Nordwind Logistik 1 AG").check()
    page.get_by_role("button", name="Hand over…").click()
    expect(page.get_by_role("heading", name="Hand over")).to_be_visible()
    page.get_by_label("To whom?").select_option(label="Role: Operations manager")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Hand 1 over").click()
    expect(page.get_by_role("heading", name="Workload")).to_be_visible()
    with vendor():
        assert sorted(HumanTask.objects.values_list("role", flat=True)) == ["", "ops"]


def test_a_view_of_ones_own_is_saved_and_forgotten(open_as: Open, waiting: WorkflowVersion):
    page = open_as(olivia, "/console/queue/")
    page.get_by_text("Narrow and save").click()
    page.get_by_label("Whose").select_option(label="Mia")
    page.get_by_label("Name of the view").fill("Of Mia")
    page.get_by_role("button", name="Save this view").click()
    tab = page.get_by_role("link", name="Of Mia 2")
    expect(tab).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Forget this view").click()
    expect(tab).to_have_count(0)


def test_values_are_set_by_form_and_show_as_a_difference(open_as: Open, waiting: WorkflowVersion):
    page = open_as(ada, f"/console/workflows/versions/{waiting.pk}/")
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Answer within").fill("120")
    page.get_by_role("button", name="Save as a draft").click()
    page.get_by_role("link", name="What changed").click()
    expect(page.get_by_role("cell", name="120", exact=True)).to_be_visible()
