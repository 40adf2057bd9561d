"""What the audit calls the actions on partners."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "partner.active": _("Partner works again"),
    "partner.cam_assigned": _("Channel manager of a partner changed"),
    "partner.cam_refused": _("Channel manager of a partner refused"),
    "partner.created": _("Partner added"),
    "partner.enrolled": _("Partner enrolled"),
    "partner.suspended": _("Partner suspended"),
    "partner.terminated": _("Relationship with a partner ended"),
    "partner.tier_change_refused": _("Change of tier refused"),
    "partner.tier_changed": _("Tier of a partner changed"),
    "partner.unwatched": _("Watch taken off a partner"),
    "partner.updated": _("Partner's profile changed"),
    "partner.watched": _("Partner put on watch"),
}
