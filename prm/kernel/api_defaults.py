"""What every view of the API has unless it says otherwise: how a body is read, pages, permissions, throttles.

Apart from prm/kernel/api.py because Django REST framework imports these while it is being imported.
"""

import logging
import math
from base64 import b64decode
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as NotThatKind
from django_filters.rest_framework import DjangoFilterBackend
from redis.exceptions import RedisError
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from prm.kernel.identity.actors import Actor

log = logging.getLogger(__name__)


def actor_of(request: Request) -> Actor:
    """Who calls."""
    actor: Actor = request._request.actor  # type: ignore[attr-defined]
    return actor


DEEPEST = 32


class PlainJSON(JSONParser):
    """JSON that can be kept: PostgreSQL holds no NUL, UTF-8 no half of a character, and jsonb no infinite number."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            found = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        heap: list[tuple[Any, int]] = [(found, 0)]
        while heap:
            value, depth = heap.pop()
            if depth > DEEPEST:
                raise ParseError(TOO_DEEP)
            if isinstance(value, dict):
                heap += [(one, depth + 1) for pair in value.items() for one in pair]
            elif isinstance(value, list):
                heap += [(one, depth + 1) for one in value]
            elif isinstance(value, str) and not _is_text(value):
                raise ParseError("Text in it holds a NUL character, or half of a surrogate pair.")
            elif isinstance(value, float) and not math.isfinite(value):
                raise ParseError("A number in it is too large.")
        return found


TOO_DEEP = f"It is nested deeper than {DEEPEST} levels."


def _is_text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


OF_PAGES = ("cursor", "page_size")


def none_unknown(request: Request, known: Collection[str]) -> None:
    """400 that names what is no filter here: to ignore it would answer another question."""
    if unknown := sorted(set(request.query_params).difference(known)):
        told = [f"There is no such filter here. Use one of: {', '.join(known)}."]
        raise ValidationError(dict.fromkeys(unknown, told))


class Filters(DjangoFilterBackend):  # type: ignore[misc]
    """Filters that are named hold: one that is left empty narrows nothing, and a program would read everything."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if not getattr(view, "detail", False):
            none_unknown(request, [*filterset.form.fields, *OF_PAGES] if filterset else OF_PAGES)
        if filterset is None:
            return queryset
        empty = [
            name
            for name, field in filterset.form.fields.items()
            if type(field) is not forms.CharField and "" in request.query_params.getlist(name)
        ]
        if empty:
            raise ValidationError({name: ["This is empty: leave it out, or say what is wanted."] for name in empty})
        return super().filter_queryset(request, queryset, view)


class CursorPages(CursorPagination):
    """Pages by cursor: stable while rows arrive, and as fast on the last page as on the first."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page; 400 for a cursor that is none of ours."""
        try:
            b64decode(request.query_params.get("cursor", ""), validate=True)
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, NotThatKind, ValueError, OverflowError):
            raise ValidationError({"cursor": [str(self.invalid_cursor_message)]}) from None

    def get_page_size(self, request: Request) -> int:
        """The size that was asked for; 400 where it isn't one."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and 0 < int(asked[:9]) <= self.max_page_size):
            raise ValidationError({"page_size": [f"A number from 1 to {self.max_page_size}."]})
        return int(asked)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """As the OpenAPI document tells it."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "page_size":
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return parameters


class HasRoles(BasePermission):
    """Lets in the roles that the view names in `required_roles`, or per action in `action_roles`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not getattr(request.user, "is_authenticated", False):
            return False
        if getattr(view, "action", "") is None:
            return True  # nobody may: the answer is that the address has no such method
        per_action: dict[str, frozenset[str]] = getattr(view, "action_roles", {})
        needed = per_action.get(getattr(view, "action", None) or "", getattr(view, "required_roles", None))
        return needed is None or actor_of(request).has(*needed)


class PerToken(SimpleRateThrottle):
    """So many calls for each token; with Redis away, calls are let through rather than lost."""

    scope = "api"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        token = getattr(request._request, "token", None)
        return f"throttle:{token.tenant_id}:{self.scope}:{token.pk}" if token else None

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except (OSError, RedisError) as error:
            log.warning("throttling is off, Redis does not answer: %s", error)
            return True


class Submissions(PerToken):
    """Fewer, for what starts work."""

    scope = "submit"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method != "POST" or super().allow_request(request, view)
