"""A deal's story: one that its partner may read, and what comes next for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from dealreg import queries
from dealreg.models import Deal, DealStatus, Dispute
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.actors import signed
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.context import deciding

# What a partner may read of the audit: an action, its words, its icon and its tone. Nothing else is told.
TOLD = {
    "deal.submitted": (gettext_noop("Registered"), "send", "info"),
    "deal.resubmitted": (gettext_noop("Answered and sent again"), "send", "info"),
    "deal.came_again": (gettext_noop("Came in again: still this one registration"), "copy", "neutral"),
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
    "deal.protection_ended": (gettext_noop("Protection taken away"), "shield-alert", "bad"),
    "deal.reassigned": (gettext_noop("Given to you, protected"), "shield-check", "good"),
    "deal.shared": (gettext_noop("Shared between two partners"), "percent", "info"),
    "deal.share_whole": (gettext_noop("Wholly yours again"), "percent", "good"),
    "deal.disputed": (gettext_noop("You contested the answer"), "scale", "info"),
    "dispute.in_review": (gettext_noop("The deal desk looks again"), "user-round", "info"),
    "dispute.withdrawn": (gettext_noop("You took the dispute back"), "undo-2", "neutral"),
    "dispute.decided": (gettext_noop("Your dispute is decided"), "scale", "info"),
}


def partner_story(deal_id: UUID, partner_id: UUID) -> list[dict[str, Any]]:
    """What happened while the deal was this partner's, newest first; vendor's people appear as the deal desk."""
    with deciding():
        protects = Deal.objects.values_list("grants_protection", flat=True).get(pk=deal_id)
        return _story(deal_id, partner_id, protects=protects)


def behind_the_wall(deal: Deal) -> tuple[list[dict[str, Any]], int]:
    """The partner's story and the days that an extension brings, in one look over the wall."""
    with deciding():
        return _story(deal.pk, deal.partner_id, protects=deal.grants_protection), queries.extension_days()


def _story(deal_id: UUID, partner_id: UUID, *, protects: bool) -> list[dict[str, Any]]:
    """Of the deal and of its disputes, what was done while it was theirs: what was another's is never told."""
    about = [deal_id, *Dispute.objects.filter(deal=deal_id, partner_id=partner_id).values_list("pk", flat=True)]
    rows = AuditEntry.objects.filter(target_id__in=about, partner_id=partner_id, action__in=TOLD)
    people = Membership.objects.filter(partner_id=partner_id).values_list("person_id", flat=True)
    theirs = {str(pk) for pk in people}
    return [_told(row, theirs, protects) for row in rows.order_by("-at", "-id")]


def _told(row: AuditEntry, theirs: set[str], protects: bool) -> dict[str, Any]:
    again = row.action == "deal.submitted" and row.before.get("status") == "action_required"
    title, icon, tone = TOLD["deal.resubmitted" if again else row.action]
    if row.action == "deal.approved" and not protects:
        title = gettext_noop("Registered")
    if row.action == "deal.reassigned" and (row.after.get("status", "approved") != "approved" or not protects):
        title, icon, tone = gettext_noop("Given to you"), "shuffle", "info"
    named = row.actor_kind == "person" and str(row.actor_id) in theirs
    return {
        "at": row.at,
        "title": _(title),
        "text": longer(row.after.get("late_days")),
        "icon": icon,
        "tone": tone,
        "actor": signed(row.actor_name, row.impersonator) if named else "",
    }


def longer(days: int | None) -> str:
    """Why a protection is longer than usual; nothing where our answer came in time."""
    if not days:
        return ""
    told = ngettext(
        "%(n)s day longer: our answer was %(n)s day late.", "%(n)s days longer: our answer was %(n)s days late.", days
    )
    return told % {"n": days}


def coming(deal: Deal, dispute: Dispute | None) -> list[dict[str, Any]]:
    """What happens next and by when, the farthest first, as the top of the timeline."""
    found: list[dict[str, Any]] = []
    if deal.status == DealStatus.APPROVED and deal.protected_until:
        title = _("Protection ends unless the deal is won, or extended")
        if deal.extended_on:
            title = _("Protection ends unless the deal is won")
        found.append({"day": deal.protected_until, "title": title, "icon": "hourglass", "tone": "info"})
        found.append({"day": deal.expected_close_on, "title": _("Expected close"), "icon": "target", "tone": "neutral"})
    if deal.is_waiting:
        found.append({"at": deal.answer_due_at, "title": _("You have an answer"), "icon": "hourglass", "tone": "info"})
    if dispute is not None and dispute.is_open:
        title = _("Your dispute is decided")
        found.append({"at": dispute.answer_due_at, "title": title, "icon": "hourglass", "tone": "info"})
    dated = [entry for entry in found if entry.get("day") or entry.get("at")]
    return sorted(dated, key=lambda entry: entry.get("day") or entry["at"].date(), reverse=True)


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
        "approved": {
            "tone": "good",
            "title": _("Protected until"),
            "day": deal.protected_until,
            "days": days,
            "text": longer(deal.late_days),
        },
        "registered": {
            "tone": "good",
            "title": _("Registered"),
            "text": _("Deals of this type are registered without protection: others may register the customer, too."),
        },
        "rejected": {"tone": "bad", "title": _("Declined"), "text": deal.answer},
        "withdrawn": {"tone": "neutral", "title": _("Withdrawn"), "text": _("Nothing is protected any more.")},
        "won": {"tone": "good", "title": _("Won"), "text": _("Thank you for closing it.")},
        "lost": {"tone": "neutral", "title": _("Lost"), "text": deal.close_reason},
        "expired": {
            "tone": "neutral",
            "title": _("Protection ended"),
            "text": deal.reason_for_partner or _("Register it again if the customer still buys."),
        },
    }
    return steps[status]
