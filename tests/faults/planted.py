"""What the campaign's workers know beside the product: things whose every effect is counted, and two poisons.

Each effect is one row in a table without any constraint: whatever happens twice is seen twice.
"""

import os
import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection

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
from prm.kernel.identity.actors import Actor
from prm.kernel.messages.registry import register_message
from prm.kernel.tenancy.context import tenant_id
from tests.cast import ada

EFFECTS = """
CREATE TABLE campaign_effect (tenant_id uuid NOT NULL, subject_id uuid NOT NULL, step text NOT NULL,
                              at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON campaign_effect TO prm_vendor;
GRANT SELECT ON campaign_effect TO prm_auditor;
"""
STEPS = ("first", "left", "right", "last")
WORKER = "CAMPAIGN_WORKER"  # set in workers alone: elsewhere the poison kills nobody
BREAK = "CAMPAIGN_BREAK"


@dataclass(frozen=True, kw_only=True)
class Found(events.Event):
    name: ClassVar[str] = "campaign.thing.found"


@dataclass(frozen=True, kw_only=True)
class Raiser(events.Event):
    name: ClassVar[str] = "campaign.raiser.found"


@dataclass(frozen=True, kw_only=True)
class Killer(events.Event):
    name: ClassVar[str] = "campaign.killer.found"


def _run(step: str) -> Any:
    def run(subject_id: UUID, parameters: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO campaign_effect (tenant_id, subject_id, step) VALUES (%s, %s, %s)",
                [tenant_id(), subject_id, step],
            )
        time.sleep(random.uniform(0, 0.03))  # a moment in which one may be killed
        if step == "raise":
            raise ValueError("this was planted")
        if step == "kill" and os.environ.get(WORKER):
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome("done")

    return run


def register() -> None:
    """Offer it all to workflows."""
    schema = register_schema(
        FactSchema(name="campaign", label="things", facts=(Fact("thing.weight", "Weight", "number"),))
    )
    for event in (Found, Raiser, Killer):
        register_trigger(Trigger(event.name, event.name, schema.name))
    for step in (*STEPS, "raise", "kill"):
        register_action(ActionSpec(f"campaign.{step}", step, _run(step)))
    register_recipients(Recipients("campaign.finder", "Who found it", lambda _subject: [ada.membership_id]))
    register_message(
        "campaign.kept",
        label="Kept",
        variables=["thing"],
        subject={"en": "Kept: {{ thing.weight }}"},
        body={"en": "It weighs {{ thing.weight }}."},
    )


def _action(step: str) -> dict[str, Any]:
    return {"id": step, "type": "action", "action": f"campaign.{step}"}


def trees() -> list[dict[str, Any]]:
    """A workflow that does four things and tells of it, and two that are poison."""
    both = {
        "id": "both",
        "type": "parallel",
        "join": "all",
        "branches": [{"id": side, "name": side, "blocks": [_action(side)]} for side in ("left", "right")],
    }
    tell = {"id": "tell", "type": "notify", "template": "campaign.kept", "recipients": ["campaign.finder"]}
    return [
        _tree("things", Found, _action("first"), both, _action("last"), tell),
        _tree("raiser", Raiser, _action("first"), _action("raise")),
        _tree("killer", Killer, _action("first"), _action("kill")),
    ]


def _tree(key: str, event: type[events.Event], *blocks: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": 1,
        "key": key,
        "name": key,
        "trigger": {"event": event.name, "when": {}},
        "blocks": list(blocks),
    }


def take_away(what: str) -> None:
    """Break the product on purpose: the campaign must see it."""
    from prm.kernel.events import relay
    from workflows.engine import beginning, claiming

    if what == "sweeper":  # nobody takes up what a dead worker held
        claiming._CLAIM = _without(claiming._CLAIM, "OR w.lease_until < statement_timestamp()")
        relay._CLAIM = _without(relay._CLAIM, "OR d.lease_until < clock_timestamp()")
    elif what == "unique":  # the same event may begin a workflow twice; the constraint itself is dropped too
        beginning._START = _without(beginning._START, "ON CONFLICT (tenant_id, workflow_id, event_id) DO NOTHING")


def _without(text: str, part: str) -> str:
    assert part in text, part
    return text.replace(part, "")
