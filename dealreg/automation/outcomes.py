"""What the answers of deal registration's steps are called."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.outcomes import register_outcomes

register_outcomes(
    {
        "allowed": _("Allowed"),
        "approved": _("Approved"),
        "approver": _("An approver decides"),
        "automatic": _("Decided by the rules"),
        "cam": _("The channel manager decides"),
        "clear": _("No conflict"),
        "concern": _("Has a concern"),
        "conflict": _("Conflict"),
        "decided": _("Decided"),
        "duplicate": _("Duplicate"),
        "error": _("Could not be judged"),
        "named": _("One person decides"),
        "ops": _("Operations decide"),
        "overturn": _("Overturn"),
        "rejected": _("Declined"),
        "return": _("Ask the partner"),
        "returned": _("Back with the partner"),
        "review": _("For a person"),
        "several": _("Several decide"),
        "share": _("Share"),
        "support": _("Supports it"),
        "undecided": _("Undecided"),
        "unmatched": _("Nobody is named"),
        "uphold": _("Uphold"),
    }
)
