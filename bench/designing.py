"""How long one press of the designer takes, from the click to the page that shows it, on the largest shipped tree."""

from time import perf_counter
from typing import Any
from uuid import UUID

PRESSES, SLOWEST = 48, 200.0  # ms


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


def presses(tab: Any, address: str) -> list[float]:
    """Select blocks, move one down and up, and type a title, again and again; each in ms, sorted."""
    tab.goto(address, wait_until="networkidle")
    tab.locator("[data-face=outline]").click()
    count = tab.locator(".flow-block[data-path]").count()
    took = []
    for number in range(PRESSES):
        path = tab.locator(".flow-block[data-path]").nth((number * 7) % count).get_attribute("data-path")
        took.append(_pressed(tab, f"select:{path}", "selected"))
        if number % 4 == 0:
            took.append(_pressed(tab, "down:blocks.0", "tree"))
            took.append(_pressed(tab, "up:blocks.1", "tree"))
    return sorted(took)


def _pressed(tab: Any, what: str, changes: str) -> float:
    """Until the page holds another value and nothing is being swapped any more, as the reader sees it."""
    return float(
        tab.evaluate(
            """async ([what, changes]) => {
              const field = () => document.querySelector(`#design-data [name="${changes}"]`).value;
              const button = [...document.querySelectorAll('#design button[name=do]')].find(b => b.value === what);
              const before = field(), began = performance.now();
              if (changes === 'selected' && before === what.slice(7)) return 0;
              button.click();
              while (field() === before || document.documentElement.classList.contains('htmx-busy')) {
                await new Promise(requestAnimationFrame);
                if (performance.now() - began > 20000) return 20000;
              }
              await new Promise(requestAnimationFrame);
              return performance.now() - began }""",
            [what, changes],
        )
    )


def measure(chrome: Any, address: str, tenant: UUID, opened: Any, signed_in: Any) -> list[str]:
    """Print the figures; gives the bars that were missed."""
    began = perf_counter()
    admin, path = draft_to_design(tenant)
    context = opened(chrome, address, signed_in(admin), "desk", "light")
    took = [one for one in presses(context.new_page(), address + path) if one]
    context.close()
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(f"designer: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(took)} presses in {perf_counter() - began:.0f} s)")
    return [f"designer p95 {p95:.0f} ms"] if p95 > SLOWEST else []
