"""Searching millions of entries: by the beginning of a name or an action, or by an exact id, never inside of words.

A LIKE, and anything that ignores case, can't use an index behind the wall (its functions might tell what they
saw of other tenants' rows); comparisons can. So a beginning is a range: from "Birch" up to, but not with, "Birci".
"""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.audit.words import called
from prm.kernel.ui.lists import Search

LAST = "\U0010ffff"


class Beginnings(Search):
    """What somebody typed, as the beginning of an action, of a name, or of who did it; or a whole id."""

    def __init__(self) -> None:
        super().__init__("action", "target_name", "actor_name", label=_("Begins with, or an id"))

    def q(self, value: str, request: HttpRequest) -> Q:
        if (wanted := _uuid(value)) is not None:
            return Q(target_id=wanted) | Q(actor_id=str(wanted)) | Q(request_id=value)
        found = Q(request_id=value) | Q(action__in=called(value))
        for field in self.fields:
            for typed in spellings(value):
                found |= begins(field, typed)
        return found


def begins(field: str, text: str) -> Q:
    """`field` begins with `text`: as a range, which an index answers."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def spellings(text: str) -> list[str]:
    """As typed, and in the other ways in which names begin."""
    return list(dict.fromkeys((text, text.lower(), text.title(), text.upper(), text[:1].upper() + text[1:])))


def _uuid(text: str) -> Any:
    try:
        return UUID(text)
    except ValueError:
        return None
