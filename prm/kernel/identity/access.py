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

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Denied(PermissionDenied):
    """Somebody is known but may not do this; audited once the request's transaction is over."""

    def __init__(self, needed: frozenset[str]) -> None:
        names = ", ".join(sorted(needed))
        super().__init__(f"This needs one of the roles {names}" if names else "You can look here, not change.")
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
        raise Denied(needed)


def check_method(request: HttpRequest) -> None:
    """Raise Denied when somebody who may only look is about to change something."""
    if request.method in SAFE or not looks_only(request) or _is_for_auditors(request):
        return
    request.denied = Denied(frozenset())  # type: ignore[attr-defined]
    raise request.denied  # type: ignore[attr-defined]


def looks_only(request: HttpRequest) -> bool:
    """An auditor and nothing else, or a view as somebody that was opened for looking."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = getattr(request, "view_as", None)
    return actor.roles == {"auditor"} or (view is not None and not view.may_act)


def _is_for_auditors(request: HttpRequest) -> bool:
    """A view that changes nothing of the vendor's, such as asking for an export; never for a view as somebody."""
    view = getattr(request.resolver_match, "func", None)
    return getattr(request, "view_as", None) is None and getattr(view, "for_auditors", False)
