"""Who may open what. Roles are asked for at the view and, again, written down in MATRIX.

A view says `@require_roles("admin", "ops")`; the test of the matrix walks every URL, tries every role
and compares with the row here, so that neither can change alone. A URL without a row fails the test.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from prm.kernel.identity.actors import Actor

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Denied(PermissionDenied):
    """Somebody is known but may not do this; audited once the request's transaction is over."""

    def __init__(self, needed: frozenset[str]) -> None:
        super().__init__("This needs one of the roles " + ", ".join(sorted(needed)))
        self.needed = needed


def require_roles(*roles: str) -> Callable[[View], View]:
    """Let only people (or tokens) with one of `roles` in; others get a page that says who may."""
    needed = frozenset(roles)

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check(request, needed)
            return view(request, *args, **kwargs)

        guarded.required_roles = needed  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


class RolesRequired:
    """The same for class-based views: `required_roles = frozenset({"admin"})`. Put it first."""

    required_roles: frozenset[str] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        check(request, self.required_roles)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


def check(request: HttpRequest, needed: frozenset[str]) -> None:
    """Raise Denied unless the request's actor holds one of `needed`."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or not actor.has(*needed):
        request.denied = needed  # type: ignore[attr-defined]
        raise Denied(needed)
