"""What the answers of deal registration's steps are called."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.outcomes import register_outcomes, register_rule_words

register_outcomes(
    {
        "allow": _("Allowed"),
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
        "unmatched": _("No rule fits"),
        "uphold": _("Uphold"),
    }
)
register_rule_words(
    {
        "deal-approval": _("May it be approved"),
        "deal-approvers": _("Who has to approve"),
        "deal-closing": _("Closing"),
        "deal-conflict": _("Conflicts with customers and other deals"),
        "deal-dispute": _("The dispute's answer"),
        "deal-eligibility": _("Eligibility"),
        "deal-extension": _("Extension"),
        "deal-move": _("Change of status"),
        "deal-note": _("Comments and files"),
        "deal-reassignment": _("Another partner"),
        "deal-return": _("Questions to the partner"),
        "deal-routing": _("Rules or people"),
        "deal-split": _("Shares"),
        "deal-submission": _("Handing in"),
        "dispute-raising": _("Contesting the answer"),
    }
)
