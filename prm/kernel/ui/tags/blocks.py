"""What stands around other things: cards, alerts, dialogs, menus; and what shows a record's parts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prm.kernel import wording
from prm.kernel.conditions.facts import choices_read_once
from prm.kernel.decisions import Decision, again
from prm.kernel.ui import formats
from prm.kernel.ui.tags import basics, values

register = Library()


def _render(template: str, **context: Any) -> SafeString:
    return render_to_string(f"ui/{template}.html", context)


@register.simple_block_tag
def card(
    content: str, title: Any = "", icon: str = "", actions: Any = "", flush: bool = False, kind: str = ""
) -> SafeString:
    """A framed part of a page. `flush` lets a table touch its edges; kind="next" tints it."""
    return _render("card", content=content, title=title, icon=icon, actions=actions, flush=flush, kind=kind)


@register.simple_block_tag
def alert(content: str, tone: str = "info", title: Any = "") -> SafeString:
    """Something to know before going on; says what to do."""
    return _render("alert", content=content, tone=tone, title=title)


@register.simple_block_tag
def dialog(content: str, id: str, title: Any = "", wide: bool = False, autoshow: bool = False) -> SafeString:
    """A native dialog, opened by any `data-opens="<id>"`."""
    return _render("dialog", content=content, id=id, title=title, wide=wide, autoshow=autoshow)


@register.simple_block_tag
def menu(content: str, label: Any, icon: str = "", quiet: bool = True, start: bool = False) -> SafeString:
    """A button that drops a list of <li> with links or buttons."""
    return _render("menu", content=content, label=label, icon=icon, quiet=quiet, start=start)


@register.simple_block_tag
def tooltip(content: str, text: Any) -> SafeString:
    """A word of help on hover and focus; never the only place of something needed."""
    return _render("tooltip", content=content, text=text)


@register.inclusion_tag("ui/stat.html")
def stat(
    label: Any,
    value: Any,
    hint: Any = "",
    href: str = "",
    trend: Any = None,
    spark: Sequence[Any] = (),
    tone: str = "",
    better: str = "up",
    points: bool = False,
) -> dict[str, Any]:
    """One figure. `trend` is a share (+0.12); `better="down"` where less is good.

    With `points` the figure is a rate, and `trend` says by how much of the whole it has moved.
    """
    trending = _trend(trend, better, points) if trend is not None else {}
    return {"label": label, "value": value, "hint": hint, "href": href, "spark": spark, "tone": tone, **trending}


def _trend(trend: Any, better: str, points: bool) -> dict[str, Any]:
    up, much = trend >= 0, abs(trend)
    return {
        "trend": _("%(count)s points") % {"count": formats.number(much * 100, 0)} if points else formats.percent(much),
        "trend_icon": "trending-up" if up else "trending-down",
        "trend_tone": "good" if up == (better == "up") else "bad",
        "trend_up": up,
    }


@register.inclusion_tag("ui/empty.html")
def empty(title: Any, text: Any = "", icon: str = "inbox", action: Any = "", url: str = "") -> dict[str, Any]:
    """Nothing here yet: says what will be here and how to begin."""
    return {"title": title, "text": text, "icon": icon, "action": action, "url": url}


@register.inclusion_tag("ui/progress.html")
def progress(value: Any, maximum: Any = 100, label: Any = "", tone: str = "", hint: Any = "") -> dict[str, Any]:
    return {"value": value, "maximum": maximum, "label": label, "tone": tone, "hint": hint}


@register.inclusion_tag("ui/tabs.html", takes_context=True)
def tabs(context: Context, items: Iterable[Any]) -> dict[str, Any]:
    """Links to the parts of one thing: [{"label", "url", "count", "current"}]."""
    request = context.get("request")
    here = getattr(request, "path", "")
    shown = [{"current": item["url"].partition("?")[0] == here, **item} for item in items]
    return {"items": shown}


@register.inclusion_tag("ui/keyvalues.html", takes_context=True)
def keyvalues(context: Context, rows: Iterable[Sequence[Any]], stacked: bool = False) -> dict[str, Any]:
    """Labels and values: (label, value) or (label, value, {"kind": "money", "currency": "EUR"})."""
    request = context.get("request")
    return {"rows": [(row[0], shown(request, row[1], **_options(row))) for row in rows], "stacked": stacked}


def _options(row: Sequence[Any]) -> dict[str, Any]:
    return dict(row[2]) if len(row) > 2 and row[2] else {}


def shown(
    request: Any,
    value: Any,
    kind: str = "text",
    currency: str = "EUR",
    states: str = "",
    style: str = "short",
    url: str = "",
) -> Any:
    """A value by its kind: text money number percent date when status person link bool."""
    if value is None or value == "":
        return values.NOTHING
    shapes: dict[str, Callable[[], Any]] = {
        "money": lambda: values.money(value, currency),
        "number": lambda: values.number(value),
        "percent": lambda: values.percent(value),
        "date": lambda: values.day_tag(request, value, year=True),
        "when": lambda: values.moment_tag(request, value, style),
        "status": lambda: basics.status(states, value),
        "person": lambda: basics.person(value),
        "link": lambda: _link(url, value),
        "bool": lambda: _yes_no(value),
    }
    return shapes[kind]() if kind in shapes else value


def _link(url: str, text: Any) -> SafeString:
    return format_html('<a class="link" href="{}">{}</a>', url, text)


def _yes_no(value: Any) -> Any:
    return _("Yes") if value else _("No")


@register.inclusion_tag("ui/timeline.html", takes_context=True)
def timeline(context: Context, entries: Iterable[Any]) -> dict[str, Any]:
    """A story, newest first as given: [{"at", "title", "text", "actor", "icon", "tone", "url", "detail"}]."""
    return {"entries": entries, "request": context.get("request")}


@register.inclusion_tag("ui/diff.html")
def diff(rows: Iterable[Sequence[Any]], left: Any = "", right: Any = "", label: Any = "") -> dict[str, Any]:
    """Two records side by side; fields that differ are marked by colour, sign and word."""
    marked = [
        {"label": row[0], "left": row[1], "right": row[2], "differs": row[3] if len(row) > 3 else row[1] != row[2]}
        for row in rows
    ]
    return {"rows": marked, "left": left, "right": right, "label": label}


@register.inclusion_tag("ui/decision.html")
def decision_trace(decision: Any, audience: str = "vendor", title: Any = "") -> dict[str, Any]:
    """Why: outcome, reasons and, for the vendor, every condition with the value it met; in the reader's language."""
    document, shown = _document(decision), wording.shown
    reasons = [r for r in document.get("reasons", ()) if audience == "vendor" or r.get("audience") != "vendor"]
    inside = audience == "vendor"
    with choices_read_once():
        return {
            "decision": document,
            "reasons": [{**r, "text": shown(r.get("text") or "", r.get("said"))} for r in reasons],
            "checks": [_check(c) for c in document.get("checks", ())] if inside else (),
            "nearest": again(document.get("nearest"), document.get("nearest_said")) if inside else None,
            "inside": inside,
            "title": title,
        }


def _check(stored: Mapping[str, Any]) -> dict[str, Any]:
    label = wording.shown(stored.get("label") or "", stored.get("said"))
    return {**stored, "label": label, "actual": again(stored.get("actual"), stored.get("met"))}


def _document(decision: Any) -> dict[str, Any]:
    if isinstance(decision, dict):
        return decision
    return decision.document() if isinstance(decision, Decision) else {}
