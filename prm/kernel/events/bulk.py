"""Settling many parked events at once, each by the action that one takes."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.events import actions
from prm.kernel.events.models import Delivery
from prm.kernel.ui.lists import BulkAction, Plan


def plan(request: Any, rows: Sequence[Delivery]) -> Plan:
    """What is parked; what is on its way goes by itself."""
    will = [row for row in rows if row.state == Delivery.State.PARKED]
    skipped = [(row, gettext_lazy("It isn't parked.")) for row in rows if row.state != Delivery.State.PARKED]
    return Plan(will, skipped)


def retry(request: Any, rows: Sequence[Delivery]) -> str:
    """The oldest first, as they happened."""
    done = _settled(actions.retry_delivery, request, rows)
    return ngettext("%(n)d event is tried again now.", "%(n)d events are tried again now.", done) % {"n": done}


def skip(request: Any, rows: Sequence[Delivery]) -> str:
    done = _settled(actions.skip_delivery, request, rows)
    told = ngettext("%(n)d event is given up; later ones go on.", "%(n)d events are given up; later ones go on.", done)
    return told % {"n": done}


def _settled(act: Any, request: Any, rows: Sequence[Delivery]) -> int:
    ordered = sorted(rows, key=lambda row: row.position)
    return sum(act(delivery_id=row.pk, actor=request.actor, now=request.now).allowed for row in ordered)


OPERATORS = frozenset({"admin", "ops"})
RETRY = BulkAction("retry", gettext_lazy("Try again"), retry, plan, icon="refresh-cw", roles=OPERATORS)
SKIP = BulkAction("skip", gettext_lazy("Give it up"), skip, plan, icon="x", danger=True, roles=OPERATORS)
