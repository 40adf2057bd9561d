"""Inbox, message log, wordings, and the demo's mails."""

from typing import Any

from django.conf import settings
from django.contrib import messages as toasts
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.kernel.identity.access import RolesRequired, require_roles
from prm.kernel.messages import actions, sink
from prm.kernel.messages.forms import WordingForm
from prm.kernel.messages.lists import Inbox, Log
from prm.kernel.messages.models import Message, MessageTemplate
from prm.kernel.messages.registry import MessageKind, kinds
from prm.kernel.messages.rendering import check, names_in
from prm.kernel.messages.rendering import render as render_liquid
from prm.kernel.messages.samples import sample_of
from prm.kernel.ui.lists import ListView


class InboxView(ListView):
    list = Inbox
    template_name = "messages/inbox.html"


class LogView(RolesRequired, ListView):
    required_roles = frozenset({"admin", "ops", "auditor"})
    list = Log


@require_POST
def read_all(request: Any) -> HttpResponse:
    actions.read_messages(actor=request.actor)
    return redirect(request.path.removesuffix("read"))


@require_GET
def badge(request: Any) -> HttpResponse:
    """How many notifications are unread, for the bell."""
    unread = Message.objects.filter(
        recipient_id=request.membership.pk,
        channel="in_app",
        read_at=None,
    )
    return render(request, "messages/badge.html", {"count": unread[:100].count()})


@require_GET
@require_roles("admin", "ops", "auditor")
def wordings(request: Any) -> HttpResponse:
    """Every message that can be sent, and which wordings are the vendor's own."""
    own = set(MessageTemplate.objects.values_list("key", "language"))
    rows = [
        {
            "kind": kind,
            "languages": [(code, name, (kind.key, code) in own) for code, name in settings.LANGUAGES],
        }
        for kind in sorted(kinds.values(), key=lambda kind: kind.key)
    ]
    return render(request, "messages/wordings.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@require_roles("admin")
def wording(request: Any, key: str, language: str) -> HttpResponse:
    """Edit one wording; it is tried with sample values before it is kept."""
    kind = _kind(key, language)
    own = MessageTemplate.objects.filter(key=key, language=language).first()
    shipped = {
        "subject": kind.subject.get(language, kind.subject["en"]),
        "body": kind.body.get(language, kind.body["en"]),
    }
    current = {"subject": own.subject, "body": own.body} if own else shipped
    form = WordingForm(request.POST or None, initial=current)
    if request.method == "POST" and form.is_valid():
        decision = actions.save_template(
            key=key,
            language=language,
            actor=request.actor,
            now=request.now,
            **form.cleaned_data,
        )
        if decision.allowed:
            toasts.success(request, _("Saved. The next message uses it."))
            return redirect("prm_messages:wordings")
        form.add_error("body", decision.reasons[0].text)
    context = {
        "kind": kind,
        "language": dict(settings.LANGUAGES)[language],
        "code": language,
        "form": form,
        "own": own,
        "preview": _preview(kind, language, form),
        "variables": names_in(sample_of(kind)),
    }
    return render(request, "messages/wording.html", context)


@require_POST
@require_roles("admin")
def restore(request: Any, key: str, language: str) -> HttpResponse:
    _kind(key, language)
    actions.restore_template(key=key, language=language, actor=request.actor, now=request.now)
    toasts.success(request, _("The shipped wording is in use again."))
    return redirect("prm_messages:wording", key=key, language=language)


@require_GET
def demo_mails(request: Any, key: str = "") -> HttpResponse:
    """What the demo's mail sink got. There is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    mails = sink.latest()
    chosen = sink.one(key) if key else (mails[0] if mails else None)
    if key and chosen is None:
        raise Http404
    return render(request, "messages/demo_mails.html", {"mails": mails, "chosen": chosen})


def _kind(key: str, language: str) -> MessageKind:
    if key not in kinds or language not in dict(settings.LANGUAGES):
        raise Http404
    return kinds[key]


def _preview(kind: MessageKind, language: str, form: WordingForm) -> dict[str, Any]:
    values = {name: form[name].value() or "" for name in ("subject", "body")}
    sample = sample_of(kind)
    if problem := check(values["subject"], values["body"], sample):
        return {"problem": problem}
    return {name: render_liquid(text, sample, language=language, zone="UTC") for name, text in values.items()}
