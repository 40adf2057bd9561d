"""What nobody would notice otherwise: runs that stand still. Safe in any number, at any time."""

from uuid import UUID

from django.db import connection

from prm.kernel.tenancy.context import acting
from workflows.engine import scopes
from workflows.engine.failure import stuck
from workflows.models import Run

_STILL = """
SELECT r.tenant_id, r.id FROM workflows_run AS r
WHERE r.status = 'running' AND r.moved_at < statement_timestamp() - %(quiet)s::interval
  AND (NOT EXISTS (SELECT 1 FROM workflows_work AS w
                   WHERE w.tenant_id = r.tenant_id AND w.run_id = r.id AND w.kind <> 'escalation')
       OR EXISTS (SELECT 1 FROM workflows_scope AS s
                  WHERE s.tenant_id = r.tenant_id AND s.run_id = r.id AND s.status = 'open'
                    AND cardinality(s.arrived)
                      + (SELECT count(*) FROM workflows_work AS w WHERE w.tenant_id = s.tenant_id
                         AND w.run_id = s.run_id AND w.scope_id = s.id AND w.kind <> 'escalation')
                      + (SELECT count(*) FROM workflows_scope AS inner_one WHERE inner_one.tenant_id = s.tenant_id
                         AND inner_one.run_id = s.run_id AND inner_one.parent_id = s.id
                         AND inner_one.status = 'open') < s.total))
LIMIT 200
"""


def sweep(*, quiet: str = "60 seconds") -> int:
    """Open an incident for every live run, or branch of one, that has no step, timer or question.

    Says how many were found.

    Expired leases need no sweeping: claiming takes them up, and their attempts count.
    """
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_STILL, {"quiet": quiet})
        rows = cursor.fetchall()
    return sum(_report(tenant, run) for tenant, run in rows)


def _report(tenant: UUID, run_id: UUID) -> bool:
    with acting(tenant=tenant, audience="vendor") as now:
        run = (
            Run.objects.select_for_update(no_key=True)
            .filter(pk=run_id, status="running")
            .exclude(incidents__status="open")
            .first()
        )
        if run is None or not scopes.lost(run_id):
            return False
        stuck(run, now)
        return True
