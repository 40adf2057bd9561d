"""A tiny app for the engine's tests: things that are found, weighed, kept or thrown away."""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from prm.kernel import events
from prm.kernel.automation.registry import (
    ActionSpec,
    Outcome,
    Recipients,
    Trigger,
    register_action,
    register_recipients,
    register_trigger,
)
from prm.kernel.conditions import Fact, FactSchema, register_schema
from prm.kernel.events import relay
from prm.kernel.identity.actors import Actor
from prm.kernel.messages.registry import register_message
from prm.kernel.tenancy.ids import uuid7
from tests.cast import Vendor, acme, ada, cam, vendor
from workflows import actions, engine

SCHEMA = register_schema(
    FactSchema(
        name="thing",
        label="things",
        facts=(
            Fact("thing.weight", "Weight", "number"),
            Fact("thing.price", "Price", "money"),
            Fact("thing.keep_until", "Keep until", "date"),
        ),
    )
)
register_trigger(Trigger("test.thing.found", "A thing is found", "thing"))
register_trigger(Trigger("test.thing.needed", "A thing is needed", "thing", required=True))
register_trigger(Trigger("test.thing.lost", "A thing is lost", "thing"))
register_recipients(Recipients("thing.finder", "Who found it", lambda _subject: [ada.membership_id]))
register_recipients(Recipients("thing.cam", "Its channel manager", lambda _subject: [cam.membership_id]))
register_message(
    "test.thing_kept",
    label="Kept",
    variables=["thing", "steps"],
    subject={"en": "Kept: {{ thing.weight }}"},
    body={"en": "It weighs {{ thing.weight }}."},
)

calls: list[tuple[str, UUID, dict[str, Any], Actor]] = []
_behaviour: dict[str, Callable[[], Outcome]] = {}


def _run(key: str) -> Callable[[UUID, Mapping[str, Any], Actor, datetime], Outcome]:
    def run(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
        outcome = _behaviour.get(key, lambda: Outcome("done"))()
        calls.append((key, subject_id, dict(params), actor))
        return outcome

    return run


for _key, _outcomes in (("thing.weigh", ("light", "heavy")), ("thing.keep", ("done",)), ("thing.throw", ("done",))):
    register_action(ActionSpec(_key, _key, _run(_key), outcomes=_outcomes))


@contextmanager
def behaving(**how: Callable[[], Outcome]) -> Any:
    """`with behaving(weigh=lambda: Outcome("heavy")):` says what the actions answer."""
    calls.clear()
    _behaviour.update({f"thing.{name}": answer for name, answer in how.items()})
    try:
        yield calls
    finally:
        _behaviour.clear()
        calls.clear()


@dataclass(frozen=True, kw_only=True)
class ThingFound(events.Event):
    name: ClassVar[str] = "test.thing.found"


@dataclass(frozen=True, kw_only=True)
class ThingNeeded(events.Event):
    name: ClassVar[str] = "test.thing.needed"


@dataclass(frozen=True, kw_only=True)
class ThingLost(events.Event):
    name: ClassVar[str] = "test.thing.lost"


def tree(*blocks: dict[str, Any], event: str = "test.thing.found", **head: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "key": "things",
        "name": "Things",
        "trigger": {"event": event, "when": {}},
        "blocks": list(blocks),
        **head,
    }


def approval(**parts: Any) -> dict[str, Any]:
    return {
        "id": "review",
        "type": "approval",
        "queue": "things",
        "title": "Keep it?",
        "assign": {"kind": "role", "value": "ops"},
        "outcomes": ["approve", "reject"],
        "save_as": "review",
        **parts,
    }


WEIGH = {"id": "weigh", "type": "validate", "action": "thing.weigh", "save_as": "weight"}
KEEP = {"id": "keep", "type": "action", "action": "thing.keep", "save_as": "kept"}
THROW = {"id": "throw", "type": "action", "action": "thing.throw"}
TELL = {"id": "tell", "type": "notify", "template": "test.thing_kept", "recipients": ["thing.finder"]}


def publish(*blocks: dict[str, Any], of: Vendor = acme, unlinted: bool = False, **head: Any) -> UUID:
    """Put a workflow of these blocks into force; gives its id. `unlinted` publishes what no person could."""
    from workflows.definition import checksum
    from workflows.models import Workflow, WorkflowVersion

    document = tree(*blocks, **head)
    admin = Actor(kind="person", id="somebody", name="Somebody", roles=frozenset({"admin"}))
    with vendor(of) as now:
        if unlinted:
            workflow, _ = Workflow.objects.get_or_create(
                key=document["key"], defaults={"name": "Things", "event": document["trigger"]["event"]}
            )
            version = WorkflowVersion.objects.create(
                workflow=workflow,
                number=workflow.versions.count() + 1,
                tree=document,
                checksum=checksum(document),
                author="x",
                author_name="X",
            )
            workflow.versions.filter(status="published").update(status="retired")
            WorkflowVersion.objects.filter(pk=version.pk).update(status="published", publisher="y")
            return workflow.pk
        saved = actions.save_draft(tree=document, actor=admin, now=now)
        assert saved.allowed, saved.reasons
        version_id = UUID(saved.facts["version"])
        decision = actions.publish_version(version_id=version_id, actor=ada.actor, now=now)
        assert decision.allowed, decision.reasons
        return WorkflowVersion.objects.get(pk=version_id).workflow_id


def find(
    *,
    weight: str = "5",
    price: str = "100.00",
    of: Vendor = acme,
    kind: type[events.Event] = ThingFound,
    subject: UUID | None = None,
    **facts: Any,
) -> UUID:
    """A thing is found: publishes the event; gives the subject's id."""
    subject = subject or uuid7()
    with vendor(of) as now:
        events.publish(
            kind(
                subject_id=subject,
                facts={"thing.weight": weight, "thing.price": {"amount": price, "currency": "EUR"}, **facts},
            ),
            at=now,
        )
    return subject


def settle() -> None:
    """Let the outbox and the engine do everything that is due now."""
    while relay.drain() + engine.drain():
        pass


def happened(subject: UUID, of: Vendor = acme) -> list[tuple[str, str]]:
    """The story of a subject's runs: (block or kind, value)."""
    from workflows.models import RunEvent

    with vendor(of):
        rows = RunEvent.objects.filter(run__subject_id=subject).order_by("id")
        return [(row.block or row.kind, row.value) for row in rows]
