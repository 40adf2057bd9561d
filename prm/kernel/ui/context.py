"""What every page's frame needs, worked out only when a template asks for it."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

from prm.kernel.ui import branding, navigation

THEMES = ("light", "dark")


class Shell:
    """The frame of one request. Templates read it as `shell`."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def audience(self) -> str:
        """portal, console or account: by the path, as the tenancy middleware decides too."""
        if self.request.path.startswith("/portal/"):
            return "portal"
        return "console" if self.request.path.startswith(("/console/", "/admin/")) else "account"

    @cached_property
    def tenant(self) -> Any:
        return getattr(self.request, "tenant", None)

    @cached_property
    def membership(self) -> Any:
        return getattr(self.request, "membership", None)

    @cached_property
    def actor(self) -> Any:
        return getattr(self.request, "actor", None)

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(getattr(self.actor, "roles", ()) or getattr(self.membership, "roles", ()) or ())

    @cached_property
    def nav(self) -> list[navigation.Group]:
        if self.audience == "account" or self.membership is None:
            return []
        return navigation.navigation(self.request, self.audience, self.roles)

    @cached_property
    def phone_links(self) -> list[navigation.Link]:
        links = [link for group in self.nav for link in group.links]
        return sorted(links, key=lambda link: not link.phone)[:4]

    @cached_property
    def name(self) -> str:
        return str(self.tenant.name) if self.tenant else str(getattr(settings, "PRODUCT_NAME", "PRM"))

    @cached_property
    def organisation(self) -> str:
        """Whose people these are: the partner in the portal, the vendor in the console."""
        partner = getattr(self.membership, "partner", None) if self.audience == "portal" else None
        return str(partner) if partner else self.name

    @cached_property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def keys_off(self) -> bool:
        return self.request.COOKIES.get("keys") == "off"

    @cached_property
    def brand_css(self) -> str | None:
        colour = branding.parsed(getattr(self.tenant, "brand_color", "") or "")
        ours = colour is None or colour == branding.DEFAULT
        return None if ours else reverse("ui:branding", args=[str(colour).lstrip("#")])

    @cached_property
    def logo_url(self) -> str | None:
        logo = getattr(self.tenant, "logo", "") or ""
        if not logo or self.audience == "account":
            return None
        return f"{reverse(f'ui:{self.audience}_logo')}?v={branding.fingerprint(logo)}"

    @cached_property
    def clock_offset(self) -> Any:
        return getattr(self.tenant, "clock_offset", None) or None

    @cached_property
    def impersonator(self) -> str | None:
        return getattr(self.actor, "impersonator", None)

    @cached_property
    def looks_only(self) -> bool:
        """Whether this is a view as somebody that was opened for looking."""
        view = getattr(self.request, "view_as", None)
        return view is not None and not view.may_act

    @cached_property
    def icons(self) -> str:
        return static("icons.svg")

    @cached_property
    def links(self) -> dict[str, str]:
        """The addresses of pages that the frame offers when the project has them."""
        return {key: url for key, names in _LINKS.items() if (url := _first(names, self.audience))}

    @cached_property
    def demo(self) -> bool:
        return bool(getattr(settings, "DEMO", False))

    def __iter__(self) -> Any:
        raise TypeError("The shell is not a list.")


_LINKS: dict[str, tuple[str, ...]] = {
    "home": ("{audience}:home", "{audience}_home", "home"),
    "search": ("ui:{audience}_search",),
    "notifications": ("{audience}:notifications", "{audience}_notifications", "prm_messages:{audience}_inbox"),
    "notifications_badge": ("prm_messages:{audience}_badge",),
    "organisations": ("identity:choose",),
    "preferences": ("{audience}:preferences", "identity:preferences", "preferences"),
    "security": ("mfa_index",),
    "sessions": ("usersessions_list",),
    "password": ("account_change_password",),
    "logout": ("account_logout",),
    "language": ("ui:language", "set_language"),
    "stop_impersonating": ("identity:stop_impersonating", "stop_impersonating"),
    "deal_new": ("dealreg_portal:register", "dealreg_portal:new"),
}


def _first(names: tuple[str, ...], audience: str) -> str | None:
    for name in names:
        try:
            return reverse(name.format(audience=audience))
        except NoReverseMatch:
            continue
    return None


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `shell`, and `shell_base` for templates that serve both audiences."""
    frame = Shell(request)
    return {"shell": frame, "shell_base": _base(frame)}


def _base(frame: Shell) -> str:
    return "base.html" if frame.audience == "account" else f"{frame.audience}/base.html"
