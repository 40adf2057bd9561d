"""The frame of the REST API: one router, one page format, one error format.

An app's `api.py` registers its view sets with `router`; `prm/api.py` finds them. A face there parses,
calls an action and answers with `answer(decision)`; it never writes to the database itself.
"""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView, exception_handler

from prm.kernel.decisions import Decision

router = SimpleRouter(trailing_slash=False)


class CursorPages(CursorPagination):
    """Pages by cursor: stable while rows arrive, and as fast on the last page as on the first."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-id"


class HasRoles(BasePermission):
    """Lets in the roles that the view names: `required_roles`, or per action in `action_roles`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        per_action: dict[str, frozenset[str]] = getattr(view, "action_roles", {})
        needed = per_action.get(getattr(view, "action", None) or "", getattr(view, "required_roles", None))
        return needed is None or request.user.actor.has(*needed)  # type: ignore[union-attr]


def answer(decision: Decision, body: Any = None, *, audience: str, status: int = 200) -> Response:
    """The answer to an action: `body` when it was done, a 409 or 422 with the reasons when refused."""
    if decision.allowed:
        return Response(body, status=status)
    seen = decision.for_partner() if audience == "partner" else decision
    return Response(refusal(seen), status=409 if is_conflict(decision) else 422)


def refusal(decision: Decision) -> dict[str, Any]:
    reasons = [{"key": reason.key, "text": str(reason.text)} for reason in decision.reasons]
    title = next((reason["text"] for reason in reasons if reason["text"]), "This was refused.")
    return {"type": "refused", "title": title, "rule": decision.rule, "outcome": decision.outcome,
            "reasons": reasons}


def is_conflict(decision: Decision) -> bool:
    """Whether somebody else was faster, or the state has moved on: worth reading again, not retyping."""
    return any(key.endswith((".already_decided", ".wrong_state", ".changed_meanwhile")) for key in decision.reason_keys)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API in one shape: type, title, and the fields or reasons it is about."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if response.status_code == 403:
        context["request"]._request.denied = error
    response.data = problem(response.status_code, response.data)
    return response


def problem(status: int, data: Any) -> dict[str, Any]:
    if status == 400 and isinstance(data, (dict, list)):
        fields = data if isinstance(data, dict) else {"non_field_errors": data}
        return {"type": "invalid", "title": "Some fields are not right.", "fields": fields}
    detail = data.get("detail", "") if isinstance(data, dict) else data
    return {"type": TYPES.get(status, "error"), "title": str(detail)}


TYPES = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
         406: "not_acceptable", 415: "unsupported_media_type", 429: "throttled"}
