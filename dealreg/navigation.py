"""Deal registration in both audiences' navigation, and the words for its states."""

from django.utils.translation import gettext_lazy as _

import dealreg.records
import dealreg.slots  # noqa: F401  (registers the parts that deals add to other records)
from dealreg.audited import ACTIONS
from dealreg.lists import Customers, Disputes, PartnerDeals, VendorDeals
from dealreg.mail_lists import waiting_mails
from prm.kernel.audit.areas import register_area
from prm.kernel.audit.words import register_actions
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.search import register_search
from prm.kernel.ui.states import register_states

register_nav(
    "portal", section="top", label=_("Home"), url_name="dealreg_portal:home", icon="house", order=1, phone=True
)
register_nav(
    "portal", section="deals", label=_("Deals"), url_name="dealreg_portal:list", icon="file-check", order=10, phone=True
)
register_nav(
    "portal",
    section="deals",
    label=_("Register a deal"),
    url_name="dealreg_portal:register",
    icon="file-plus",
    order=20,
    roles=frozenset({"seller", "partner_admin"}),
    phone=True,
)
register_nav(
    "portal",
    section="program",
    label=_("Through our distributor"),
    url_name="dealreg_portal:through",
    icon="handshake",
    order=45,
)
register_nav("portal", section="program", label=_("Prices"), url_name="dealreg_portal:prices", icon="tag", order=40)
register_nav(
    "console", section="deals", label=_("Registrations"), url_name="dealreg_console:list", icon="file-check", order=10
)
register_nav(
    "console", section="deals", label=_("Pipeline"), url_name="dealreg_console:pipeline", icon="chart-column", order=20
)
register_nav(
    "portal", section="deals", label=_("Pipeline"), url_name="dealreg_portal:pipeline", icon="chart-column", order=30
)
register_nav(
    "console",
    section="reports",
    label=_("Deals"),
    url_name="dealreg_console:outcomes",
    icon="chart-line",
    order=20,
)
register_nav(
    "console", section="deals", label=_("Disputes"), url_name="dealreg_console:disputes", icon="scale", order=30
)
register_nav(
    "console",
    section="deals",
    label=_("Approvals"),
    url_name="dealreg_console:approvals",
    icon="list-checks",
    order=60,
)
register_nav(
    "console",
    section="customers",
    label=_("Customers"),
    url_name="dealreg_console:customers",
    icon="building",
    order=10,
)

register_nav(
    "portal",
    section="deals",
    label=_("From a file"),
    url_name="dealreg_portal:files",
    icon="upload",
    order=30,
    roles=frozenset({"seller", "partner_admin"}),
)
register_nav(
    "portal",
    section="deals",
    label=_("Links"),
    url_name="dealreg_portal:links",
    icon="link",
    order=40,
    roles=frozenset({"partner_admin"}),
)
register_nav(
    "console",
    section="deals",
    label=_("Intakes"),
    url_name="dealreg_console:intakes",
    icon="inbox",
    badge=waiting_mails,
    roles=frozenset({"admin", "ops", "cam", "auditor"}),
    order=60,
)

register_states(
    "inbound_mail",
    {
        "taken": ("good", _("Registered")),
        "repeated": ("info", _("Registered already")),
        "draft": ("warn", _("Draft, sender asked")),
        "noted": ("info", _("Kept as a comment")),
        "unmatched": ("bad", _("Sender unknown")),
        "automatic": ("neutral", _("Automatic mail")),
        "assigned": ("good", _("Assigned")),
        "dismissed": ("neutral", _("Set aside")),
    },
)
register_nav(
    "console",
    section="customers",
    label=_("Learned links"),
    url_name="dealreg_console:links",
    icon="link",
    order=20,
)
register_nav(
    "console",
    section="setup",
    label=_("Conflict thresholds"),
    url_name="dealreg_console:thresholds",
    icon="sliders-horizontal",
    roles=frozenset({"admin", "ops"}),
    order=45,
)

register_states(
    "verdict",
    {
        "pending": ("info", _("Just said")),
        "in_force": ("good", _("In force")),
        "taken_back": ("neutral", _("Taken back")),
    },
)
register_states(
    "saying",
    {
        "same_customer": ("good", _("Same customer")),
        "other_opportunity": ("info", _("Other opportunity")),
        "not_same": ("neutral", _("Not the same")),
        "related": ("info", _("Parent or subsidiary")),
        "duplicate": ("bad", _("Duplicate")),
    },
)
register_states(
    "deal",
    {
        "draft": ("neutral", _("Draft")),
        "submitted": ("info", _("With the deal desk")),
        "in_review": ("info", _("In review")),
        "action_required": ("warn", _("Your answer needed")),
        "approved": ("good", _("Protected")),
        "registered": ("good", _("Registered")),
        "rejected": ("bad", _("Declined")),
        "withdrawn": ("neutral", _("Withdrawn")),
        "won": ("good", _("Won")),
        "lost": ("neutral", _("Lost")),
        "expired": ("neutral", _("Protection ended")),
    },
)
register_states(
    "registration",  # the same states in the vendor's words
    {
        "draft": ("neutral", _("Draft")),
        "submitted": ("info", _("Submitted")),
        "in_review": ("info", _("In review")),
        "action_required": ("warn", _("With the partner")),
        "approved": ("good", _("Protected")),
        "registered": ("good", _("Registered")),
        "rejected": ("bad", _("Declined")),
        "withdrawn": ("neutral", _("Withdrawn")),
        "won": ("good", _("Won")),
        "lost": ("neutral", _("Lost")),
        "expired": ("neutral", _("Protection ended")),
    },
)

register_states(
    "dispute",
    {
        "open": ("warn", _("Open")),
        "in_review": ("info", _("In review")),
        "decided": ("neutral", _("Decided")),
        "withdrawn": ("neutral", _("Taken back")),
    },
)
register_states(
    "deal_batch",
    {
        "pending": ("warn", _("Begins in a moment")),
        "running": ("info", _("Being carried out")),
        "done": ("good", _("Carried out")),
        "undone": ("neutral", _("Taken back")),
    },
)
register_states(
    "dispute_outcome",
    {
        "": ("neutral", _("Not yet")),
        "upheld": ("neutral", _("The answer stands")),
        "overturned": ("good", _("Decided anew")),
        "shared": ("info", _("Shared")),
    },
)

register_search("portal", PartnerDeals, "dealreg_portal:list", icon="file-check")
register_search("console", VendorDeals, "dealreg_console:list", icon="file-check")
register_search("console", Disputes, "dealreg_console:disputes", icon="scale")
register_search("console", Customers, "dealreg_console:customers", icon="building")

register_actions(ACTIONS)
register_area("deal", _("Deals"))
register_area("batch", _("Many deals at once"))
register_area("dispute", _("Disputes"))
register_area("customer", _("Customers"))
register_area("approval_matrix", _("Approval matrix"))
register_area("mail", _("Mails at the program's address"))
register_area("intake_link", _("Links without a login"))
register_area("verdict", _("Verdicts on conflicts"))
register_area("policy", _("Deal registration policy"))
