"""What can be done to many partners at once, from the directory: planned first, then done one by one."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from partners import actions
from partners.models import Partner
from prm.kernel.ui.lists import BulkAction, Plan


def plan_reactivating(request: HttpRequest, rows: Sequence[Any]) -> Plan:
    """Those that are suspended."""
    return _plan(rows, lambda row: row.status == Partner.Status.SUSPENDED, _("It is not suspended"))


def reactivate(request: HttpRequest, rows: Sequence[Any]) -> str:
    """Let each work again."""
    done = sum(actions.reactivate_partner(partner_id=row.pk, **_who(request)).allowed for row in rows)
    return ngettext("%(n)s partner works again.", "%(n)s partners work again.", done) % {"n": done}


def plan_unwatching(request: HttpRequest, rows: Sequence[Any]) -> Plan:
    """Those that are watched."""
    return _plan(rows, lambda row: row.watched, _("It is not being watched"))


def unwatch(request: HttpRequest, rows: Sequence[Any]) -> str:
    """Take the watch off each."""
    done = sum(actions.unwatch_partner(partner_id=row.pk, **_who(request)) for row in rows)
    told = ngettext("The watch is taken off %(n)s partner.", "The watch is taken off %(n)s partners.", done)
    return told % {"n": done}


def _plan(rows: Sequence[Any], fits: Any, otherwise: Any) -> Plan:
    return Plan(will=[row for row in rows if fits(row)], skipped=[(row, otherwise) for row in rows if not fits(row)])


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.actor, "now": request.now}  # type: ignore[attr-defined]


REACTIVATE = BulkAction(
    "reactivate",
    _("Let work again"),
    run=reactivate,
    preview=plan_reactivating,
    icon="play",
    roles=frozenset({"admin", "ops"}),
)
UNWATCH = BulkAction(
    "unwatch",
    _("Stop watching"),
    run=unwatch,
    preview=plan_unwatching,
    icon="eye-off",
    roles=frozenset({"admin", "ops", "cam"}),
)
