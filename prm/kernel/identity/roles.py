"""What each role is called and may do, in words for the people who give them."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from prm.kernel.identity.actors import PARTNER_ROLES, VENDOR_ROLES

Words = str | Promise

ROLES: dict[str, tuple[Words, Words]] = {
    "admin": (_("Admin"), _("Configures everything and manages people")),
    "ops": (_("Operations manager"), _("Works the queue, looks after deals and partners")),
    "approver": (_("Approver"), _("Decides deals up to an amount")),
    "cam": (_("Channel manager"), _("Looks after their own partners")),
    "finance": (_("Finance"), _("Prepares and releases payments")),
    "legal": (_("Legal"), _("Looks after agreements")),
    "sales": (_("Sales"), _("Sees customers and pipeline")),
    "auditor": (_("Auditor"), _("Reads everything, changes nothing")),
    "partner_admin": (_("Partner admin"), _("Manages the company's profile and people")),
    "seller": (_("Seller"), _("Registers deals and follows them")),
    "marketing": (_("Marketing"), _("Asks for funds and claims them")),
    "partner_finance": (_("Finance"), _("Sees earnings, statements and payments")),
}


def roles_for(*, partner: bool) -> tuple[str, ...]:
    return PARTNER_ROLES if partner else VENDOR_ROLES


def choices(*, partner: bool) -> list[tuple[str, Words]]:
    return [(role, ROLES[role][0]) for role in roles_for(partner=partner)]


def explained(*, partner: bool) -> list[tuple[str, Words]]:
    """The roles with what they may do, for whoever gives them."""
    return [(role, format_lazy("{} – {}", *ROLES[role])) for role in roles_for(partner=partner)]


def label(role: str) -> str:
    return str(ROLES[role][0]) if role in ROLES else role


def labels(roles: list[str]) -> str:
    """The roles of a member, in the order in which they are offered."""
    return ", ".join(label(role) for role in ROLES if role in roles)
