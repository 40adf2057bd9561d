"""What the report pages write besides the components."""

from typing import Any

from django.template import Context, Library
from django.urls import reverse
from django.utils.translation import get_language

from dealreg.entry import country_name
from dealreg.rules_verdicts import SETTLERS

register = Library()


@register.filter
def country(code: str) -> str:
    """A country's name in the reader's language; a code that nobody knows as it is."""
    return country_name(code, get_language() or "en")


@register.simple_tag(takes_context=True)
def may_settle(context: Context) -> bool:
    """Whether the reader may say what a candidate is to a deal; deciding about the deal is another right."""
    request = context.get("request")
    return request is not None and bool(request.actor.has(*SETTLERS))


@register.simple_tag(takes_context=True)
def deal_url(context: Context, deal: Any) -> str:
    """The deal's page on the reader's side."""
    return reverse(f"dealreg_{context['shell'].audience}:deal", args=[deal.pk])
