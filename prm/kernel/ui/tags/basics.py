"""Icons, chips, buttons, people."""

from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.template import Library
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from prm.kernel import wording
from prm.kernel.ui.states import TONES, tone_and_word

register = Library()
register.filter("told", wording.told)  # a stored reason in the reader's language

ICON_SIZES = (12, 14, 16, 18, 20, 24)
TONE_ICONS = {
    "good": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "info": "info",
    "neutral": "info",
    "brand": "sparkles",
}
BUTTON_KINDS = {"primary": "btn-primary", "plain": "", "quiet": "btn-ghost", "danger": "btn-error"}
_FLIPPED = {"arrow-left", "arrow-right", "chevron-left", "chevron-right", "log-in", "log-out", "undo-2", "send"}


@register.simple_tag(name="icon")
def picture(name: str, size: int = 16, label: Any = "") -> SafeString:
    """A picture from the sprite; with a label it is read aloud, without one it is decoration."""
    return _drawn(name, size, label) if label else _decoration(name, size)


@lru_cache(maxsize=2000)
def _decoration(name: str, size: int) -> SafeString:
    """A page has hundreds of them, the same ones again and again."""
    return _drawn(name, size, "")


def _drawn(name: str, size: int, label: Any) -> SafeString:
    classes = "icon" if size == 16 else f"icon icon-{size}"
    if name in _FLIPPED:
        classes += " icon-flips"
    spoken = format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"')
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24"{}><use href="{}#{}"></use></svg>',
        classes,
        spoken,
        static("icons.svg"),
        name,
    )


def toned(tone: str) -> str:
    """The tone's class; an unknown tone is neutral."""
    return f"tone-{tone}" if tone in TONES else "tone-neutral"


@register.simple_tag
def chip(tone: str, text: Any, icon: str = "", title: Any = "") -> SafeString:
    """A small label whose colour repeats what its word says."""
    drawn = picture(icon, size=12) if icon else ""
    hint = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="chip {}"{}>{}{}</span>', toned(tone), hint, drawn, text)


@register.simple_tag
def status(kind: str, state: Any) -> SafeString:
    """A state in its registered word and tone."""
    tone, word = tone_and_word(kind, state)
    return format_html('<span class="chip {}">{}</span>', toned(tone), word)


@register.simple_tag
def status_word(kind: str, state: Any) -> Any:
    return tone_and_word(kind, state)[1]


@register.simple_tag
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone."""
    return TONE_ICONS.get(tone, "info")


@register.simple_tag
def kbd(key: str) -> SafeString:
    return format_html('<kbd class="kbd kbd-hint" aria-hidden="true">{}</kbd>', key)


def initials(name: str) -> str:
    """Two letters of a name: first and last word."""
    words = [word for word in name.replace("@", " ").split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def avatar(name: Any, size: int = 24) -> SafeString:
    """Initials on a colour that stays with the name."""
    text = str(name or "")
    hue = sha256(text.encode()).digest()[0] % 6
    sized = "" if size == 24 else f" avatar-{size}"
    return format_html('<span class="avatar hue-{}{}" aria-hidden="true">{}</span>', hue, sized, initials(text))


@register.simple_tag
def person(who: Any) -> SafeString:
    """Avatar and name of a membership, an actor or a plain name; nobody is a dash."""
    if not who:
        return mark_safe('<span class="faint">–</span>')
    name = getattr(who, "name", "") or str(who)
    return format_html('<span class="person">{}<span>{}</span></span>', avatar(name), name)


@register.simple_tag
def button(
    label: Any, kind: str = "plain", icon: str = "", key: str = "", href: str = "", **options: Any
) -> SafeString:
    """A button (or, with href, a link that looks like one).

    Options: type, name, value, form, size ("sm", "lg"), opens (dialog id), post (hx-post address), target, closes,
    disabled, id, block.
    """
    wide = "btn-block" if options.pop("block", False) else ""
    classes = " ".join(filter(None, ("btn", BUTTON_KINDS[kind], _sized(options), wide)))
    drawn = picture(icon) if icon else ""
    hint = kbd(key) if key else ""
    attributes = _attributes(key, label, options)
    if href:
        return format_html('<a class="{}" href="{}"{}>{}{}{}</a>', classes, href, attributes, drawn, label, hint)
    kind_of = options.get("type") or ("button" if {"opens", "closes", "post"} & options.keys() else "submit")
    return format_html(
        '<button class="{}" type="{}"{}>{}{}{}</button>', classes, kind_of, attributes, drawn, label, hint
    )


def _sized(options: dict[str, Any]) -> str:
    size = options.pop("size", "")
    return f"btn-{size}" if size else ""


_ATTRIBUTES = {
    "name": "name",
    "value": "value",
    "form": "form",
    "id": "id",
    "opens": "data-opens",
    "post": "hx-post",
    "target": "hx-target",
    "get": "hx-get",
    "label": "aria-label",
}


def _attributes(key: str, label: Any, options: dict[str, Any]) -> SafeString:
    pairs = [(_ATTRIBUTES[name], value) for name, value in options.items() if name in _ATTRIBUTES and value != ""]
    if key:
        pairs += [("data-key", key), ("data-key-label", label)]
    if options.get("closes"):
        pairs.append(("data-closes", ""))
    if options.get("disabled"):
        pairs.append(("disabled", ""))
    return format_html_join("", ' {}="{}"', pairs)


@register.simple_tag
def crumb(label: Any, url_name: str = "", *args: Any) -> SafeString:
    """One step of the way here; a link when a page's name (or address) is given."""
    sign = picture("chevron-right", size=12)
    if not url_name:
        return format_html("<span>{}</span>", label)
    url = url_name if url_name.startswith("/") else reverse(url_name, args=args)
    return format_html('<a href="{}">{}</a>{}', url, label, sign)
