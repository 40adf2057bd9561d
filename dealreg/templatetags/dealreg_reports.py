"""What the report pages write besides the components."""

from typing import Any

from django.template import Context, Library
from django.urls import reverse

register = Library()


@register.simple_tag(takes_context=True)
def deal_url(context: Context, deal: Any) -> str:
    """The deal's page on the reader's side."""
    return reverse(f"dealreg_{context['shell'].audience}:deal", args=[deal.pk])
