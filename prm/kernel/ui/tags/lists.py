"""`{% list deals %}`: the one list, inside any page."""

from typing import Any

from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = Library()


@register.simple_tag(takes_context=True)
def list(context: Context, rows: Any) -> SafeString:
    """A list made in the view: `DealList(request)`."""
    request = context.get("request")
    return render_to_string("ui/list/list.html", {"list": rows.page()}, request=request)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """An item by a key that a variable holds."""
    return mapping.get(key)
