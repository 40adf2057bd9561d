"""A verdict as a sentence: for the story of what it let go on, for the audit, for the list of learned links."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg.models import Saying, Verdict

TOLD = {
    Saying.SAME_CUSTOMER: gettext_lazy("%(who)s: “%(name)s” is “%(other)s”."),
    Saying.OTHER_OPPORTUNITY: gettext_lazy("%(who)s: “%(name)s” is “%(other)s”, but another opportunity."),
    Saying.NOT_SAME: gettext_lazy("%(who)s: “%(name)s” is not “%(other)s”."),
    Saying.RELATED: gettext_lazy("%(who)s: “%(name)s” and “%(other)s” belong to one group, but are two customers."),
    Saying.DUPLICATE: gettext_lazy("%(who)s: the deal for “%(name)s” is a duplicate of “%(other)s”."),
}


def told(verdict: Verdict) -> str:
    """What was said; once it is taken back, that and why."""
    who = verdict.said_by
    said = str(TOLD[Saying(verdict.saying)]) % {"who": who, "name": verdict.name, "other": verdict.other_name}
    if verdict.status != Verdict.Status.TAKEN_BACK:
        return said
    return _("%(who)s took back “%(said)s” %(why)s") % {
        "who": verdict.ended_by,
        "said": said,
        "why": verdict.ended_because,
    }
