"""Steps of the set-up checklist that look into apps which don't know one another."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dealreg.models import Customer, Deal
from prm.kernel.automation.checklist import Found, Step, register_step
from workflows.models import WorkflowVersion


def workflows() -> Found:
    live = WorkflowVersion.objects.filter(status=WorkflowVersion.Status.PUBLISHED)
    names = list(live.order_by("workflow__name").values_list("workflow__name", flat=True))
    return Found(bool(names), ", ".join(names) or _("None is published: what is submitted waits."))


def customers() -> Found:
    count = Customer.objects.count()
    return Found(count > 0, ngettext("{n} customer", "{n} customers", count).format(n=count))


def first_deal() -> Found:
    count = Deal.objects.exclude(submitted_at=None).count()
    return Found(count > 0, ngettext("{n} deal registered", "{n} deals registered", count).format(n=count))


register_step(
    Step(
        "workflows",
        gettext_lazy("Workflows"),
        gettext_lazy("They take a deal from submission to an answer."),
        workflows,
        "workflows:list",
        gettext_lazy("Look at the workflows"),
        order=80,
    )
)
register_step(
    Step(
        "customers",
        gettext_lazy("Your customers"),
        gettext_lazy("Deals are checked against the customers you have."),
        customers,
        "partners_console:imports",
        gettext_lazy("Import customers"),
        group="data",
        order=230,
        query="?kind=customers",
    )
)
register_step(
    Step(
        "first_deal",
        gettext_lazy("The first deal"),
        gettext_lazy("A partner registers it in the portal."),
        first_deal,
        "dealreg_console:list",
        gettext_lazy("See the deals"),
        group="data",
        order=240,
        optional=True,
    )
)
