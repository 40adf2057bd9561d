from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.events.models import Delivery
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.states import register_states


def parked(request: HttpRequest) -> int | None:
    return Delivery.objects.filter(state="parked").count() or None


register_nav(
    "console",
    section="integrations",
    label=_("Undelivered events"),
    url_name="events:deliveries",
    icon="triangle-alert",
    badge=parked,
    roles=frozenset({"admin", "ops", "auditor"}),
    order=90,
)
register_states(
    "delivery",
    {
        "pending": ("info", _("On its way")),
        "parked": ("bad", _("Parked")),
        "skipped": ("neutral", _("Given up")),
        "done": ("good", _("Delivered")),
    },
)
