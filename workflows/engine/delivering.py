"""Handing webhook calls over: claimed as the relay, sent outside of any transaction, repeated until taken."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from prm.kernel import clock, events, outgoing
from prm.kernel.tenancy.context import acting
from workflows.engine import calling, waits
from workflows.engine.step import lock_run
from workflows.events import WebhookFailed
from workflows.models import Run, WebhookCall

log = logging.getLogger(__name__)
LONG_ENOUGH = 40  # seconds
MAX_ATTEMPTS = 9  # the pauses between them come to about six hours
GONE = 410

_CLAIM = """
WITH picked AS (
  SELECT due.id FROM (SELECT id FROM tenancy_tenant WHERE status <> 'suspended' ORDER BY random()) AS t
  CROSS JOIN LATERAL (
    SELECT c.id FROM workflows_webhookcall AS c
    WHERE c.tenant_id = t.id AND c.state = 'waiting' AND c.not_before <= clock_timestamp()
      AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp())
    ORDER BY c.not_before LIMIT 4 FOR UPDATE OF c SKIP LOCKED
  ) AS due LIMIT %(most)s
)
UPDATE workflows_webhookcall AS c
SET lease_until = clock_timestamp() + interval '60 seconds', fence = c.fence + 1, attempt = c.attempt + 1,
    not_before = clock_timestamp() + make_interval(secs => least(14400, 5 * power(3, c.attempt))::int)
FROM picked WHERE c.id = picked.id
RETURNING c.id, c.tenant_id, c.fence
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one try ended."""

    state: str
    status: int | None
    text: str


def deliver_due(limit: int = 200) -> int:
    """Send what is due, one after the other; returns how many tries were made. Ends well within a task's time."""
    tried, until = 0, monotonic() + LONG_ENOUGH
    while tried < limit and monotonic() < until and (claims := _claim(min(2, limit - tried))):
        for one in claims:
            _hand_over(*one)
        tried += len(claims)
    return tried


def _claim(most: int) -> list[tuple[UUID, UUID, int]]:
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"most": most})
        return list(cursor.fetchall())


def _hand_over(call_id: UUID, tenant: UUID, fence: int) -> None:
    with acting(tenant=tenant, audience="vendor"):
        made = WebhookCall.objects.filter(pk=call_id, fence=fence, state="waiting").first()
        headers = calling.signed(made, clock.machine_now()) if made else {}
    if made is None:
        return
    ended = _try(made, headers)
    if ended.state != "delivered":
        log.warning("webhook %s not delivered at attempt %s: %s", call_id, made.attempt, ended.text)
    _record(tenant, made, ended)


def _try(made: WebhookCall, headers: Mapping[str, str]) -> Ended:
    last = "failed" if made.attempt >= MAX_ATTEMPTS else "waiting"
    try:
        answer = outgoing.post(made.url, body=made.body.encode(), headers=headers)
    except outgoing.Refused as refused:
        return Ended("failed", None, str(refused))
    except outgoing.Unreachable as error:
        return Ended(last, None, str(error))
    if answer.accepted:
        return Ended("delivered", answer.status, answer.text)
    return Ended("failed" if answer.status == GONE else last, answer.status, answer.text)


def _record(tenant: UUID, made: WebhookCall, ended: Ended) -> None:
    """Note the try; when it was the last, the run goes on with how it ended."""
    with acting(tenant=tenant, audience="vendor") as now:
        lock_run(made.run_id)
        close(made, ended.state, ended.status, ended.text, now)


def close(made: WebhookCall, state: str, status: int | None, text: str, now: datetime) -> None:
    """Write down how a try ended, unless somebody else has closed the call; its run is locked."""
    made.state, made.status_code, made.answer = state, status, text.replace("\x00", "")[:2000]
    changed = WebhookCall.objects.filter(pk=made.pk, fence=made.fence, state="waiting").update(
        state=made.state,
        status_code=made.status_code,
        answer=made.answer,
        lease_until=None,
        closed_at=None if state == "waiting" else Now(),
    )
    if not changed or state == "waiting":
        return
    waits.resume(made.work_id, state, calling.told(made), now)
    if state == "failed":
        _publish_failure(made, now)


def _publish_failure(made: WebhookCall, now: datetime) -> None:
    run = Run.objects.select_related("workflow").get(pk=made.run_id)
    host = urlsplit(made.url).hostname or ""
    events.publish(
        WebhookFailed(
            subject_id=made.pk,
            partner_id=run.partner_id,
            facts={
                "call.host": host,
                "call.status": made.status_code,
                "call.attempts": made.attempt,
                "call.workflow": run.workflow.key,
                "call.about": run.subject_name,
            },
        ),
        at=now,
        cause=f"run:{run.pk}",
    )
