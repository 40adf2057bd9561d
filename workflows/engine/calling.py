"""The webhook block: a signed message to a web address, handed over at least once outside of any transaction.

The message and its id are written with the step; a task delivers it, tries again with growing pauses, and
resumes the run with “delivered” or, in the end, “failed”. Signed as Standard Webhooks says, so that any of its
libraries can verify it; a repeat carries the same webhook-id.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import digest
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import Max
from django.utils.crypto import salted_hmac

from prm.kernel import clock, outgoing
from prm.kernel.decisions import jsonable
from prm.kernel.tenancy.context import tenant_id
from workflows.definition import BrokenDefinition
from workflows.engine.step import Result, Step
from workflows.models import WebhookCall, WebhookKey

OLD_KEY_LASTS = timedelta(hours=24)  # after a new key the one before signs as well, so that nobody must hurry


def call(step: Step) -> Result:
    """Write the message; the run waits until somebody has taken it."""
    from django.db import transaction

    block = step.block
    if problem := outgoing.problem_of(block["url"]):
        raise BrokenDefinition(problem)
    made, is_new = WebhookCall.objects.get_or_create(
        pk=uuid5(NAMESPACE_URL, f"run:{step.run_id}:{block.id}"),
        defaults={
            "run_id": step.run_id,
            "work_id": step.work_id,
            "block": block.id,
            "url": block["url"],
            "headers": dict(block.get("headers") or {}),
            "body": _body(step),
            "made_at": step.now,
        },
    )
    if not is_new and made.state in (WebhookCall.State.DELIVERED, WebhookCall.State.FAILED):
        return Result(made.state, told(made))
    if not is_new:
        made.work_id, made.state = step.work_id, WebhookCall.State.WAITING
        made.save(update_fields=["work_id", "state"])
    transaction.on_commit(hint, robust=True)
    return Result("waiting", {"call": made.pk, "host": urlsplit(made.url).hostname}, waits=True, kind="call")


def _body(step: Step) -> str:
    """Type, time and data: the values that the block names, else every fact; whom it is about in any case."""
    named = step.block.get("variables")
    data = {
        "subject": {"type": step.subject_type, "id": step.subject_id, "name": step.subject_name},
        "run": step.run_id,
        **({"values": step.fill(named)} if named else {"facts": step.context.get("facts", {})}),
    }
    kind = f"{step.program.key}.{step.block_id}"
    return json.dumps(jsonable({"type": kind, "timestamp": step.now, "data": data}), ensure_ascii=False)


def told(made: WebhookCall) -> dict[str, object]:
    """What the run remembers of a call that is over."""
    return {"call": made.pk, "status": made.status_code, "answer": made.answer[:500], "attempts": made.attempt}


def hint() -> None:
    """Wake whoever delivers. Losing this message loses seconds."""
    from prm.celery import nudge

    nudge("workflows.tasks.deliver")


# --- the vendor's secret ------------------------------------------------------------------------


def secret(number: int, of: UUID | None = None) -> bytes:
    """The vendor's signing key of that generation. It follows from the site's key, so no table holds it."""
    return bytes(salted_hmac("workflows.webhook", f"{of or tenant_id()}:{number}", algorithm="sha256").digest())


def shown(number: int) -> str:
    """The secret as receivers write it down."""
    return "whsec_" + b64encode(secret(number)).decode()


def keys_in_use() -> list[int]:
    """The newest generation first, and the one before for a day after the change."""
    newest = WebhookKey.objects.aggregate(newest=Max("number"))["newest"]
    if newest is None:
        return [0]
    made_at = WebhookKey.objects.get(number=newest).made_at
    return [newest, newest - 1] if made_at > clock.machine_now() - OLD_KEY_LASTS else [newest]


def signed(made: WebhookCall, at: datetime) -> Mapping[str, str]:
    """The headers of one hand-over."""
    stamp = str(int(at.timestamp()))
    text = f"{made.message_id}.{stamp}.{made.body}".encode()
    signatures = [b64encode(digest(secret(number), text, sha256)).decode() for number in keys_in_use()]
    return {
        **made.headers,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "PRM-Webhooks/1",
        "webhook-id": made.message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
