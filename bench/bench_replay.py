"""Ten thousand past events replayed: a changed workflow and changed rules, read, walked and written down.

`python -m bench.bench_replay [--events 10000]`; the bar is one minute for each. A few deals of every kind are
taken through the product itself; their events, runs, steps and decisions are then copied through six months,
with other amounts. Beside it stand this machine's commit rate and how much the process grew meanwhile.
"""

import argparse
import copy
import os
import resource
import sys
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from bench import bench_conflict_check as shared

EVENTS, BAR, GROWTH = 10_000, 60.0, 150
shared.DATABASE = "prm_bench_replay"
os.environ["PRM_ROLE"] = "worker"  # the web's login may not look for work

# amounts from 500 to 200,000; the run events' ids grow with their number, since that is their order
_COPY = (
    """
CREATE TEMP TABLE copies AS
  SELECT t.event, t.run, t.subject, n, gen_random_uuid() AS new_event, gen_random_uuid() AS new_run,
         gen_random_uuid() AS new_subject, n * interval '25 minutes' AS ago, 500 + (n * 7919) %% 200000 AS amount
  FROM generate_series(1, %(events)s) AS n
  JOIN (SELECT e.id AS event, r.id AS run, e.subject_id AS subject, row_number() OVER (ORDER BY e.id) AS place,
               count(*) OVER () AS places
        FROM events_eventrow AS e JOIN workflows_run AS r ON r.event_id = e.id
        WHERE e.name = 'dealreg.deal.submitted') AS t ON t.place = 1 + n %% t.places
""",
    """
INSERT INTO events_eventrow (id, tenant_id, position, name, subject_id, partner_id, payload, cause, at, recorded_at)
  SELECT c.new_event, e.tenant_id, nextval('events_position'), e.name, c.new_subject, e.partner_id,
         jsonb_set(e.payload, '{facts,deal.amount}', to_jsonb(c.amount::text)), '', e.at - c.ago, e.recorded_at
  FROM copies AS c JOIN events_eventrow AS e ON e.id = c.event
""",
    """
INSERT INTO workflows_run (id, tenant_id, workflow_id, version_id, event_id, subject_type, subject_id, subject_name,
                           partner_id, status, result, context, started_at, ended_at, moved_at)
  SELECT c.new_run, r.tenant_id, r.workflow_id, r.version_id, c.new_event, r.subject_type, c.new_subject,
         r.subject_name, r.partner_id, r.status, r.result, r.context, r.started_at - c.ago, r.ended_at - c.ago,
         r.moved_at
  FROM copies AS c JOIN workflows_run AS r ON r.id = c.run
""",
    """
INSERT INTO workflows_runevent (id, tenant_id, run_id, kind, block, block_type, value, detail, actor_name, at,
                                recorded_at)
  SELECT (lpad(to_hex(row_number() OVER (ORDER BY c.n, t.id)), 12, '0') || substr(md5(random()::text), 1, 20))::uuid,
         t.tenant_id, c.new_run, t.kind, t.block, t.block_type, t.value, t.detail, t.actor_name, t.at - c.ago,
         t.recorded_at
  FROM copies AS c JOIN workflows_runevent AS t ON t.run_id = c.run
""",
    """
INSERT INTO audit_decisionrecord (id, tenant_id, rule, outcome, allowed, document, subject_type, subject_id,
                                  partner_id, decided_by, at, recorded_at)
  SELECT gen_random_uuid(), d.tenant_id, d.rule, d.outcome, d.allowed, d.document, d.subject_type, c.new_subject,
         d.partner_id, d.decided_by, d.at - c.ago, d.recorded_at
  FROM copies AS c JOIN audit_decisionrecord AS d ON d.subject_id = c.subject
""",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=EVENTS)
    events = parser.parse_args().events
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    shared.own_database(handle)
    tenant = shared.a_vendor()
    take_deals(tenant)
    multiply(events)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    met = [timed(name, tenant, ask) for name, ask in (("workflow", workflow_draft), ("rules", rules_draft))]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"the process grew by {grown:.0f} MB (at most {GROWTH})")
    print(f"this machine: {shared.commit_rate(tenant):,.0f} small commits a second")
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    shared.drop_database(handle)
    print(f"bar: {EVENTS:,} events in {BAR:.0f} s: {'met' if all(met) and grown <= GROWTH else 'MISSED'}")
    return 0 if all(met) and grown <= GROWTH else 1


def take_deals(tenant: UUID) -> None:
    """Clear ones, small ones that a rule refuses, and large ones that people approve or decline."""
    from prm.kernel.events import relay
    from workflows import engine

    for number, amount in enumerate(("12000", "15000", "500", "150000", "160000", "170000", "18000", "19000")):
        submit(tenant, number, amount)
    while relay.drain() + engine.drain():
        pass
    answer(tenant, ("approve", "approve", "reject", "approve"))
    while relay.drain() + engine.drain():
        pass


def submit(tenant: UUID, number: int, amount: str) -> None:
    from dealreg import actions
    from partners.models import Partner
    from prm.demo.names import generate
    from prm.kernel.identity.actors import Actor
    from prm.kernel.reference.models import ProductLine
    from prm.kernel.tenancy.context import acting

    record = list(generate(17, 20))[number]
    with acting(tenant=tenant, audience="vendor") as now:
        partner = Partner.objects.order_by("name")[number % 2]
        fields = {
            "customer_name": record.name,
            "customer_domain": record.domain,
            "customer_country": "DE",
            "customer_city": record.city,
            "name": f"{number} seats",
            "amount": amount,
            "currency": "EUR",
            "expected_close_on": (now + timedelta(days=60)).date().isoformat(),
            "product_lines": [str(ProductLine.objects.order_by("code").values_list("pk", flat=True)[0])],
        }
        deal = actions.save_draft(partner_id=partner.pk, fields=fields, actor=Actor.system("bench"), now=now)
        decision = actions.submit_deal(deal_id=deal.pk, actor=Actor.system("bench"), now=now)
        assert decision.allowed, decision.reasons


def answer(tenant: UUID, outcomes: tuple[str, ...]) -> None:
    from prm.kernel.identity.actors import Actor
    from prm.kernel.tenancy.context import acting
    from workflows.actions import decide_task
    from workflows.models import HumanTask

    desk = Actor(kind="person", id="desk", name="Desk", roles=frozenset({"admin", "ops"}))
    with acting(tenant=tenant, audience="vendor") as now:
        tasks = list(HumanTask.objects.filter(status="open").order_by("opened_at"))
        for task, outcome in zip(tasks, outcomes, strict=False):
            decision = decide_task(
                task_id=task.pk, outcome=outcome, note="bench", actor=desk, now=now, immediately=True
            )
            assert decision.allowed, decision.reasons


def multiply(events: int) -> None:
    """Copy what happened through the past, as the owner of the tables."""
    from django.db import connections

    began = perf_counter()
    with connections["owner"].cursor() as cursor:
        for statement in _COPY:
            cursor.execute(statement, {"events": events} if "%(events)s" in statement else None)
        for table in ("events_eventrow", "workflows_run", "workflows_runevent", "audit_decisionrecord"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("SELECT count(*) FROM workflows_runevent")
        steps = cursor.fetchone()[0]
    print(f"{events:,} events with {steps:,} steps made in {perf_counter() - began:.1f} s")


def timed(name: str, tenant: UUID, ask: Any) -> bool:
    """Ask for a replay and do it as a worker does."""
    from prm.kernel.tenancy.context import acting
    from workflows import actions
    from workflows.models import Replay
    from workflows.replay import words

    with acting(tenant=tenant, audience="vendor") as now:
        asked = ask(now)
    began = perf_counter()
    actions.run_replays()
    seconds = perf_counter() - began
    with acting(tenant=tenant, audience="vendor"):
        replay = Replay.objects.get(pk=asked)
        changes = replay.changes.count()
    events, told = replay.result.get("events", 0), words.summary(replay.result) if replay.result else replay.error
    print(f"{name}: {events:,} events in {seconds:.1f} s ({events / seconds:,.0f} a second); {told}")
    print(f"  {replay.result['faithful']:,} of {replay.result['runs']:,} runs true to history; {changes:,} listed")
    return bool(events >= 1 and seconds * EVENTS / events <= BAR)


def workflow_draft(now: Any) -> UUID:
    """Small deals are no longer taken up, and below 100,000 nobody is asked."""
    from prm.kernel.identity.actors import Actor
    from workflows import actions
    from workflows.models import WorkflowVersion

    actor = Actor(kind="person", id="a", name="A", roles=frozenset({"admin"}))
    tree = copy.deepcopy(WorkflowVersion.objects.get(workflow__key="deal-registration", status="published").tree)
    tree["trigger"]["when"] = {"field": "deal.amount", "operator": ">=", "value": "2000"}
    needed = next(block for block in tree["blocks"] if block.get("id") == "needed")
    needed["cases"][0]["when"] = {"field": "deal.amount", "operator": "<", "value": "100000"}
    saved = actions.save_draft(tree=tree, actor=actor, now=now)
    assert saved.allowed, saved.reasons
    return _asked(actions.replay_version(version_id=saved.facts["version"], months=6, actor=actor, now=now))


def rules_draft(now: Any) -> UUID:
    """The minimum is higher, and is a question instead of a refusal."""
    from prm.kernel.automation import actions as rule_actions
    from prm.kernel.automation.models import RuleSet
    from prm.kernel.identity.actors import Actor
    from workflows import actions

    actor = Actor(kind="person", id="a", name="A", roles=frozenset({"admin"}))
    ruleset = RuleSet.objects.get(key="deal-eligibility")
    document = copy.deepcopy(ruleset.versions.get(status="published").document)
    rule = next(rule for rule in document["rules"] if rule["key"] == "minimum_amount")
    rule["when"]["rules"][0]["value"], rule["outcome"] = "14000", "review"
    draft = rule_actions.save_rule_draft(ruleset_id=ruleset.pk, document=document, note="", actor=actor, now=now)
    return _asked(actions.replay_rules(version_id=draft.pk, months=6, actor=actor, now=now))


def _asked(decision: Any) -> UUID:
    assert decision.allowed, decision.reasons
    return UUID(decision.facts["replay"])


if __name__ == "__main__":
    sys.exit(main())
