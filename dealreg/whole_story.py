"""A deal's whole story for the vendor: what was done and decided, workflow steps, messages, comments, sync, disputes.

What other apps have to tell comes from the registry of stories; nobody here knows what they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from dealreg.models import Deal, Dispute
from dealreg.stories import TOLD, longer
from prm.kernel import wording
from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.words import word_of
from prm.kernel.automation.registry import story_of
from prm.kernel.messages.models import Message

KINDS = {
    "": gettext_lazy("Everything"),
    "done": gettext_lazy("Done and decided"),
    "workflow": gettext_lazy("Workflow"),
    "talk": gettext_lazy("Comments"),
    "message": gettext_lazy("Messages"),
    "other": gettext_lazy("Other systems"),
}
# In the vendor's words, where those for the partner would be wrong or where the partner is told nothing.
OURS = {
    "deal.drafted": (gettext_noop("Draft saved"), "pencil", "neutral"),
    "deal.in_review": (gettext_noop("Taken up by a person"), "user-round", "info"),
    "deal.returned": (gettext_noop("Asked the partner"), "message-circle-question-mark", "warn"),
    "deal.validated": (gettext_noop("Judged by the eligibility rules"), "scale", "neutral"),
    "deal.checked": (gettext_noop("Compared with customers and other deals"), "search", "neutral"),
    "deal.routed": (gettext_noop("Who decides was found"), "git-branch", "neutral"),
    "deal.routed_refused": (gettext_noop("Handed to people"), "user-round", "info"),
    "deal.cam_assigned": (gettext_noop("Channel manager assigned"), "user-check", "neutral"),
    "deal.file_attached": (gettext_noop("File added"), "paperclip", "neutral"),
    "deal.reminded": (gettext_noop("Reminded of the end of protection"), "alarm-clock", "neutral"),
    "deal.reassigned": (gettext_noop("Gone over to another partner"), "shuffle", "info"),
    "deal.share_whole": (gettext_noop("Wholly one partner's again"), "percent", "neutral"),
    "deal.disputed": (gettext_noop("The partner contests the answer"), "scale", "warn"),
    "dispute.in_review": (gettext_noop("Dispute taken up"), "user-round", "info"),
    "dispute.withdrawn": (gettext_noop("Dispute taken back"), "undo-2", "neutral"),
    "dispute.decided": (gettext_noop("Dispute decided"), "scale", "good"),
}
PASSED_OVER = ("deal.commented",)  # the comment itself is told


def whole_story(deal: Deal, disputes: Iterable[Dispute] = (), kind: str = "") -> list[Mapping[str, Any]]:
    """Everything, newest first; with `kind`, that alone. Seven queries however long it is.

    What happened at one instant comes in the order in which it was written: ids tell.
    """
    about = {deal.pk: "deal", **{dispute.pk: "dispute" for dispute in disputes}}
    told = [
        *_done(about),
        *(_elsewhere(entry) for pk, subject in about.items() for entry in story_of(subject, pk)),
        *_talk(deal),
        *_messages(about),
    ]
    wanted = [entry for entry in told if not kind or entry["kind"] == kind]
    return sorted(wanted, key=lambda entry: (entry["at"], entry["id"]), reverse=True)


def _done(about: Mapping[Any, str]) -> Iterator[Mapping[str, Any]]:
    """The audit in words, each with the decision behind it."""
    rows = AuditEntry.objects.filter(target_id__in=list(about)).exclude(action__in=PASSED_OVER)
    for row in rows.select_related("decision"):
        action = row.action if row.action in OURS else row.action.removesuffix("_refused")
        title, icon, tone = OURS.get(action) or TOLD.get(action) or (word_of(action), "circle-dot", "neutral")
        refused = action != row.action
        document = row.decision.document if row.decision else None
        yield {
            "kind": "done",
            "id": row.pk,
            "at": row.at,
            "title": _("Refused: %(what)s") % {"what": _(title)} if refused else _(title),
            "icon": "ban" if refused else icon,
            "tone": "bad" if refused else tone,
            "actor": _who(row),
            "text": _because(document) or longer(row.after.get("late_days")) or _change(row),
            "decision": document,
        }


def _who(row: AuditEntry) -> str:
    if row.impersonator:
        return _("%(who)s, by %(by)s") % {"who": row.actor_name, "by": row.impersonator}
    return row.actor_name


def _because(document: Mapping[str, Any] | None) -> str:
    return " ".join(wording.told(reason) for reason in document["reasons"]) if document else ""


def _change(row: AuditEntry) -> str:
    before, after = row.before.get("partner"), row.after.get("partner")
    return f"{before} → {after}" if before and after else ""


def _elsewhere(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"kind": "workflow", **entry}


def _talk(deal: Deal) -> Iterator[Mapping[str, Any]]:
    for comment in deal.comments.all():
        inside = comment.audience == "vendor"
        yield {
            "kind": "talk",
            "id": comment.pk,
            "at": comment.at,
            "title": _("Comment, only us") if inside else _("Comment"),
            "icon": "lock" if inside else "message-square",
            "tone": "warn" if inside else "neutral",
            "actor": comment.author_name,
            "text": comment.body,
        }


def _messages(about: Mapping[Any, str]) -> Iterator[Mapping[str, Any]]:
    rows = Message.objects.filter(subject_id__in=list(about), channel="email").select_related("recipient")
    for mail in rows:
        yield {
            "kind": "message",
            "id": mail.pk,
            "at": mail.at,
            "title": mail.subject,
            "icon": "mail",
            "tone": "bad" if mail.state == "failed" else "neutral",
            "actor": mail.recipient.name,
            "text": "",
        }


def tabs(deal: Deal, kind: str) -> list[dict[str, Any]]:
    """The kinds as the page's choice, each with its address."""
    path = reverse("dealreg_console:deal", args=[deal.pk])
    return [
        {"label": label, "url": f"{path}?story={key}#h-story" if key else f"{path}#h-story", "current": key == kind}
        for key, label in KINDS.items()
    ]
