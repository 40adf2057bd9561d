"""API tokens: `Authorization: Bearer prm_…`. The secret is shown once; only its hash is kept."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken
from prm.kernel.identity.secrets import hash_of

SCHEME = "Bearer"
_MINUTE = timedelta(minutes=1)


def find_token(secret: str) -> ApiToken | None:
    """The live token of a secret; None if unknown, revoked, expired or of a suspended tenant.

    Runs on the identity plane, before the tenant is known. Notes the use, at most once a minute.
    """
    token = (
        ApiToken.objects.filter(secret_hash=hash_of(secret), revoked_at=None, tenant__status="active")
        .filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
        .select_related("tenant")
        .first()
    )
    if token is not None:
        ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=Now() - _MINUTE), pk=token.pk).update(
            last_used_at=Now()
        )
    return token


@dataclass(frozen=True)
class ApiUser:
    """What Django REST framework calls the user: the actor behind the token."""

    actor: Actor
    is_authenticated: bool = field(default=True)

    @property
    def pk(self) -> str:
        return self.actor.id


class TokenAuthentication(BaseAuthentication):
    """Hands over what the Acting middleware found; asks the database nothing."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "token", None)
        actor = getattr(request._request, "actor", None)
        return (ApiUser(actor), token) if token is not None and actor is not None else None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME
