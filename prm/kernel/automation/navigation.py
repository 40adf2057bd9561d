from django.utils.translation import gettext_lazy as _

from prm.kernel.ui.states import register_states

register_states(
    "ruleversion",
    {
        "draft": ("info", _("Draft")),
        "published": ("good", _("In force")),
        "retired": ("neutral", _("Retired")),
    },
)
