"""A repeated POST gets the answer that the first one got, and does nothing again.

The key's row is written in the request's own transaction: a second request with the same key waits at
the unique index until the first has ended, then finds its answer, or, if the first failed, runs itself.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from prm.kernel.events.models import IdempotencyKey
from prm.kernel.tenancy.context import deciding

HEADER = "Idempotency-Key"
LONGEST = 200


def once(request: HttpRequest, scope: str, run: Callable[[], Any]) -> HttpResponse:
    """The answer to this POST: of `run()` the first time, the kept one after that.

    400 without a key; 422 when the key came with another request before. Faults and invalid input are
    not kept, so that they may be sent again, mended, under the same key.
    """
    key = request.headers.get(HEADER, "").strip()
    if not key or len(key) > LONGEST:
        return _problem(400, "idempotency_key_missing", f"Send an {HEADER} of up to {LONGEST} characters.")
    with deciding():
        row = _claim(scope, key, fingerprint := _fingerprint(request))
    if row.request_hash != fingerprint:
        return _problem(422, "idempotency_key_reused", f"This {HEADER} came with another request before.")
    if row.status is not None:
        return JsonResponse(row.body, status=row.status, safe=False, headers={"Idempotent-Replayed": "true"})
    response: HttpResponse = _rendered(run())
    if not transaction.get_connection().needs_rollback:
        with deciding():
            _keep(row, response)
    return response


def _claim(scope: str, key: str, fingerprint: str) -> IdempotencyKey:
    fresh = IdempotencyKey(scope=scope, key=key, request_hash=fingerprint)
    IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)
    return IdempotencyKey.objects.get(scope=scope, key=key)


def _keep(row: IdempotencyKey, response: HttpResponse) -> None:
    row.status = response.status_code
    row.body = json.loads(response.content) if response.content else None
    row.save(update_fields=["status", "body"])


def _fingerprint(request: HttpRequest) -> str:
    return sha256(b"\n".join([request.get_full_path().encode(), request.body])).hexdigest()


def _rendered(response: Any) -> Any:
    return response.render() if getattr(response, "is_rendered", True) is False else response


def _problem(status: int, kind: str, title: str) -> HttpResponse:
    return JsonResponse({"type": kind, "title": title}, status=status)
