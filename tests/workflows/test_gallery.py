"""Ready workflows: shown with their drawing and needs, taken up as a draft, written down in the docs."""

from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from prm.kernel.automation import registry
from tests.cast import ada, aud, client_of, olivia, vendor
from tests.workflows.things import KEEP, tree
from workflows import actions
from workflows.definition import lint, parameters_of
from workflows.definition.drawing import drawing_of
from workflows.definition.needs import needs_of
from workflows.models import Workflow, WorkflowVersion

DOCS = Path(settings.BASE_DIR) / "docs" / "workflow-templates.md"


@pytest.fixture
def things() -> str:
    registry.register_template("things", "Things", lambda: tree(KEEP), "Keeps what is found.")
    yield "things"
    del registry.templates["things"]


class TestTheGallery:
    def test_shows_every_template_with_whether_it_is_used(self, things: str):
        page = client_of(aud).get("/console/workflows/templates/").content.decode()
        assert "Deal registration" in page
        assert "Your version 1" in page
        assert "Keeps what is found." in page
        assert "Not used yet" in page

    def test_shows_one_with_diagram_needs_and_parameters(self):
        page = client_of(ada).get("/console/workflows/templates/deal-registration/")
        text = page.content.decode()
        assert "<svg" in text
        assert "Answer within" in text
        assert "8 hours" in text
        needs = dict(page.context["needs"])
        assert needs["Starts on"] == "A deal is submitted"
        assert "Approve and protect" in needs["Does"]
        assert client_of(ada).get("/console/workflows/templates/no-such/").status_code == 404

    def test_makes_a_draft_that_one_admin_may_publish(self, things: str):
        answer = client_of(ada).post("/console/workflows/templates/things/use/")
        with vendor() as now:
            draft = WorkflowVersion.objects.get(workflow__key="things")
            assert answer["Location"] == f"/console/workflows/versions/{draft.pk}/"
            assert (draft.status, draft.author) == ("draft", "template:things")
            assert actions.publish_version(version_id=draft.pk, actor=ada.actor, now=now).allowed

    def test_leaves_drafts_and_what_is_in_force_alone(self, things: str):
        with vendor() as now:
            again = actions.use_template(key="deal-registration", actor=ada.actor, now=now)
            assert again.reason_keys == ("template.in_force",)
            assert actions.use_template(key=things, actor=olivia.actor, now=now).reason_keys == (
                "workflow.not_yours_to_change",
            )
            saved = actions.save_draft(tree=tree(KEEP, {"id": "e", "type": "end"}), actor=ada.actor, now=now)
            assert actions.use_template(key=things, actor=ada.actor, now=now).reason_keys == ("workflow.draft_waits",)
            assert WorkflowVersion.objects.get(workflow__key=things).pk == UUID(saved.facts["version"])
            assert Workflow.objects.filter(key=things).count() == 1

    def test_is_for_admins_to_use(self):
        assert client_of(olivia).post("/console/workflows/templates/deal-registration/use/").status_code == 403


class TestEveryShippedTemplate:
    def test_passes_the_lint_draws_and_says_what_it_needs(self):
        for template in registry.templates.values():
            document = template.load()
            assert lint(document) == []
            assert drawing_of(document).shapes
            assert needs_of(document)
            assert len(template.description) > 40

    def test_has_its_section_in_the_docs_with_each_parameter(self):
        text = DOCS.read_text()
        for key, template in registry.templates.items():
            heading = f"## {template.label} (`{key}`)\n"
            assert heading in text, f"docs/workflow-templates.md lacks “{heading.strip()}”"
            section = text.split(heading)[1].split("\n## ")[0]
            for parameter in parameters_of(template.load()):
                assert f"| `{parameter.key}` | {parameter.label} |" in section
