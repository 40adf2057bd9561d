"""The vendor's view of what comes in beside the portal: mailboxes, mails that nobody knows, links."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dealreg import actions
from dealreg.forms import AssignForm, LinkForm
from dealreg.lists import partner_options
from dealreg.mail_lists import InboundMails
from dealreg.models import InboundMail, IntakeLink, Mailbox
from dealreg.queries.intake import links_in_sight, used
from partners.queries import visible_partners
from prm.celery import nudge
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.answers import add_reasons, say
from prm.kernel.ui.lists import ListView

READERS = frozenset({"admin", "ops", "cam", "auditor"})
RUNNERS = ("admin", "ops")


class Mails(ListView):
    """Every mail with what became of it; above, the mailboxes and how they are."""

    list = InboundMails
    template_name = "dealreg/intakes.html"
    roles = READERS

    def context(self, request: HttpRequest) -> dict[str, Any]:
        actor = request.actor  # type: ignore[attr-defined]
        return {
            "mailboxes": Mailbox.objects.select_related("program").order_by("address"),
            "may_set_up": actor.has("admin"),
            "may_run": actor.has(*RUNNERS),
            "unmatched": InboundMail.objects.filter(state=InboundMail.State.UNMATCHED).count(),
        }


@require_http_methods(["GET", "POST"])
@require_roles("admin", "ops", "cam", "auditor")
def links(request: Any) -> HttpResponse:
    """The links that are out, and a form for a new one."""
    form = LinkForm(request.POST or None, partners=partner_options(request))
    issued = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        issued = actions.make_link(
            partner_id=UUID(data["partner"]),
            name=data["name"],
            email=data["email"],
            days=data["days"],
            most_deals=data["most_deals"],
            actor=request.actor,
            now=request.now,
        )
    return links_page(request, form, issued, LinkForm(partners=partner_options(request)), "dealreg_console")


def links_page(
    request: Any, form: LinkForm, issued: actions.IssuedLink | None, fresh: LinkForm, side: str
) -> HttpResponse:
    """The page of links on either side: the new one's address is on this one answer and nowhere else."""
    if issued is not None:
        add_reasons(form, issued.decision)
    address = ""
    if issued is not None and issued.secret:
        address, form = request.build_absolute_uri(reverse("dealreg_intake:open", args=[issued.secret])), fresh
    rows = list(links_in_sight()[:200])
    counts = used(rows)
    context = {
        "form": form,
        "address": address,
        "rows": [(row, counts.get(row.pk, 0), row.revoked_at is None and not row.is_over) for row in rows],
        "revoke": f"{side}:{'intake_link_revoke' if side == 'dealreg_console' else 'link_revoke'}",
        "may_make": request.actor.has("admin", "ops", "cam", "partner_admin"),
    }
    return render(request, "dealreg/links.html", context, status=422 if form.errors else 200)


@require_POST
@require_roles("admin", "ops", "cam")
def revoke(request: Any, pk: UUID) -> HttpResponse:
    return revoked(request, pk, "dealreg_console:intake_links")


def revoked(request: Any, pk: UUID, to: str) -> HttpResponse:
    try:
        actions.revoke_link(link_id=pk, actor=request.actor, now=request.now)
    except IntakeLink.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The link works no more."))
    return redirect(to)


@require_POST
@require_roles(*RUNNERS)
def read_now(request: Any) -> HttpResponse:
    """Ask a worker to look into the mailboxes."""
    nudge("dealreg.tasks.read_mail")
    messages.info(request, _("A worker looks into the mailboxes now. Load this page again in a moment."))
    return redirect("dealreg_console:intakes")


@require_GET
@require_roles("admin", "ops", "auditor")
def mail(request: Any, pk: UUID) -> HttpResponse:
    """One mail, why it is where it is, and whom to give it to."""
    found = get_object_or_404(InboundMail.objects.select_related("partner", "deal", "mailbox"), pk=pk)
    waits = found.state in (InboundMail.State.UNMATCHED, InboundMail.State.AUTOMATIC)
    context = {
        "mail": found,
        "form": AssignForm(partners=partner_options(request)) if waits and request.actor.has(*RUNNERS) else None,
    }
    return render(request, "dealreg/inbound_mail.html", context)


@require_POST
@require_roles(*RUNNERS)
def assign(request: Any, pk: UUID) -> HttpResponse:
    found = get_object_or_404(InboundMail, pk=pk)
    form = AssignForm(request.POST, partners=partner_options(request))
    if not form.is_valid():
        messages.error(request, _("Choose the partner that the mail belongs to."))
        return redirect("dealreg_console:intake_mail", pk=pk)
    partner = get_object_or_404(visible_partners(), pk=form.cleaned_data["partner"])
    decision = actions.assign_mail(mail_id=found.pk, partner_id=partner.pk, actor=request.actor, now=request.now)
    return _said(
        request, decision, _("It is a draft of %(partner)s now; its people have been told.") % {"partner": partner}
    )


@require_POST
@require_roles(*RUNNERS)
def dismiss(request: Any, pk: UUID) -> HttpResponse:
    found = get_object_or_404(InboundMail, pk=pk)
    decision = actions.dismiss_mail(mail_id=found.pk, actor=request.actor, now=request.now)
    return _said(request, decision, _("Set aside."))


def _said(request: Any, decision: Any, done: str) -> HttpResponse:
    say(request, decision, done)
    return redirect(f"{reverse('dealreg_console:intakes')}?view=unmatched")
