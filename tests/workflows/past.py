"""A past to replay: things and deals that people and workflows have dealt with, made by the product itself."""

import copy
from typing import Any
from uuid import UUID

from dealreg.actions import resubmit_deal, withdraw_deal
from prm.kernel.automation import actions as rule_actions
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.automation.registry import Outcome
from prm.kernel.identity.actors import Actor
from tests import world
from tests.cast import acme, ada, birch, mia, olivia, partner, vendor
from tests.dealreg import deals
from tests.workflows.things import KEEP, THROW, WEIGH, ThingLost, approval, behaving, find, publish, settle
from workflows import actions
from workflows.definition import BrokenDefinition
from workflows.models import HumanTask, WorkflowVersion
from workflows.replay.running import Replaying
from workflows.replay.trials import NothingToReplay, trials_of_rules, trials_of_version

GRACE = Actor(kind="person", id="grace", name="Grace", roles=frozenset({"admin"}))


def heavy_first(*blocks: dict[str, Any], when: Any = None) -> dict[str, Any]:
    return {
        "id": "which",
        "type": "branch",
        "cases": [
            {
                "id": "heavy",
                "name": "Heavy",
                "when": when or {"field": "steps.weight", "operator": "=", "value": "heavy"},
                "blocks": list(blocks),
            }
        ],
        "otherwise": [KEEP],
    }


def replayed(version: WorkflowVersion, months: int = 6) -> dict[str, Any]:
    replaying = Replaying(acme.id, lambda: trials_of_version(version), months)
    for _batch in replaying.batches():
        pass
    return replaying.figures.document()


def in_force(key: str = "things") -> WorkflowVersion:
    with vendor():
        return WorkflowVersion.objects.select_related("workflow").get(workflow__key=key, status="published")


def draft(document: dict[str, Any]) -> WorkflowVersion:
    with vendor() as now:
        saved = actions.save_draft(tree=document, actor=GRACE, now=now)
        assert saved.allowed, saved.reasons
        return WorkflowVersion.objects.select_related("workflow").get(pk=saved.facts["version"])


def decide(subject: UUID, outcome: str, who: Any = mia, note: str = "because", **detail: Any) -> None:
    with vendor() as now:
        task = HumanTask.objects.filter(subject_id=subject, status="open").latest("opened_at")
        decision = actions.decide_task(
            task_id=task.pk, outcome=outcome, note=note, detail=detail, actor=who.actor, now=now, immediately=True
        )
        assert decision.allowed, decision.reasons
    settle()


def five_things() -> list[UUID]:
    """Thrown by its weight, kept by people, rejected, open, and lost on the way."""
    answer = {
        "id": "answer",
        "type": "branch",
        "cases": [
            {
                "id": "no",
                "name": "No",
                "when": {"field": "steps.review", "operator": "=", "value": "reject"},
                "blocks": [
                    {"id": "away", "type": "action", "action": "thing.throw"},
                    {"id": "e2", "type": "end", "result": "rejected"},
                ],
            }
        ],
        "otherwise": [KEEP, {"id": "e3", "type": "end", "result": "kept"}],
    }
    publish(
        WEIGH,
        heavy_first(THROW, {"id": "e1", "type": "end", "result": "thrown"}) | {"otherwise": []},
        approval(),
        answer,
        cancel_on=["test.thing.lost"],
    )
    with behaving(weigh=lambda: Outcome("heavy")):
        thrown = find(weight="40")
        settle()
    with behaving(weigh=lambda: Outcome("light")):
        kept, rejected, waiting, lost = (find(weight=str(weight)) for weight in (1, 2, 3, 4))
        settle()
        decide(kept, "approve", olivia)
        decide(rejected, "reject", olivia)
        find(kind=ThingLost, subject=lost)
        settle()
    return [thrown, kept, rejected, waiting, lost]


def work() -> None:
    with world.logged_in_as("worker"):
        settle()


CUSTOMERS = ("Alpenrose Hotels AG", "Blaufeld Energie", "Cygnus Verlag", "Dorfner Stahl", "Eisvogel Reisen",
             "Falkenberg Möbel", "Grünwald Apotheken", "Habicht Sensorik", "Isarbrücke Bau")  # fmt: skip


def past_deals() -> list[UUID]:
    """What the desk sees: clear, refused, approved by hand, declined, returned and back, open, withdrawn."""
    free = {"customer_domain": "", "contact_email": "somebody@gmail.com"}
    made = [
        deals.submitted(birch, customer_name=CUSTOMERS[0], customer_domain="alpenrose.example"),
        deals.submitted(birch, customer_name=CUSTOMERS[1], customer_domain="blaufeld.example", amount="500"),
        deals.submitted(birch, customer_name=CUSTOMERS[2], customer_domain="cygnus.example", amount="150000"),
        deals.submitted(birch, customer_name=CUSTOMERS[3], **free),
        deals.submitted(birch, customer_name=CUSTOMERS[4], **free),
        deals.submitted(birch, customer_name=CUSTOMERS[5], customer_domain="falken.example", amount="160000"),
        deals.submitted(birch, customer_name=CUSTOMERS[6], customer_domain="gruen.example", amount="170000"),
        deals.submitted(birch, customer_name=CUSTOMERS[7], customer_domain="habicht.example", amount="180000"),
    ]
    work()
    for deal, outcome in ((2, "approve"), (3, "approve"), (4, "reject"), (5, "return")):
        with world.logged_in_as("worker"):
            decide(made[deal], outcome, ada, fields=["amount"])
    with partner(birch) as now:
        withdraw_deal(deal_id=made[6], reason="lost it", actor=deals.seller(birch).actor, now=now)
        again = resubmit_deal(deal_id=made[5], fields={"amount": "9000"}, actor=deals.seller(birch).actor, now=now)
        assert again.allowed, again.reasons
    work()
    return made


def rules_draft(change: Any) -> RuleVersion:
    with vendor() as now:
        ruleset = RuleSet.objects.get(key="deal-eligibility")
        document = copy.deepcopy(ruleset.versions.get(status="published").document)
        change(document)
        made = rule_actions.save_rule_draft(ruleset_id=ruleset.pk, document=document, note="", actor=GRACE, now=now)
        return RuleVersion.objects.select_related("ruleset").get(pk=made.pk)


def replayed_rules(version: RuleVersion) -> dict[str, Any]:
    replaying = Replaying(acme.id, lambda: trials_of_rules(version), 6)
    for _batch in replaying.batches():
        pass
    return replaying.figures.document()


def assert_replays_true() -> None:
    """Everything of Acme's that is there: no difference to itself, and every run comes to where it came to.

    The rules in force are judged anew on what was recorded, as an unchanged draft of them would be.
    """
    with vendor():
        versions = list(WorkflowVersion.objects.filter(status="published").select_related("workflow"))
        ruled = list(RuleVersion.objects.filter(status="published").select_related("ruleset"))
    for version in versions:
        _assert_same(lambda version=version: trials_of_version(version))
    for version in ruled:
        _assert_same(lambda version=version: trials_of_rules(version))


def _assert_same(load: Any) -> None:
    replaying = Replaying(acme.id, load, 36)
    try:
        for batch in replaying.batches():
            assert batch.changes == (), batch.changes
    except (NothingToReplay, BrokenDefinition):
        return  # no workflow in force asks these rules; or what is in force can't be read at all
    assert replaying.figures is not None
    figures = replaying.figures
    assert figures.faithful == figures.runs, figures.document()
