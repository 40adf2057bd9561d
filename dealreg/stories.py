"""A deal's story: one that its partner may read, and what comes next for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealreg import queries
from dealreg.models import Deal
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import deciding

# What a partner may read of the audit: an action, its words, its icon and its tone. Nothing else is told.
TOLD = {
    "deal.submitted": (gettext_noop("Registered"), "send", "info"),
    "deal.resubmitted": (gettext_noop("Answered and sent again"), "send", "info"),
    "deal.in_review": (gettext_noop("With the deal desk"), "user-round", "info"),
    "deal.returned": (gettext_noop("The deal desk asks something"), "message-circle-question-mark", "warn"),
    "deal.approved": (gettext_noop("Protected"), "shield-check", "good"),
    "deal.rejected": (gettext_noop("Declined"), "x", "bad"),
    "deal.withdrawn": (gettext_noop("Withdrawn"), "undo-2", "neutral"),
    "deal.extended": (gettext_noop("Protection extended"), "calendar", "good"),
    "deal.stage_changed": (gettext_noop("Stage changed"), "trending-up", "neutral"),
    "deal.won": (gettext_noop("Won"), "trophy", "good"),
    "deal.lost": (gettext_noop("Lost"), "circle-slash", "neutral"),
    "deal.expired": (gettext_noop("Protection ended"), "clock", "neutral"),
}


def partner_story(deal: Deal) -> list[dict[str, Any]]:
    """What happened, newest first, in words for the partner; vendor's people appear as the deal desk."""
    return behind_the_wall(deal)[0]


def behind_the_wall(deal: Deal) -> tuple[list[dict[str, Any]], int]:
    """The partner's story and the days that an extension brings, in one look over the wall."""
    with deciding():
        rows = list(AuditEntry.objects.filter(target_id=deal.pk, action__in=TOLD).order_by("-at", "-id"))
        days = queries.extension_days()
    theirs = {
        str(pk) for pk in Membership.objects.filter(partner_id=deal.partner_id).values_list("person_id", flat=True)
    }
    return [_told(row, theirs, deal) for row in rows], days


def _told(row: AuditEntry, theirs: set[str], deal: Deal) -> dict[str, Any]:
    again = row.action == "deal.submitted" and row.before.get("status") == "action_required"
    title, icon, tone = TOLD["deal.resubmitted" if again else row.action]
    if row.action == "deal.approved" and not deal.grants_protection:
        title = gettext_noop("Registered")
    named = row.actor_kind == "person" and str(row.actor_id) in theirs
    return {"at": row.at, "title": _(title), "icon": icon, "tone": tone, "actor": row.actor_name if named else ""}


def next_step(deal: Deal, *, now: datetime) -> Mapping[str, Any]:
    """The one thing to know: until when it is protected, by when it is answered, or what to do."""
    status = deal.shown_status
    days = (deal.protected_until - now.date()).days if deal.protected_until else None
    steps: dict[str, Mapping[str, Any]] = {
        "draft": {
            "tone": "neutral",
            "title": _("Not handed in yet"),
            "text": _("Nothing is protected before you hand it in."),
        },
        "submitted": {"tone": "info", "title": _("With the deal desk"), "due": deal.answer_due_at},
        "in_review": {"tone": "info", "title": _("In review"), "due": deal.answer_due_at},
        "action_required": {"tone": "warn", "title": _("Your answer is needed"), "text": deal.reason_for_partner},
        "approved": {"tone": "good", "title": _("Protected until"), "day": deal.protected_until, "days": days},
        "registered": {
            "tone": "good",
            "title": _("Registered"),
            "text": _("Deals of this type are registered without protection: others may register the customer, too."),
        },
        "rejected": {"tone": "bad", "title": _("Declined"), "text": deal.reason_for_partner},
        "withdrawn": {"tone": "neutral", "title": _("Withdrawn"), "text": _("Nothing is protected any more.")},
        "won": {"tone": "good", "title": _("Won"), "text": _("Thank you for closing it.")},
        "lost": {"tone": "neutral", "title": _("Lost"), "text": deal.close_reason},
        "expired": {
            "tone": "neutral",
            "title": _("Protection ended"),
            "text": _("Register it again if the customer still buys."),
        },
    }
    return steps[status]
