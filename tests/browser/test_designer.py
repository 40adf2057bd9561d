"""The designer in a browser: the same workflow by mouse on the diagram and by keyboard on a phone's outline."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from prm.kernel.identity.models import Membership
from tests.browser.conftest import SIZES, barriers, too_wide
from tests.cast import acme, ada, birch, olivia, vendor
from tests.dealreg.deals import submitted
from workflows import actions
from workflows.models import Run, Workflow, WorkflowVersion

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS", "")
GAP = """place => {
  const gaps = [];
  const walk = (list, path) => {
    for (const step of list)
      Object.values(step.branches || {}).forEach((way, n) => walk(way, step.properties.ways[n]));
    for (let n = 0; n <= list.length; n += 1) gaps.push(`${path}:${n}`);
  };
  walk(JSON.parse(document.getElementById('design-drawing').dataset.steps), 'blocks');
  const drawn = document.querySelectorAll('#canvas .sqd-placeholder-rect')[gaps.indexOf(place)];
  const box = drawn?.getBoundingClientRect();
  return box ? {x: box.x + box.width / 2, y: box.y + box.height / 2} : null;
}"""


@pytest.fixture(autouse=True)
def second_admin(the_world: None) -> None:
    """Olivia may publish what Ada has drawn."""
    with vendor(acme):
        Membership.objects.filter(pk=olivia.membership_id).update(roles=["ops", "admin"])


@pytest.fixture
def violations() -> Iterator[list[str]]:
    """What the Content-Security-Policy had to stop."""
    found: list[str] = []
    yield found
    assert found == []


def shot(page: Page, name: str) -> None:
    """A picture to look at, where SHOTS says."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), caret="initial")


def whole(page: Page) -> Page:
    """The page as tall as it is, so that the bars at its edges hide half of nothing."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height + 120})  # type: ignore[index]
    return page


def begin(page: Page, name: str) -> None:
    """An empty draft, by the page's own form."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Starts when").select_option("dealreg.deal.submitted")
    page.get_by_role("button", name="Open the designer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def settled(page: Page) -> None:
    """Nothing is on its way to the server or back."""
    expect(page.locator("html.htmx-busy")).to_have_count(0, timeout=20_000)
    expect(page.locator(".htmx-request, .htmx-settling, .htmx-swapping")).to_have_count(0)
    page.wait_for_timeout(60)


class Diagram:
    """Building by mouse: drag from the palette, click, and type into the form."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def add(self, kind: str, place: str) -> None:
        """Drag a block of this kind to the gap of that list and index, and let go."""
        page = self.page
        x, y = self._gap(place)
        item = page.locator(f"[data-drag='{kind}']")
        item.scroll_into_view_if_needed()
        box = item.bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 15)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
        page.mouse.move(x, y, steps=6)
        page.mouse.up()
        settled(page)

    def _gap(self, place: str) -> tuple[float, float]:
        """The middle of a gap between blocks; gaps are drawn list by list, the innermost first."""
        self.page.locator("[data-design=fit]").click()
        found, before = self.page.evaluate(GAP, place), None
        for _look in range(50):  # the diagram glides to its place
            if found == before:
                break
            self.page.wait_for_timeout(120)
            found, before = self.page.evaluate(GAP, place), found
        assert found, f"there is no gap {place}"
        return found["x"], found["y"]

    def select(self, path: str) -> None:
        if self.page.locator("input[name=selected]").input_value() == path:
            return
        step = self.page.locator(f"[data-step-id='{path}']").first
        target = step.locator("> .d-card, > .sqd-label-primary").first
        target.click()
        settled(self.page)
        expect(self.page.locator("input[name=of]")).to_have_value(path)


class Outline:
    """Building by keyboard: Tab, Enter, arrows and typing; no pointer at all."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def add(self, kind: str, place: str) -> None:
        page, (path, _colon, _index) = self.page, place.partition(":")
        self._close()
        page.locator(f"[id='add-{path}']").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#picker")).to_be_visible()
        page.locator(f"#picker [data-kind='{kind}']").focus()
        page.keyboard.press("Enter")
        settled(page)
        expect(page.locator("#sheet")).to_be_visible()

    def select(self, path: str) -> None:
        page = self.page
        if page.locator("#sheet[open]").count() and page.locator("input[name=of]").input_value() == path:
            return
        self._close()
        page.locator(f"[id='block-{path}']").focus()
        page.keyboard.press("Enter")
        settled(page)
        expect(page.locator("#sheet")).to_be_visible()

    def _close(self) -> None:
        if self.page.locator("#sheet[open]").count():
            self.page.keyboard.press("Escape")
            expect(self.page.locator("#sheet")).to_be_hidden()


class Typing:
    """Filling the form of a block: by mouse, or by focus and keys alone."""

    def __init__(self, page: Page, keys: bool) -> None:
        self.page, self.keys = page, keys

    def text(self, name: str, value: str) -> None:
        field = self.page.locator(f"[name='b-{name}']")
        if self.keys:
            field.focus()
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(value)
            self.page.keyboard.press("Tab")
        else:
            field.fill(value)
            field.blur()
        settled(self.page)

    def pick(self, name: str, value: str) -> None:
        self.page.locator(f"[name='b-{name}']").select_option(value)
        settled(self.page)

    def tick(self, name: str, value: str) -> None:
        box = self.page.locator(f"[name='b-{name}'][value='{value}']")
        if self.keys:
            box.focus()
            self.page.keyboard.press("Space")
        else:
            box.check()
        settled(self.page)

    def press(self, label: str) -> None:
        button = self.page.locator("#panel").get_by_role("button", name=label).first
        if self.keys:
            button.focus()
            self.page.keyboard.press("Enter")
        else:
            button.click()
        settled(self.page)


def build(hand: Any, form: Typing) -> None:
    """Large deals: a branch by amount; in it an approval that escalates, then two things at once; then an end."""
    hand.add("branch", "blocks:0")
    form.text("name", "Large?")
    form.text("case0_name", "Above 100,000")
    form.press("Add rule")
    form.pick("case0_when-0-field", "deal.amount")
    form.pick("case0_when-0-operator", ">")
    form.text("case0_when-0-value", "100000")

    hand.add("approval", "blocks.0.cases.0.blocks:0")
    form.text("title", "May we protect it?")
    form.pick("assign_kind", "role")
    form.pick("assign_value", "approver")
    form.text("quorum", "2")
    form.text("escalation-0-hours", "8")
    form.tick("escalation-0-to", "role:admin")

    hand.add("parallel", "blocks.0.cases.0.blocks:1")
    form.text("title", "Tell both sides")
    form.text("branch0_name", "Partner")
    form.text("branch1_name", "Us")
    hand.add("notify", "blocks.0.cases.0.blocks.1.branches.0.blocks:0")
    form.pick("template", "deal.approved")
    form.tick("recipients", "deal.submitter")
    hand.add("notify", "blocks.0.cases.0.blocks.1.branches.1.blocks:0")
    form.pick("template", "deal.received")
    form.tick("recipients", "role:ops")

    hand.add("end", "blocks:1")
    form.text("result", "looked at")
    hand.select("blocks.0")


def saved_tree(page: Page, key: str) -> dict[str, Any]:
    page.keyboard.press("Escape") if page.locator("#sheet[open]").count() else None
    page.locator("#design-save").click()
    expect(page.locator("#design-dirty")).to_have_text("Saved")
    with vendor(acme):
        tree: dict[str, Any] = WorkflowVersion.objects.get(workflow__key=key).tree
    return tree


def listen(page: Page, violations: list[str]) -> None:
    page.on("console", lambda message: violations.append(message.text) if "Content Security" in message.text else None)


class TestOneTreeTwoFaces:
    def test_by_mouse_and_by_keyboard_the_same_workflow_is_built_and_a_second_person_publishes(
        self, open_as: Any, violations: list[str], worker: Any, sink: Any
    ) -> None:
        page = open_as(ada, "/console/workflows/new/")
        listen(page, violations)
        begin(page, "By mouse")
        build(Diagram(page), Typing(page, keys=False))
        expect(page.locator("#design-problems")).to_contain_text("No problems")
        shot(page, "mouse-desk")
        assert barriers(page) == []
        by_mouse = saved_tree(page, "by-mouse")

        phone = open_as(ada, "/console/workflows/new/", size="phone")
        listen(phone, violations)
        begin(phone, "By keyboard")
        build(Outline(phone), Typing(phone, keys=True))
        shot(phone, "keyboard-phone-sheet")
        assert barriers(phone) == []
        by_keyboard = saved_tree(phone, "by-keyboard")
        assert too_wide(phone) == 0
        shot(phone, "keyboard-phone")
        assert barriers(phone) == []

        def body(tree: dict[str, Any]) -> str:
            return json.dumps({**tree, "key": "", "name": ""}, sort_keys=True)

        assert body(by_mouse) == body(by_keyboard)
        assert [block["id"] for block in by_mouse["blocks"]] == ["large", "end-looked-at"]

        with vendor(acme):
            version = WorkflowVersion.objects.get(workflow__key="by-mouse")
        expect(page.get_by_text("a second person publishes it")).to_be_visible()
        second = open_as(olivia, f"/console/workflows/versions/{version.pk}/design/")
        expect(second.get_by_text("You are the second person")).to_be_visible()
        second.get_by_role("button", name="Publish").first.click()
        second.locator("#publish-sure").get_by_role("button", name="Publish").click()
        expect(second.get_by_text("In force from now on")).to_be_visible()
        with vendor(acme):
            assert Workflow.objects.get(key="by-mouse").versions.get().status == "published"

        large = submitted(birch, amount="250000", customer_name="Nordwind Logistik GmbH")
        small = submitted(birch, amount="900", customer_name="Zweigert Optik KG")
        worker.pass_by()
        with vendor(acme):
            runs = Run.objects.filter(workflow__key="by-mouse")
            assert runs.get(subject_id=large).tasks.get().title == "May we protect it?"
            assert runs.get(subject_id=small).result == "looked at"


@pytest.fixture
def draft(the_world: None) -> UUID:
    """A draft of the shipped workflow, as large as they get."""
    with vendor(acme) as now:
        workflow = Workflow.objects.get(key="deal-registration")
        decision = actions.begin_draft(workflow_id=workflow.pk, actor=ada.actor, now=now)
    return UUID(decision.facts["version"])


def address(draft: UUID) -> str:
    return f"/console/workflows/versions/{draft}/design/"


STEPS = 8


class TestUndo:
    def test_steps_are_taken_back_and_done_again(self, open_as: Any, draft: UUID) -> None:
        page = open_as(ada, address(draft))
        page.get_by_role("button", name="Outline").click()
        before = page.locator("input[name=tree]").input_value()
        blocks = page.locator(".flow-block")
        count = blocks.count()
        for _number in range(STEPS):
            page.locator("[data-drag=end]").click()
            settled(page)
        after = page.locator("input[name=tree]").input_value()
        expect(blocks).to_have_count(count + STEPS)
        for _number in range(STEPS):
            page.keyboard.press("Control+z")
            settled(page)
        assert page.locator("input[name=tree]").input_value() == before
        expect(page.locator("#design-dirty")).to_have_text("Saved")
        for _number in range(STEPS):
            page.keyboard.press("Control+y")
            settled(page)
        assert page.locator("input[name=tree]").input_value() == after


ANEW = """async () => {
  const form = document.getElementById('design'), sent = new FormData(form);
  sent.set('do', 'show');
  const answer = await fetch(form.action, {method: 'POST', body: sent});
  const anew = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const passing = ['data-focus', 'data-focused', 'data-mark', 'open'];
  const told = part => [part.tagName, ...[...part.attributes].map(one => passing.includes(one.name) ? '' : one.value),
    part.childElementCount || part.matches('.dropdown-panel') ? '' : part.textContent].filter(Boolean).join(' ');
  const all = page => [...page.querySelectorAll('#outline, #outline *, #design-data *')]
    .filter(part => !part.matches('.dropdown-panel *, #design-drawing'));
  return [all(document).map(told), all(anew).map(told)] }"""


class TestAPress:
    def test_sends_what_looks_otherwise_and_leaves_the_page_as_if_it_were_drawn_anew(
        self, open_as: Any, draft: UUID
    ) -> None:
        page = open_as(ada, address(draft))
        page.get_by_role("button", name="Outline").click()

        def held() -> None:
            settled(page)
            here, anew = page.evaluate(ANEW)
            assert here == anew

        for path in ("blocks.1", "blocks.0"):
            page.locator(f"[id='block-{path}']").click()
            held()
        page.locator("[data-drag=approval]").click()
        held()
        page.get_by_label("Question").fill("Really?")
        page.keyboard.press("Tab")
        held()
        expect(page.locator(".flow-row.is-selected")).to_contain_text("Really?")
        page.keyboard.press("Control+z")
        held()
        page.locator("[id='block-blocks.1']").focus()
        page.keyboard.press("Alt+ArrowUp")
        held()
        expect(page.locator("[id='block-blocks.0']")).to_be_focused()
        page.locator("[id='menu-blocks.1']").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Move down").press("Enter")
        held()
        expect(page.locator("[id='block-blocks.2']")).to_be_focused()
        page.keyboard.press("Delete")
        held()
        page.locator(".flow-way .flow-add button").first.click()
        page.locator("#picker [data-kind=notify]").click()
        held()
        page.locator("[data-design=undo]").click()
        held()
        page.get_by_role("button", name="Diagram").click()
        settled(page)
        shot(page, "pressed-diagram")
        page.locator("[data-drag=end]").click()
        settled(page)
        page.get_by_role("button", name="Outline").click()
        held()


class TestProblems:
    def test_a_problem_is_marked_on_its_block_and_the_list_jumps_to_it(self, open_as: Any, draft: UUID) -> None:
        page = open_as(ada, address(draft))
        page.get_by_role("button", name="Outline").click()
        page.locator("[data-drag=notify]").click()
        settled(page)
        expect(page.locator(".flow-row.is-wrong")).to_have_count(1)
        page.locator("#block-head").click()
        settled(page)
        page.locator("#design-problems summary").click()
        shot(page, "problems")
        assert barriers(page) == []
        page.locator("#design-problems li button").first.click()
        settled(page)
        expect(page.locator("#panel-title")).to_have_text("Message")


class TestSavingMeanwhile:
    def test_who_comes_second_is_told_who_was_first(self, open_as: Any, draft: UUID) -> None:
        first, second = open_as(ada, address(draft)), open_as(olivia, address(draft))
        for page in (first, second):
            page.get_by_role("button", name="Outline").click()
            page.locator("[data-drag=end]").click()
            settled(page)
        first.locator("#design-save").click()
        expect(first.locator("#design-dirty")).to_have_text("Saved")
        second.locator("[data-drag=end]").click()
        settled(second)
        second.locator("#design-save").click()
        expect(second.locator("#design-conflict")).to_contain_text(ada.name)
        expect(second.locator("#design-dirty")).to_have_text("Not saved")
        assert barriers(second) == []


class TestTrying:
    def test_a_past_event_lights_its_path_and_a_supposed_answer_leads_on(
        self, open_as: Any, worker: Any, sink: Any, draft: UUID
    ) -> None:
        submitted(birch, amount="250000", customer_name="Nordwind Logistik GmbH")
        worker.pass_by()
        page = open_as(ada, address(draft))
        page.get_by_role("button", name="Try it").click()
        settled(page)
        page.get_by_label("Past event").select_option(index=1)
        settled(page)
        expect(page.locator(".trial > li").first).to_be_visible()
        expect(page.locator("#canvas .d-step.is-lit").first).to_be_visible()
        expect(page.locator("#canvas .d-step.is-dim").first).to_be_attached()
        shot(page, "trial-desk")
        assert barriers(page) == []
        asked = page.get_by_label("Suppose the answer")
        before = page.locator(".trial > li").count()
        for number in range(4):  # one supposed answer leads to the next question
            if asked.count() > number:
                asked.nth(number).select_option(index=1)
                settled(page)
        assert page.locator(".trial > li").count() > before
        expect(page.locator(".trial-end")).to_contain_text("Ends")


class TestMovingCases:
    def test_a_case_is_moved_to_the_version_in_force_and_put_back(
        self, open_as: Any, worker: Any, sink: Any, draft: UUID
    ) -> None:
        deal = submitted(birch, amount="250000", customer_name="Nordwind Logistik GmbH")
        worker.pass_by()
        with vendor(acme) as now:
            first = Run.objects.get(subject_id=deal).version_id
            second = replace(olivia.actor, roles=frozenset({"admin"}))
            assert actions.publish_version(version_id=draft, actor=second, now=now).allowed
        page = open_as(ada, f"/console/workflows/versions/{draft}/")
        page.get_by_role("link", name="Move running cases").click()
        expect(page.get_by_text("1 case can be moved")).to_be_visible()
        shot(page, "migrate-desk")
        assert barriers(page) == []
        page.get_by_role("button", name="Move the chosen cases").click()
        expect(page.get_by_text("1 moved to version 2")).to_be_visible()
        with vendor(acme):
            assert Run.objects.get(subject_id=deal).version_id == draft
        assert barriers(page) == []
        page.get_by_role("button", name="Put back").click()
        expect(page.get_by_text("1 case can be moved")).to_be_visible()
        with vendor(acme):
            assert Run.objects.get(subject_id=deal).version_id == first


class TestLooks:
    @pytest.mark.parametrize("size", ["desk", "phone"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_on_a_large_workflow(self, open_as: Any, draft: UUID, size: str, scheme: str) -> None:
        page = open_as(ada, address(draft), size=size, scheme=scheme)
        settled(page)
        shot(page, f"large-{size}-{scheme}")
        assert too_wide(page) == 0
        assert barriers(whole(page)) == []
        page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
        if size == "desk":
            page.get_by_role("button", name="Outline").click()
        page.locator(".flow-block", has_text=re.compile("Ask")).first.click()
        settled(page)
        shot(page, f"approval-{size}-{scheme}")
        assert barriers(page) == []
