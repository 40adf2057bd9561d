"""What every view of the API has unless it says otherwise: pages, permissions, throttles.

Apart from prm/kernel/api.py because Django REST framework imports these while it is being imported.
"""

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from prm.kernel.identity.actors import Actor

log = logging.getLogger(__name__)


def actor_of(request: Request) -> Actor:
    """Who calls."""
    actor: Actor = request._request.actor  # type: ignore[attr-defined]
    return actor


class CursorPages(CursorPagination):
    """Pages by cursor: stable while rows arrive, and as fast on the last page as on the first."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-id"


class HasRoles(BasePermission):
    """Lets in the roles that the view names in `required_roles`, or per action in `action_roles`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not getattr(request.user, "is_authenticated", False):
            return False
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
