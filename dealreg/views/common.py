"""What both faces of a deal share: files, comments, and answers to a decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from dealreg import actions, queries
from dealreg.models import Deal, DealFile, Dispute
from prm.kernel.decisions import Decision

MEGABYTE = 1024 * 1024


def deal_or_404(pk: UUID) -> Deal:
    """The deal, if it is on the caller's side of the wall; a foreign id and a missing one are the same."""
    named = ("partner", "program", "vertical", "territory", "submitted_by", "deal_type", "closed_because")
    found = Deal.objects.select_related(*named).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def answered(request: HttpRequest, decision: Decision, done: Any, to: str) -> HttpResponseRedirect:
    """Say what came out, then show the record."""
    if decision.allowed:
        messages.success(request, done)
    else:
        seen = decision if request.actor.is_vendor else decision.for_partner()  # type: ignore[attr-defined]
        for reason in seen.reasons:
            messages.error(request, reason.text or reason.key)
    return redirect(to)


def form_refused(request: HttpRequest, form: Any, to: str) -> HttpResponseRedirect:
    """A small form that was mistyped: say what to do."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(errors)}" if label else " ".join(errors))
    return redirect(to)


def attached(request: Any, form: Any, pk: UUID, *, audience: str, to: str) -> HttpResponseRedirect:
    """Keep the file of a valid form on the deal, for one side or for both."""
    upload = form.cleaned_data["file"]
    decision = actions.attach_file(
        deal_id=deal_or_404(pk).pk,
        name=upload.name,
        content=upload.read(),
        audience=audience,
        actor=request.actor,
        now=request.now,
    )
    return answered(request, decision, _("The file is added."), to)


def comments_of(deal: Deal) -> list[dict[str, Any]]:
    return [
        {"author": c.author_name, "at": c.at, "text": c.body, "internal": c.audience == "vendor"}
        for c in deal.comments.all()
    ]


def files_of(deal: Deal, url_name: str, dispute: Dispute | None = None) -> list[dict[str, Any]]:
    """The files of a deal, or those that are evidence in a dispute about it."""
    return [
        {
            "name": f.name,
            "size": f.size,
            "by": f.author_name,
            "at": f.at,
            "internal": f.audience == "vendor",
            "url": reverse(url_name, args=[deal.pk, f.pk]),
        }
        for f in (dispute or deal).files.order_by("at")
    ]


def serve_file(deal_id: UUID, file_id: UUID) -> HttpResponse:
    """A file as an attachment that no browser opens in our name (SECURITY 5.2, 5.4)."""
    try:
        found, content = queries.read_file(deal_id=deal_id, file_id=file_id)
    except (DealFile.DoesNotExist, Deal.DoesNotExist):
        raise Http404 from None
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(found.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
