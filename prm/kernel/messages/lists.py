"""The message log and the inbox, on the one list component."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.kernel.messages.models import Message
from prm.kernel.ui.lists import Choice, Column, Empty, List, Period, Search, View


class Log(List):
    key = "message-log"
    title = _("Message log")
    noun = (_("message"), _("messages"))
    default_sort = "-at"
    columns = (
        Column("subject", _("Message"), sort="subject", link=lambda m: m.url),
        Column("recipient", _("To"), value=lambda m: m.recipient.name, kind="person"),
        Column("channel", _("Channel"), value=lambda m: m.get_channel_display()),
        Column("state", _("Delivery"), kind="status", states="message", sort="state"),
        Column("at", _("When"), kind="when", sort="at"),
        Column("address", _("Address"), optional=True),
        Column("attempt", _("Tries"), kind="number", optional=True),
        Column("error", _("Last error"), optional=True),
        Column("cause", _("Cause"), optional=True),
    )
    filters = (
        Search("subject", "address"),
        Choice("state", _("Delivery"), options=Message.State.choices, many=True),
        Choice("channel", _("Channel"), options=Message.Channel.choices),
        Period("at", _("When")),
    )
    views = (
        View("failed", _("Failed"), {"state": ["failed"]}),
        View("waiting", _("Waiting"), {"state": ["waiting"]}),
    )
    empty = Empty(_("No messages yet"), _("Every message that is sent appears here with its cause and delivery."))

    def rows(self, request: Any) -> QuerySet[Any]:
        return Message.objects.select_related("recipient")


class Inbox(List):
    key = "inbox"
    title = _("Notifications")
    noun = (_("notification"), _("notifications"))
    default_sort = "-at"
    columns = (
        Column("subject", _("What"), link=lambda m: m.url, sort="subject"),
        Column("at", _("When"), kind="when", sort="at"),
    )
    filters = (Search("subject"),)
    empty = Empty(_("Nothing new"), _("Answers, reminders and questions reach you here and by e-mail."))

    def rows(self, request: Any) -> QuerySet[Any]:
        return Message.objects.filter(recipient_id=request.membership.pk, channel="in_app")
