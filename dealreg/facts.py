"""What rules and workflows may ask about a deal: the schema "deal". queries.deal_facts() fills it."""

from collections.abc import Callable, Iterable

from django.utils.translation import gettext_lazy as _

from dealreg import counting
from dealreg.models import DealAssessment, DealStatus, PipelineStage
from partners import counting as partners
from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.reference.models import DealType, Product, ProductLine, Program, Territory, Vertical
from prm.kernel.tenancy.context import is_acting

DOMAIN_KINDS = (
    ("business", _("a company's own domain")),
    ("free_mail", _("a free-mail provider")),
    ("disposable", _("a disposable address")),
    ("shared", _("a platform or public suffix")),
    ("none", _("none given")),
)


Coded = type[Territory] | type[Vertical] | type[ProductLine] | type[DealType] | type[Program]


def _codes(model: Coded) -> Callable[[], Iterable[tuple[str, str]]]:
    def choices() -> Iterable[tuple[str, str]]:
        return list(model.objects.values_list("code", "name")) if is_acting() else []

    return choices


def _products() -> Iterable[tuple[str, str]]:
    return list(Product.objects.values_list("sku", "name")) if is_acting() else []


DEAL = FactSchema(
    name="deal",
    label=_("deals"),
    model="dealreg.Deal",
    facts=(
        Fact("deal.number", _("Deal number"), "text", orm="number"),
        Fact("deal.name", _("Deal name"), "text", orm="name"),
        Fact("deal.amount", _("Amount"), "money", orm="amount_vendor", help=_("In the vendor's currency")),
        Fact("deal.currency", _("Currency"), "text", orm="currency"),
        Fact("deal.country", _("Customer's country"), "text", orm="customer_country"),
        Fact("deal.territory", _("Territory"), "choice", choices=_codes(Territory), orm="territory__code"),
        Fact("deal.type", _("Deal type"), "choice", choices=_codes(DealType), orm="deal_type__code"),
        Fact("deal.program", _("Program"), "choice", choices=_codes(Program), orm="program__code"),
        Fact(
            "deal.product_lines",
            _("Product lines"),
            "list",
            choices=_codes(ProductLine),
            orm="lines__product_line__code",
        ),
        Fact("deal.products", _("Products (SKU)"), "list", choices=_products, orm="items__product__sku"),
        Fact(
            "deal.discount",
            _("Largest discount asked for (%)"),
            "number",
            orm=counting.largest_discount,
            help=_("Of the products that are named; empty where none is"),
        ),
        Fact("deal.vertical", _("Industry"), "choice", choices=_codes(Vertical), orm="vertical__code"),
        Fact("deal.close_on", _("Expected close"), "date", orm="expected_close_on"),
        Fact("deal.close_in_days", _("Days until close"), "number", orm=counting.days_until_close),
        Fact("deal.status", _("Status"), "choice", choices=DealStatus.choices, orm="status"),
        Fact("deal.stage", _("Stage"), "choice", choices=PipelineStage.choices, orm="pipeline_stage"),
        Fact("deal.submission", _("Submission"), "number", orm="submission", help=_("1 is the first")),
        Fact("deal.customer_name", _("Customer"), "text", orm="customer_name"),
        Fact("deal.customer_domain", _("Customer's website"), "text", orm="customer_domain"),
        Fact(
            "deal.customer_domain_kind",
            _("Kind of the customer's domain"),
            "choice",
            choices=DOMAIN_KINDS,
            orm=counting.domain_kind,
        ),
        Fact("deal.answer_due_at", _("Answer due"), "datetime", orm="answer_due_at"),
        Fact("deal.protected_until", _("Protected until"), "date", orm="protected_until"),
        Fact("deal.late_days", _("Days longer, as we were late"), "number", orm="late_days"),
        Fact("deal.reason", _("Reason told to the partner"), "text", orm="reason_for_partner"),
        Fact(
            "customer.is_blocked",
            _("Customer is on the blackout list"),
            "bool",
            orm=counting.assessed("customer__is_blocked"),
        ),
        Fact(
            "customer.is_house", _("Customer is a house account"), "bool", orm=counting.assessed("customer__is_house")
        ),
        Fact(
            "deal.conflict",
            _("Result of the conflict check"),
            "choice",
            choices=DealAssessment.Outcome.choices,
            orm=counting.assessed("outcome"),
        ),
        Fact(
            "deal.former_holder",
            _("Another partner's protection has just lapsed"),
            "bool",
            orm=counting.former_holder,
            help=_("For as many days as the deal registration policy gives the former holder precedence"),
        ),
        Fact("deal.reseller", _("Registered for the reseller"), "text", orm="reseller__name"),
        Fact("reseller.status", _("Reseller's status"), "choice", choices=partners.STATES, orm="reseller__status"),
        Fact("partner.name", _("Partner"), "text", orm="partner__name"),
        Fact("partner.kind", _("Kind of partner"), "choice", choices=partners.KINDS, orm="partner__kind"),
        Fact("partner.status", _("Partner's status"), "choice", choices=partners.STATES, orm="partner__status"),
        Fact("partner.country", _("Partner's country"), "text", orm="partner__country"),
        Fact("partner.enrolled", _("Partner is enrolled in the program"), "bool", orm=partners.enrolled),
        Fact("partner.tier", _("Partner's tier"), "text", orm=partners.tier("code")),
        Fact(
            "partner.tier_rank",
            _("Rank of the partner's tier"),
            "number",
            help=_("1 is the entry tier"),
            orm=partners.tier("rank"),
        ),
        Fact("partner.certified", _("Partner is certified"), "bool", orm=partners.certified),
        Fact("partner.certifications", _("Partner's certificates"), "list", orm=partners.certifications),
        Fact(
            "partner.covers_country",
            _("Partner may sell in the customer's country"),
            "bool",
            orm=counting.covers_country,
        ),
        Fact("partner.has_cam", _("Partner has a channel manager"), "bool", orm=counting.has_cam),
        Fact("partner.watched", _("Partner is being watched"), "bool", orm=partners.watched),
        Fact("partner.open_deals", _("Partner's open deals"), "number", orm=counting.open_deals),
    ),
)
