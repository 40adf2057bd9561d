"""What the campaign is judged by: plain SQL over what is there afterwards."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from prm.kernel.tenancy.context import acting
from tests.cast import acme

TRIGGERS = ("dealreg.deal.submitted", "campaign.thing.found", "campaign.raiser.found", "campaign.killer.found")
_KEPT = "r.workflow_id IN (SELECT id FROM workflows_workflow WHERE key = 'killer')"
# Of the killers nothing is counted until their incidents are there: their leases must run out first.
LEFT = {
    "deliveries": "SELECT count(*) FROM events_delivery WHERE state = 'pending'",
    "steps": f"""SELECT count(*) FROM workflows_work AS w JOIN workflows_run AS r ON r.id = w.run_id
        WHERE w.status = 'ready' AND w.due_at <= %(now)s AND w.kind <> 'escalation' AND NOT ({_KEPT})""",
    "mails": "SELECT count(*) FROM prm_messages_message WHERE state = 'waiting'",
    "deals": """SELECT count(*) FROM dealreg_deal AS d WHERE status = 'submitted' AND NOT EXISTS (
        SELECT 1 FROM workflows_humantask AS t WHERE t.subject_id = d.id)""",
    "things": """SELECT count(*) FROM workflows_run AS r WHERE status = 'running' AND workflow_id IN (
        SELECT id FROM workflows_workflow WHERE key = 'things')""",
    "audit entries to be sealed": "SELECT count(*) FROM audit_auditunsealed",
}
NONE_OF = {
    "accepted triggers without exactly one run": """SELECT count(*) FROM events_eventrow AS e
        WHERE e.name = ANY(%(triggers)s) AND (
        SELECT count(*) FROM workflows_run AS r WHERE r.event_id = e.id) <> 1""",
    "subjects with more than one event": """SELECT count(*) FROM (SELECT subject_id FROM events_eventrow
        WHERE name = ANY(%(triggers)s) GROUP BY subject_id HAVING count(*) > 1) AS twice""",
    "effects that happened twice": """SELECT count(*) FROM (SELECT subject_id, step FROM campaign_effect
        GROUP BY subject_id, step HAVING count(*) > 1) AS twice""",
    "things without each effect": """SELECT count(*) FROM workflows_run AS r WHERE r.workflow_id IN (
        SELECT id FROM workflows_workflow WHERE key = 'things') AND (
        SELECT count(DISTINCT step) FROM campaign_effect AS c WHERE c.subject_id = r.subject_id) <> 4""",
    "things without exactly one mail": """SELECT count(*) FROM workflows_run AS r WHERE r.workflow_id IN (
        SELECT id FROM workflows_workflow WHERE key = 'things') AND (SELECT count(*) FROM prm_messages_message AS m
        WHERE m.channel = 'email' AND m.cause = 'run:' || r.id || ':tell') <> 1""",
    "deals without exactly one conflict check": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status <> 'draft' AND (SELECT count(*) FROM audit_decisionrecord AS a
        WHERE a.subject_id = d.id AND a.rule = 'deal-conflict/1') <> 1""",
    "approved deals without exactly one approval": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status = 'approved' AND (
        SELECT count(*) FROM audit_auditentry AS a WHERE a.target_id = d.id AND a.action = 'deal.approved') <> 1""",
    "deals with people without exactly one task": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status IN ('submitted', 'in_review') AND (
        SELECT count(*) FROM workflows_humantask AS t WHERE t.subject_id = d.id) <> 1""",
    "deals in another state": """SELECT count(*) FROM dealreg_deal
        WHERE status NOT IN ('approved', 'submitted', 'in_review', 'rejected')""",
    "causes of a message with two records": """SELECT count(*) FROM (SELECT cause FROM prm_messages_message
        GROUP BY cause, recipient_id, channel HAVING count(*) > 1) AS twice""",
    "mails given up": "SELECT count(*) FROM prm_messages_message WHERE state = 'failed'",
    "incidents that were not planted": """SELECT count(*) FROM workflows_incident AS i WHERE status = 'open'
        AND NOT (subject_id = ANY(%(planted)s::uuid[]))""",
    "parked events": "SELECT count(*) FROM events_delivery WHERE state = 'parked'",
}
_MESSAGE_IDS = "SELECT message_id FROM prm_messages_message WHERE channel = 'email'"
_INCIDENTS = """SELECT count(*) FROM workflows_incident WHERE kind = 'step_failed' AND status = 'open'
    AND subject_id = ANY(%(planted)s::uuid[])"""


@dataclass
class Figures:
    """What was found."""

    none_of: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    effects: int = 0
    things: set[str] = field(default_factory=set)
    deals: set[str] = field(default_factory=set)
    message_ids: set[str] = field(default_factory=set)


def left() -> dict[str, int]:
    """What is unfinished, by kind; nothing else."""
    with acting(tenant=acme.id, audience="auditor") as now:
        counted = {name: _number(query, {"now": now}) for name, query in LEFT.items()}
    return {name: count for name, count in counted.items() if count}


def incidents(planted: list[str]) -> int:
    """How many of the poisons have become an incident."""
    with acting(tenant=acme.id, audience="auditor"):
        return _number(_INCIDENTS, {"planted": planted})


def figures(planted: list[str]) -> Figures:
    told = {"triggers": list(TRIGGERS), "planted": planted}
    with acting(tenant=acme.id, audience="auditor"):
        return Figures(
            none_of={name: _number(query, told) for name, query in NONE_OF.items()},
            states=dict(_rows("SELECT status, count(*) FROM dealreg_deal GROUP BY status")),
            runs=_number("SELECT count(*) FROM workflows_run", {}),
            effects=_number("SELECT count(*) FROM campaign_effect", {}),
            things={
                str(row[0])
                for row in _rows("SELECT subject_id FROM events_eventrow WHERE name LIKE 'campaign.%%.found'")
            },
            deals={str(row[0]) for row in _rows("SELECT id FROM dealreg_deal")},
            message_ids={
                row[0] for row in _rows("SELECT message_id FROM prm_messages_message WHERE channel = 'email'")
            },
        )


def _number(query: str, told: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, told)
        return int(cursor.fetchone()[0])


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {})
        return list(cursor.fetchall())
