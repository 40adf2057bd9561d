"""Connections in the console's navigation, on the deal's page, and the words for their states."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from integrations import queries
from integrations.audited import ACTIONS
from prm.kernel.audit.areas import register_area
from prm.kernel.audit.records import Record, register_record
from prm.kernel.audit.words import register_actions
from prm.kernel.ui.counts import count_of, register_count
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.slots import Slot, register_slot
from prm.kernel.ui.states import register_states

READERS = frozenset({"admin", "ops", "auditor"})


def syncing_of_deal(request: Any, deal_id: UUID) -> dict[str, Any] | None:
    """How a deal stands with every connection; None where there is none."""
    if not queries.watched():
        return None
    found = queries.why("deal", deal_id)
    return {"whys": found, "deal_id": deal_id, "may_sync": request.actor.has("admin", "ops")} if found else None


def _need_help(request: Any) -> int | None:
    """Dead letters."""
    return count_of(request, "sync_help") or None


def help_wanted(request: Any, _nobody: UUID | None) -> dict[str, Any] | None:
    """For Today: changes that wait for a person."""
    waiting = _need_help(request) if request.actor.has(*READERS) else None
    return {"count": waiting} if waiting else None


register_count("sync_help", lambda _request: queries.need_help())
register_slot("today", Slot("syncing", _("Other systems"), "integrations/today.html", help_wanted))
register_slot("deal", Slot("syncing", _("Other systems"), "integrations/deal.html", syncing_of_deal, order=20))
register_nav(
    "console",
    section="integrations",
    label=_("Connections"),
    url_name="integrations:connections",
    icon="plug",
    roles=READERS,
    order=10,
)
register_nav(
    "console",
    section="integrations",
    label=_("Changes to write"),
    url_name="integrations:jobs",
    icon="refresh-cw",
    badge=_need_help,
    roles=READERS,
    order=20,
)
register_states(
    "connection",
    {
        "active": ("good", _("Active")),
        "paused": ("neutral", _("Paused")),
        "broken": ("bad", _("Broken")),
    },
)
register_states(
    "sync_job",
    {
        "waiting": ("info", _("On its way")),
        "paused": ("neutral", _("Connection paused")),
        "broken": ("bad", _("Connection broken")),
        "done": ("good", _("Written")),
        "dead": ("bad", _("Needs help")),
        "overtaken": ("neutral", _("Overtaken")),
        "skipped": ("neutral", _("Skipped")),
    },
)
register_states(
    "syncing",
    {
        "synced": ("good", _("Up to date")),
        "waiting": ("info", _("On its way")),
        "held": ("warn", _("Waits for the line")),
        "paused": ("neutral", _("Connection paused")),
        "broken": ("bad", _("Connection broken")),
        "dead": ("bad", _("Needs help")),
        "behind": ("warn", _("Differs")),
        "never": ("neutral", _("Never written")),
    },
)
register_actions(ACTIONS)
register_area("connection", _("Connections"))
register_area("sync", _("Changes written to other systems"))
register_record(Record("integrations.connection", _("Connection"), "integrations:connection", roles=READERS))
register_record(Record("integrations.syncjob", _("Change to write"), "integrations:job", roles=READERS))
