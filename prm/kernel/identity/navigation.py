"""Where people and keys stand in the navigation."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.audit.records import Record, register_record
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.states import register_states

register_nav(
    "console",
    section="setup",
    label=_("People"),
    url_name="identity:console_people",
    icon="users",
    roles=frozenset({"admin", "ops", "cam", "auditor"}),
    order=10,
)
register_nav(
    "console",
    section="setup",
    label=_("Keys for programs"),
    url_name="identity:console_tokens",
    icon="key",
    roles=frozenset({"admin"}),
    order=90,
)
register_nav(
    "portal",
    section="company",
    label=_("People"),
    url_name="identity:portal_people",
    icon="users",
    roles=frozenset({"partner_admin"}),
    order=20,
)
register_nav(
    "portal",
    section="company",
    label=_("Keys for programs"),
    url_name="identity:portal_tokens",
    icon="key",
    roles=frozenset({"partner_admin"}),
    order=90,
)

register_states("vendor", {"active": ("good", _("Active")), "suspended": ("warn", _("Suspended"))})
register_record(Record("identity.membership", _("Person"), "identity:console_person"))
