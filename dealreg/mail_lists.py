"""The mails at the program's address, and a partner's own files, on the one list component."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg.actions.files import OWN
from dealreg.models import InboundMail
from partners.models import ImportBatch
from prm.kernel.ui.lists import Choice, Column, Empty, List, Period, Search, View

State = InboundMail.State


class InboundMails(List):
    key = "inbound-mails"
    title = _("Intakes")
    noun = (_("mail"), _("mails"))
    default_sort = "-at"
    columns = (
        Column(
            "subject",
            _("Subject"),
            value=lambda m: m.subject or _("(no subject)"),
            link=lambda m: reverse("dealreg_console:intake_mail", args=[m.pk]),
        ),
        Column("sender", _("From"), sort="sender"),
        Column("state", _("State"), kind="status", states="inbound_mail", sort="state"),
        Column("partner", _("Partner"), value=lambda m: m.partner.name if m.partner else ""),
        Column("deal", _("Deal"), value=lambda m: m.deal.number if m.deal else "", kind="code"),
        Column("at", _("Received"), kind="when", sort="at"),
        Column("answered", _("Answered"), kind="bool", optional=True),
        Column("handled_by", _("Dealt with by"), kind="person", optional=True),
    )
    filters = (
        Search("subject", "sender"),
        Choice("state", _("State"), options=State.choices, many=True),
        Period("at", _("Received")),
    )
    views = (
        View("unmatched", _("Sender unknown"), {"state": [State.UNMATCHED.value]}),
        View("asked", _("Sender asked"), {"state": [State.DRAFT.value]}),
        View("registered", _("Registered"), {"state": [State.TAKEN.value, State.REPEATED.value]}),
        View("automatic", _("Automatic"), {"state": [State.AUTOMATIC.value]}),
    )
    empty = Empty(
        _("No mails yet"),
        _("What partners send to the program's address appears here with what became of it. Set a mailbox up first."),
        icon="inbox",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return InboundMail.objects.select_related("partner", "deal").defer("excerpt")


class OwnFiles(List):
    """The files that a partner has brought in: row-level security sees to that."""

    key = "own-files"
    title = _("From a file")
    noun = (_("file"), _("files"))
    default_sort = "-created_at"
    columns = (
        Column("file_name", _("File"), link=lambda b: reverse("dealreg_portal:files_one", args=[b.pk])),
        Column("state", _("State"), kind="status", states="import", sort="state"),
        Column("total", _("Rows"), kind="number", sort="total"),
        Column("failed", _("Problems"), kind="number"),
        Column("created_by", _("By"), kind="person"),
        Column("created_at", _("When"), kind="when", sort="created_at"),
    )
    filters = (Search("file_name"),)
    empty = Empty(_("No files yet"), _("Each file stays here with what came of its rows."), icon="upload")

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        return ImportBatch.objects.filter(kind=OWN).defer("rows", "errors")


def waiting_mails(request: HttpRequest) -> int | None:
    """How many mails wait for somebody to say whose they are."""
    return InboundMail.objects.filter(state=State.UNMATCHED).count() or None
