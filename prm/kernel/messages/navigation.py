from django.utils.translation import gettext_lazy as _

from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.states import register_states

STAFF = frozenset({"admin", "ops", "auditor"})

register_nav(
    "console",
    section="messages",
    label=_("Message log"),
    url_name="prm_messages:log",
    icon="mail",
    roles=STAFF,
    order=10,
)
register_nav(
    "console",
    section="messages",
    label=_("Wordings"),
    url_name="prm_messages:wordings",
    icon="file-text",
    roles=STAFF,
    order=20,
)
register_states(
    "message",
    {
        "waiting": ("info", _("Waiting")),
        "sent": ("good", _("Sent")),
        "failed": ("bad", _("Failed")),
    },
)
