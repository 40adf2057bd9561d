"""The one navigation. Apps add their pages from `<app>/navigation.py`; what does not resolve is left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.kernel.ui.states import register_states

Text = str | Promise
Badge = Callable[[HttpRequest], int | None]

# Each audience's sections, in order; a section without a title holds the pages of the top.
SECTIONS: dict[str, dict[str, Text]] = {
    "portal": {
        "top": "",
        "deals": _("Deals"),
        "money": _("Money"),
        "program": _("Program"),
        "help": _("Help"),
        "company": _("Company"),
    },
    "console": {
        "top": "",
        "deals": _("Deals"),
        "customers": _("Customers"),
        "partners": _("Partners"),
        "incentives": _("Incentives"),
        "finance": _("Finance"),
        "workflows": _("Workflows"),
        "reports": _("Reports"),
        "messages": _("Messages"),
        "integrations": _("Integrations"),
        "setup": _("Setup"),
        "audit": _("Audit"),
    },
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One page of the map. `roles` None means everybody of the audience; `phone` puts it in the bottom bar."""

    audience: str
    section: str
    label: Text
    url_name: str
    icon: str = "circle"
    badge: Badge | None = None
    roles: frozenset[str] | None = None
    order: int = 50
    phone: bool = False

    def seen_by(self, roles: Iterable[str]) -> bool:
        return self.roles is None or not self.roles.isdisjoint(roles)


_items: dict[tuple[str, str], NavItem] = {}


def register_nav(audience: str, section: str, label: Text, url_name: str, icon: str = "circle", **rest: Any) -> None:
    """Add a page to the navigation. Raises KeyError for a section that the map does not have."""
    if section not in SECTIONS[audience]:
        raise KeyError(f"No section {section!r} in the {audience}'s map: one of {', '.join(SECTIONS[audience])}.")
    _items[audience, url_name] = NavItem(audience, section, label, url_name, icon, **rest)


@dataclass(frozen=True, slots=True)
class Link:
    """A navigation item as one reader sees it."""

    label: Text
    url: str
    icon: str
    current: bool
    count: int | None
    phone: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A section with the links that this reader has."""

    key: str
    title: Text
    links: tuple[Link, ...]


def navigation(request: HttpRequest, audience: str, roles: Iterable[str]) -> list[Group]:
    """The groups that this reader sees; the link that best fits the address is the current one."""
    held = frozenset(roles)
    found = [(item, url) for item in _ordered(audience, held) if (url := _resolve(item.url_name)) is not None]
    here = _current([url for _item, url in found], request.path)
    groups = []
    for key, title in SECTIONS[audience].items():
        links = tuple(_link(request, item, url, url == here) for item, url in found if item.section == key)
        if links:
            alone = len(links) == 1 and str(links[0].label) == str(title)
            groups.append(Group(key, "" if alone else title, links))
    return groups


def _ordered(audience: str, roles: frozenset[str]) -> list[NavItem]:
    items = (item for item in _items.values() if item.audience == audience and item.seen_by(roles))
    return sorted(items, key=lambda item: (item.order, item.url_name))


def _resolve(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def _current(urls: list[str], path: str) -> str | None:
    """The longest address that the path begins with."""
    fitting = [url for url in urls if path == url or path.startswith(url.rstrip("/") + "/")]
    roots = {"/portal/", "/console/"}
    return max((url for url in fitting if url not in roots or path == url), key=len, default=None)


def _link(request: HttpRequest, item: NavItem, url: str, current: bool) -> Link:
    count = item.badge(request) if item.badge else None
    return Link(item.label, url, item.icon, current, count, item.phone)


register_nav(
    "console",
    section="setup",
    label=_("Branding"),
    url_name="ui:console_branding",
    icon="palette",
    roles=frozenset({"admin"}),
    order=8,
)
register_nav("console", section="reports", label=_("Exports"), url_name="ui:console_exports", icon="download", order=90)
register_nav("portal", section="deals", label=_("Exports"), url_name="ui:portal_exports", icon="download", order=90)
register_states(
    "export",
    {
        "waiting": ("info", _("Waiting")),
        "writing": ("info", _("Being written")),
        "ready": ("good", _("Ready")),
        "failed": ("bad", _("Failed")),
        "expired": ("neutral", _("Removed")),
    },
)
