"""How long one press of the designer takes, from the click to the page that shows it, on the largest shipped tree."""

from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

ROUNDS, SLOWEST = 12, 200.0  # ms
AROUND = (
    ("add", "approval"),
    ("type", "x"),
    ("move", "up"),
    ("move", "down"),
    ("undo", ""),
    ("redo", ""),
    ("delete", ""),
)


def draft_to_design(tenant: UUID) -> tuple[Any, str]:
    """An admin of the vendor and the address of the deal workflow's draft."""
    from django.urls import reverse

    from prm.kernel.identity.actors import Actor
    from prm.kernel.identity.models import Membership, Person
    from prm.kernel.tenancy.context import acting
    from workflows import actions
    from workflows.models import Workflow

    ada = Person.objects.create(email="ada@bench.example", name="Ada")
    with acting(tenant=tenant, audience="vendor") as now:
        admin = Membership.objects.create(person_id=ada.pk, name="Ada", email=ada.email, roles=["admin"])
        actor = Actor(kind="person", id=str(ada.pk), name="Ada", roles=frozenset({"admin"}), membership_id=admin.pk)
        workflow = Workflow.objects.get(key="deal-registration").pk
        decision = actions.begin_draft(workflow_id=workflow, actor=actor, now=now)
    return admin, reverse("workflows:design", args=[decision.facts["version"]])


def presses(tab: Any, address: str) -> dict[str, list[float]]:
    """Every kind of press again and again, on both faces: what each took, in ms, by its kind."""
    tab.goto(address, wait_until="networkidle")
    tab.evaluate(HAND)
    took: dict[str, list[float]] = {}
    for face in ("outline", "diagram"):
        tab.locator(f"[data-face={face}].face").click()
        tab.wait_for_timeout(500)
        paths = [one.get_attribute("data-path") for one in tab.locator(".flow-block[data-path]").all()]
        for number in range(ROUNDS):
            path = paths[(number * 7) % len(paths)]
            for kind, press in (("select", path), *AROUND):
                took.setdefault(f"{kind}, {face}", []).append(_pressed(tab, kind, press))
    return took


def _pressed(tab: Any, kind: str, press: str) -> float:
    """From the click until the page holds another tree or another block and has been painted."""
    return float(tab.evaluate(PRESSED, [kind, press]))


# a button of the page's own kind, for presses whose button is in a menu, or a gesture on the diagram
HAND = """() => {
  const hand = Object.assign(document.createElement('button'), {id: 'hand', type: 'submit', name: 'do', hidden: true});
  document.getElementById('design').append(hand) }"""
PRESSED = """async ([kind, press]) => {
  const field = name => document.querySelector(`#design-data [name="${name}"]`).value;
  const state = () => `${field('selected')} ${field('tree')}`;
  const frame = () => new Promise(requestAnimationFrame);
  const hand = document.getElementById('hand');
  const ask = what => { hand.value = what; hand.click(); };
  const hands = {
    select: () => ask(`select:${press}`),
    add: () => ask(`add:${press}`),
    move: () => ask(`${press}:${field('selected')}`),
    delete: () => ask(`delete:${field('selected')}`),
    undo: () => document.querySelector('[data-design=undo]').click(),
    redo: () => document.querySelector('[data-design=redo]').click(),
    type: () => {
      const typed = document.querySelector('#panel input[type=text]');
      typed.value += press;
      typed.dispatchEvent(new Event('change', {bubbles: true}));
    },
  };
  if (kind === 'select' && press === field('selected')) return 0;
  const before = state(), began = performance.now();
  hands[kind]();
  while (state() === before || document.documentElement.classList.contains('htmx-busy')) {
    await frame();
    if (performance.now() - began > 20000) return 20000;
  }
  await new Promise(done => setTimeout(done));  // the diagram is drawn by a task of its own
  await frame();
  return performance.now() - began }"""


def measure(chrome: Any, address: str, tenant: UUID, opened: Any, signed_in: Any) -> list[str]:
    """Print the figures; gives the bars that were missed."""
    began = perf_counter()
    admin, path = draft_to_design(tenant)
    context = opened(chrome, address, signed_in(admin), "desk", "light")
    kinds = presses(context.new_page(), address + path)
    context.close()
    for kind, each in kinds.items():
        print(f"  {kind:16} median {median(each):3.0f} ms, slowest {max(each):3.0f} ms")
    took = sorted(one for each in kinds.values() for one in each if one)
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(f"designer: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(took)} presses in {perf_counter() - began:.0f} s)")
    return [f"designer p95 {p95:.0f} ms"] if p95 > SLOWEST else []
