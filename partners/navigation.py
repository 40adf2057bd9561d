from django.utils.translation import gettext_lazy as _

from partners.audited import ACTIONS
from partners.lists import Directory
from prm.kernel.audit.areas import register_area
from prm.kernel.audit.records import Record, register_record
from prm.kernel.audit.words import register_actions
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.search import register_search
from prm.kernel.ui.states import register_states

SETTERS = frozenset({"admin", "ops"})

register_nav(
    "console", section="partners", label=_("Directory"), url_name="partners_console:list", icon="handshake", order=10
)
register_nav("console", section="partners", label=_("Tiers"), url_name="partners_console:tiers", icon="award", order=40)
register_nav(
    "console",
    section="setup",
    label=_("Checklist"),
    url_name="partners_console:setup",
    icon="clipboard-check",
    roles=SETTERS | {"auditor"},
    order=5,
)
register_nav(
    "console",
    section="setup",
    label=_("Configuration"),
    url_name="admin:index",
    icon="sliders-horizontal",
    roles=frozenset({"admin", "auditor"}),
    order=10,
)
register_nav(
    "console",
    section="setup",
    label=_("Import"),
    url_name="partners_console:imports",
    icon="upload",
    roles=SETTERS,
    order=80,
)
register_nav(
    "portal", section="company", label=_("Company"), url_name="partners_portal:company", icon="building", order=10
)
register_nav("portal", section="program", label=_("Our tier"), url_name="partners_portal:tier", icon="award", order=10)

register_states(
    "partner",
    {
        "prospect": ("info", _("Prospect")),
        "active": ("good", _("Active")),
        "suspended": ("warn", _("Suspended")),
        "terminated": ("neutral", _("Ended")),
    },
)
register_states("enrolment", {"active": ("good", _("Enrolled")), "ended": ("neutral", _("Ended"))})
register_states(
    "import",
    {
        "uploaded": ("neutral", _("Columns to match")),
        "checking": ("info", _("Being checked")),
        "checked": ("info", _("Checked, not brought in")),
        "running": ("info", _("Being brought in")),
        "done": ("good", _("Brought in")),
        "failed": ("bad", _("Stopped")),
    },
)

register_search("console", Directory, "partners_console:list", icon="handshake")

register_actions(ACTIONS)
register_area("partner", _("Partners"))

register_record(Record("partners.partner", _("Partner"), "partners_console:partner"))
