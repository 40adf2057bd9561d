"""Actions in words: `{% load audit %}{% action_word entry.action %}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from prm.kernel.audit.words import word_of

register = template.Library()


@register.simple_tag
def action_word(action: str) -> SafeString:
    """The words, with the key that the chain keeps as their tooltip."""
    return format_html('<span title="{}">{}</span>', action, word_of(action))


@register.filter
def in_words(action: str) -> str:
    """The words alone, for a title."""
    return word_of(action)
