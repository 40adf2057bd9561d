"""The audit in the console, and the kernel's own areas of it."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.audit.areas import register_area
from prm.kernel.audit.kernel_words import ACTIONS, OUTCOMES
from prm.kernel.audit.lists import Entries
from prm.kernel.audit.words import register_actions
from prm.kernel.automation.outcomes import register_outcomes
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.search import register_search

READERS = frozenset({"admin", "ops", "auditor"})

register_nav(
    "console", section="audit", label=_("Audit"), url_name="audit:entries", icon="history", roles=READERS, order=10
)
register_search("console", Entries, "audit:entries", icon="history", roles=READERS)

register_actions(ACTIONS)
register_outcomes(OUTCOMES)
for prefix, label in (
    ("access", _("Denied access")),
    ("branding", _("Branding")),
    ("configuration", _("Configuration")),
    ("export", _("Exports")),
    ("events", _("Undelivered events")),
    ("impersonation", _("Viewing as somebody")),
    ("import", _("Imports")),
    ("invitation", _("Invitations")),
    ("membership", _("Memberships")),
    ("messages", _("Wordings")),
    ("person", _("People")),
    ("rules", _("Rules")),
    ("token", _("Keys for programs")),
):
    register_area(prefix, label)
