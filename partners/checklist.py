"""Steps of the checklist that concern the program, its people and its partners."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.models import Partner, Tier
from prm.kernel.automation.checklist import Found, Step
from prm.kernel.automation.models import RuleVersion
from prm.kernel.automation.queries import count_of_admins
from prm.kernel.clock import local_date
from prm.kernel.identity.models import Membership
from prm.kernel.reference.models import Holiday, Product, Program, Territory
from prm.kernel.tenancy.context import current
from prm.kernel.tenancy.models import Tenant

PLAIN_COLOUR = Tenant._meta.get_field("brand_color").default


def branding() -> Found:
    tenant = Tenant.objects.get()
    done = bool(tenant.logo) or tenant.brand_color != PLAIN_COLOUR
    return Found(done, _("Your logo and colours are in use.") if done else _("Still our name plate and our blue."))


def program() -> Found:
    active = list(Program.objects.filter(is_active=True).values_list("name", "currency"))
    return Found(bool(active), ", ".join(f"{name} ({currency})" for name, currency in active) or _("None is active."))


def tiers() -> Found:
    count = Tier.objects.count()
    return Found(count > 0, ngettext("{n} tier", "{n} tiers", count).format(n=count))


def calendar() -> Found:
    ahead = Holiday.objects.filter(calendar__is_default=True, day__gte=local_date(current().now)).count()
    return Found(ahead > 0, ngettext("{n} holiday ahead", "{n} holidays ahead", ahead).format(n=ahead))


def territories() -> Found:
    count = Territory.objects.count()
    return Found(count > 0, ngettext("{n} territory", "{n} territories", count).format(n=count))


def products() -> Found:
    count = Product.objects.filter(is_active=True).count()
    return Found(count > 0, ngettext("{n} product", "{n} products", count).format(n=count))


def rules() -> Found:
    names = list(RuleVersion.objects.filter(status="published").values_list("ruleset__name", "number"))
    return Found(
        bool(names),
        ", ".join(_("{name}, version {n}").format(name=name, n=n) for name, n in names)
        or _("No rules are in force: everything goes to people."),
    )


def second_admin() -> Found:
    count = count_of_admins()
    return Found(count > 1, ngettext("{n} admin", "{n} admins", count).format(n=count))


def deal_desk() -> Found:
    people = Membership.objects.filter(partner=None, ended_at=None)
    missing = [
        label
        for role, label in (("ops", _("operations")), ("approver", _("an approver")), ("cam", _("a channel manager")))
        if not people.filter(roles__contains=[role])
    ]
    return Found(
        not missing,
        _("Missing: {who}").format(who=", ".join(missing))
        if missing
        else _("Operations, approver and channel manager are there."),
    )


def partners() -> Found:
    count = Partner.objects.count()
    return Found(count > 0, ngettext("{n} partner", "{n} partners", count).format(n=count))


def partner_people() -> Found:
    count = Membership.objects.exclude(partner=None).filter(ended_at=None).count()
    return Found(count > 0, ngettext("{n} person has joined", "{n} people have joined", count).format(n=count))


STEPS = (
    Step(
        "branding",
        gettext_lazy("Name, logo and colours"),
        gettext_lazy("Partners see you, not us."),
        branding,
        "ui:console_branding",
        gettext_lazy("Set your branding"),
        order=10,
        optional=True,
    ),
    Step(
        "program",
        gettext_lazy("Program"),
        gettext_lazy("Partners are enrolled in it, and it sets the currency."),
        program,
        "admin:reference_program_changelist",
        gettext_lazy("Look at the program"),
        order=20,
    ),
    Step(
        "tiers",
        gettext_lazy("Tiers and what they bring"),
        gettext_lazy("They decide discount, protection and what is approved without a person."),
        tiers,
        "admin:partners_tier_changelist",
        gettext_lazy("Look at the tiers"),
        order=30,
    ),
    Step(
        "calendar",
        gettext_lazy("Office hours and holidays"),
        gettext_lazy("Answers are promised in business time."),
        calendar,
        "admin:reference_calendar_changelist",
        gettext_lazy("Look at the calendar"),
        order=40,
    ),
    Step(
        "territories",
        gettext_lazy("Territories"),
        gettext_lazy("Deals outside a partner's own go to people."),
        territories,
        "admin:reference_territory_changelist",
        gettext_lazy("Look at the territories"),
        order=50,
    ),
    Step(
        "products",
        gettext_lazy("Products"),
        gettext_lazy("A customer is protected for each product line."),
        products,
        "admin:reference_product_changelist",
        gettext_lazy("Look at the products"),
        order=60,
    ),
    Step(
        "rules",
        gettext_lazy("Rules"),
        gettext_lazy("They decide which deals need nobody."),
        rules,
        "admin:automation_ruleset_changelist",
        gettext_lazy("Look at the rules"),
        order=70,
    ),
    Step(
        "second_admin",
        gettext_lazy("A second admin"),
        gettext_lazy("Nobody publishes a rule that they wrote themselves."),
        second_admin,
        "identity:console_people",
        gettext_lazy("Invite an admin"),
        group="people",
        order=110,
    ),
    Step(
        "deal_desk",
        gettext_lazy("Your deal desk"),
        gettext_lazy("Somebody must answer what rules leave open."),
        deal_desk,
        "identity:console_people",
        gettext_lazy("Invite your people"),
        group="people",
        order=120,
    ),
    Step(
        "partners",
        gettext_lazy("Partners"),
        gettext_lazy("Bring in the list that you have."),
        partners,
        "partners_console:imports",
        gettext_lazy("Import partners"),
        group="data",
        order=210,
    ),
    Step(
        "partner_people",
        gettext_lazy("Partners' people"),
        gettext_lazy("Each gets an invitation by e-mail."),
        partner_people,
        "partners_console:imports",
        gettext_lazy("Import people"),
        group="data",
        order=220,
        query="?kind=people",
    ),
)
