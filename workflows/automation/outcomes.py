"""What the engine's own answers, and those of the shipped workflows about workflows, are called."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.outcomes import register_outcomes

register_outcomes(
    {
        "again": _("Try again"),
        "approve": _("Approve"),
        "delivered": _("Delivered"),
        "done": _("Done"),
        "elapsed": _("The time is over"),
        "end_run": _("End the run"),
        "failed": _("Failed"),
        "happened": _("It happened"),
        "in_time": _("In time"),
        "joined": _("All branches are together"),
        "late": _("Late"),
        "leave": _("Leave it"),
        "left": _("Left as it was"),
        "left_open": _("Left open"),
        "on_its_way": _("On its way"),
        "pass_on": _("Pass it on"),
        "passed_on": _("Passed on"),
        "paused": _("Paused"),
        "refused": _("Refused"),
        "reject": _("Decline"),
        "resolved": _("Resolved"),
        "resumed": _("Resumed"),
        "retried": _("Tried again"),
        "retry": _("Try again"),
        "cancelled": _("Ended"),
        "seen_to": _("Seen to"),
        "sent": _("Sent"),
        "skip": _("Skip it"),
        "skipped": _("Skipped"),
        "started": _("Started"),
        "taken": _("Taken"),
        "taken_up": _("Taken up again"),
        "timed_out": _("Ran out of time"),
    }
)
