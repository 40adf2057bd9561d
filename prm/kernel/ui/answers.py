"""What came of an action, where people read it: beside the fields of their form, or over the next page."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest

from prm.kernel.decisions import Decision


def act_or_404(action: Callable[..., Decision], request: HttpRequest, **what: Any) -> Decision:
    """Do it in the name of whoever asks. What is out of their sight, or gone, is simply not there."""
    asking: Any = request
    try:
        return action(**what, actor=asking.actor, now=asking.now)
    except ObjectDoesNotExist as error:
        raise Http404 from error


def say(request: HttpRequest, decision: Decision, done: str) -> None:
    """Over the next page: that it is done (nothing where `done` is empty), or each reason."""
    if decision.allowed and done:
        messages.success(request, done)
    for reason in decision.reasons:
        messages.error(request, reason.text)


def add_reasons(form: forms.BaseForm, decision: Decision) -> None:
    """Each reason beside the field that its key names before the dot, else over the form."""
    for reason in decision.reasons:
        field = reason.key.partition(".")[0]
        form.add_error(field if field in form.fields else None, reason.text or reason.key)
