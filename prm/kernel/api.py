"""The frame of the REST API: one router, one page format, one error format.

An app's `api.py` registers its view sets with `router`; `prm/api.py` finds them. A face there parses,
calls an action and answers with `answer(request, decision, …)`; it never writes to the database itself.
Tokens open the caller's audience in the middleware, which also keeps every POST from running twice.
"""

import logging
from typing import Any

from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import exception_handler

import prm.kernel.api_document  # noqa: F401  (how the OpenAPI document describes our tokens)
from prm.kernel.api_defaults import CursorPages, HasRoles, PerToken, Submissions, actor_of
from prm.kernel.decisions import Decision

__all__ = ["CursorPages", "HasRoles", "PerToken", "Submissions", "actor_of", "answer", "now_of", "router"]

log = logging.getLogger(__name__)
router = SimpleRouter(trailing_slash=False)


class Text(serializers.CharField):
    """A text as the document says it; a number sent for one is refused, not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Amount(serializers.DecimalField):
    """An amount of money or percent in plain digits: nobody means a billion by “1e9”, and no form takes it."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and "e" in data.lower():
            self.fail("invalid")
        return super().to_internal_value(data)


class Figure(Amount):
    """A decimal written as text, as the document says it: JSON's own numbers are floats."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def as_typed(value: Any) -> Any:
    """What a program sent, as a form would have it: text, and lists as they are."""
    return value if isinstance(value, list) else str(value)


def now_of(request: Request) -> Any:
    """The business time of this call."""
    return request._request.now  # type: ignore[attr-defined]


def answer(request: Request, decision: Decision, body: Any = None, *, status: int = 200) -> Response:
    """The answer to an action: `body` when it was done, a 409 or 422 with the reasons when refused.

    A partner reads the partner's reasons only. 409 means that somebody was faster or the state moved on.
    """
    if decision.allowed:
        return Response(body, status=status)
    seen = decision if actor_of(request).is_vendor else decision.for_partner()
    return Response(refusal(seen), status=409 if is_conflict(decision) else 422)


def leaving_nothing(response: Response) -> Response:
    """A refusal of which nothing stays, its Idempotency-Key neither; nothing is read or written after it."""
    transaction.set_rollback(True)
    return response


def refusal(decision: Decision) -> dict[str, Any]:
    """A refused decision as the API says it."""
    reasons = [{"key": reason.key, "text": str(reason.text)} for reason in decision.reasons]
    title = next((reason["text"] for reason in reasons if reason["text"]), "This was refused.")
    return {"type": "refused", "title": title, "rule": decision.rule, "outcome": decision.outcome, "reasons": reasons}


STALE = (
    ".already_decided",
    ".claimed_by_another",
    ".not_open",
    ".carried_out",
    ".wrong_state",
    ".wrong_status",
    ".changed_meanwhile",
)


def is_conflict(decision: Decision) -> bool:
    """Whether somebody else was faster, or the state has moved on: worth reading again, not retyping."""
    return any(key.endswith(STALE) for key in decision.reason_keys)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API in one shape: type, title, and the fields or reasons it is about."""
    if isinstance(error, DataError):  # a time zone of a day's length, a number beyond all columns: the caller's
        log.warning("the database does not take a value: %s", error)
        error = ParseError("Something in it is out of range.")
    response = exception_handler(error, context)
    if response is None:
        return None
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)  # nothing of a call that failed stays
    if response.status_code == 403:
        context["request"]._request.denied = error
    response.data = problem(response.status_code, response.data)
    return response


TYPES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "throttled",
}


def problem(status: int, data: Any) -> dict[str, Any]:
    if status == 400 and not (isinstance(data, dict) and set(data) == {"detail"}):
        fields = data if isinstance(data, dict) else {"non_field_errors": data}
        return {"type": "invalid", "title": "Some fields are not right.", "fields": fields}
    detail = data.get("detail", "") if isinstance(data, dict) else data
    return {"type": TYPES.get(status, "invalid"), "title": str(detail)}


@csrf_exempt  # a program has no form to take a token from
def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """An address that the API does not have."""
    return JsonResponse({"type": "not_found", "title": "There is nothing at this address."}, status=404)
