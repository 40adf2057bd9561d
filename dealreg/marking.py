"""What the list of customers does with many at once: marks that say how their deals are treated."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dealreg import actions
from dealreg.models import Customer
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.ui.lists import BulkAction, Done, Plan

EDITORS = frozenset({"admin", "ops", "sales"})
Text = str | Promise


def _plan(mark: str, value: bool, otherwise: Text, request: Any, rows: Sequence[Customer]) -> Plan:
    """Those that are marked otherwise."""
    will = [row for row in rows if getattr(row, mark) != value]
    return Plan(will=will, skipped=[(row, otherwise) for row in rows if getattr(row, mark) == value])


def _run(mark: str, value: bool, request: Any, rows: Sequence[Customer]) -> Done:
    batch, ids = uuid7(), [row.pk for row in rows]
    done = actions.mark_customers(
        customer_ids=ids, mark=mark, value=value, batch=batch, actor=request.actor, now=request.now
    )
    text = ngettext("%(n)d customer is changed.", "%(n)d customers are changed.", done) % {"n": done}
    return Done(text, undo=reverse("dealreg_console:customer_undo", args=[batch]))


def _marking(key: str, label: Text, icon: str, mark: str, value: bool, otherwise: Text, warning: Text) -> BulkAction:
    return BulkAction(
        key,
        label,
        run=partial(_run, mark, value),
        preview=partial(_plan, mark, value, otherwise),
        icon=icon,
        roles=EDITORS,
        danger=mark == "is_blocked" and value,
        warning=warning,
    )


MARKINGS = (
    _marking(
        "house",
        _("Make house account"),
        "house",
        "is_house",
        True,
        _("It is a house account already"),
        _("Deals for these customers go to people from now on."),
    ),
    _marking("no_house", _("No house account"), "undo-2", "is_house", False, _("It is no house account"), ""),
    _marking(
        "blackout",
        _("Black out"),
        "ban",
        "is_blocked",
        True,
        _("It is blacked out already"),
        _("New deals for these customers are declined from now on, without saying why."),
    ),
    _marking("no_blackout", _("Lift blackout"), "play", "is_blocked", False, _("It is not blacked out"), ""),
)
