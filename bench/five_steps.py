"""What bench_workflows.py runs on our side: an event, an action with one real write behind the wall, the workflows.

Workers import it too (`celery --include bench.five_steps`); BENCH_DATABASE says which database is meant.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, connections

from prm.kernel import events
from prm.kernel.automation.registry import ActionSpec, Outcome, Trigger, register_action, register_trigger
from prm.kernel.conditions import Fact, FactSchema, register_schema
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting, tenant_id
from prm.kernel.tenancy.ids import uuid7

STEPS = ("one", "two", "three", "four", "five")
TABLE = """
CREATE TABLE bench_write (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, subject_id uuid NOT NULL,
  step int NOT NULL, amount numeric(14, 2) NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON bench_write (tenant_id, subject_id);
"""
WALL = """
ALTER TABLE bench_write ENABLE ROW LEVEL SECURITY;
ALTER TABLE bench_write FORCE ROW LEVEL SECURITY;
CREATE POLICY wall_vendor ON bench_write FOR ALL TO prm_vendor
  USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
GRANT SELECT, INSERT ON bench_write TO prm_vendor;
"""

if os.environ.get("BENCH_DATABASE"):
    connections["default"].settings_dict["NAME"] = connections.settings["default"]["NAME"] = os.environ[
        "BENCH_DATABASE"
    ]


@dataclass(frozen=True, kw_only=True)
class Triggered(events.Event):
    name: ClassVar[str] = "bench.triggered"


@dataclass(frozen=True, kw_only=True)
class Reminded(events.Event):
    name: ClassVar[str] = "bench.reminded"


register_schema(FactSchema(name="bench", label="benchmarks", facts=(Fact("bench.amount", "Amount", "number"),)))
register_trigger(Trigger(Triggered.name, "A benchmark's trigger", "bench"))
register_trigger(Trigger(Reminded.name, "A benchmark's timer", "bench"))


def write(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_write (id, tenant_id, subject_id, step, amount) VALUES (%s, %s, %s, %s, %s)",
            [uuid7(), tenant_id(), subject_id, 0, 100],
        )
    return Outcome("done")


register_action(ActionSpec("bench.write", "Write a row", write, outcomes=("done",)))


def trees() -> list[dict[str, Any]]:
    five = [{"id": name, "type": "action", "action": "bench.write"} for name in STEPS]
    wait = [{"id": "wait", "type": "wait", "minutes": 525_600}]
    return [
        {"format": 1, "key": key, "name": key, "trigger": {"event": event, "when": {}}, "blocks": blocks}
        for key, event, blocks in (("five", Triggered.name, five), ("timer", Reminded.name, wait))
    ]


def put_into_force(tenant: UUID) -> None:
    """Both workflows, written by one person and published by another."""
    from workflows import actions

    author, publisher = (
        Actor(kind="person", id=name, name=name, roles=frozenset({"admin"})) for name in ("author", "publisher")
    )
    for tree in trees():
        with acting(tenant=tenant, audience="vendor") as now:
            saved = actions.save_draft(tree=tree, actor=author, now=now)
            version = UUID(str(saved.facts["version"]))
            decision = actions.publish_version(version_id=version, actor=publisher, now=now)
            assert decision.allowed, decision.reasons


def trigger(tenant: UUID) -> UUID:
    """One trigger in a transaction of its own, as a request publishes it; gives its subject."""
    subject = uuid7()
    with acting(tenant=tenant, audience="vendor") as now:
        events.publish(Triggered(subject_id=subject, facts={"bench.amount": "100"}), at=now)
    return subject


def trigger_many(tenant: UUID, count: int) -> None:
    """A storm: all of them in one transaction."""
    with acting(tenant=tenant, audience="vendor") as now:
        for _number in range(count):
            events.publish(Triggered(subject_id=uuid7(), facts={"bench.amount": "100"}), at=now)
