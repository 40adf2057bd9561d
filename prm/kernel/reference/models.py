"""What every app names: programs, products, territories, verticals, exchange rates, calendars."""

from datetime import date, time

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall

SHARED = Wall(partner="shared", reference=True)


def unique(name: str, *names: str) -> models.UniqueConstraint:
    """A unique constraint within the tenant."""
    return models.UniqueConstraint(fields=["tenant", *names], name=name)


class Territory(TenantOwned):
    """A region of countries; what lies in none belongs to nobody and goes to people."""

    wall = SHARED

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("countries"),
        default=list,
        help_text=_("ISO codes, such as DE, AT, CH"),
    )

    class Meta:
        verbose_name, verbose_name_plural = _("territory"), _("territories")
        constraints = [unique("reference_territory_code", "code")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Vertical(TenantOwned):
    """An industry, as the program cuts its market."""

    wall = SHARED

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name, verbose_name_plural = _("vertical"), _("verticals")
        constraints = [unique("reference_vertical_code", "code")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProductLine(TenantOwned):
    """What protection is granted for: one protected partner for each customer and product line."""

    wall = SHARED

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    protection_days = models.PositiveSmallIntegerField(
        _("protection days"), null=True, blank=True, help_text=_("Empty: the tier's own.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("product line"), _("product lines")
        constraints = [unique("reference_line_code", "code")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(TenantOwned):
    wall = SHARED

    line = TenantForeignKey(ProductLine, related_name="products", verbose_name=_("product line"))
    sku = models.CharField(_("SKU"), max_length=60)
    name = models.CharField(_("name"), max_length=160)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("product"), _("products")
        constraints = [unique("reference_product_sku", "sku")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DealType(TenantOwned):
    """What kind of sale a deal is, and whether registering one protects the customer for its partner."""

    wall = SHARED

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    grants_protection = models.BooleanField(
        _("grants protection"), default=True, help_text=_("Without: the deal is registered, and rivals may come.")
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("The first is what a deal is where nobody says.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("deal type"), _("deal types")
        constraints = [unique("reference_deal_type_code", "code")]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Calendar(TenantOwned):
    """When the vendor works: hours of the week in a zone, and holidays. SLA clocks count on it."""

    wall = Wall(reference=True)

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("working days"),
        default=list,
        help_text=_("0 is Monday"),
    )
    opens = models.TimeField(_("opens"), default=time(9))
    closes = models.TimeField(_("closes"), default=time(17))
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name, verbose_name_plural = _("business calendar"), _("business calendars")
        constraints = [
            unique("reference_calendar_code", "code"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(is_default=True), name="reference_calendar_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(TenantOwned):
    wall = Wall(reference=True)

    calendar = TenantForeignKey(Calendar, models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name, verbose_name_plural = _("holiday"), _("holidays")
        constraints = [unique("reference_holiday_day", "calendar", "day")]
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.name}"


class ExchangeRate(TenantOwned):
    """One unit of `currency` is `rate` units of the vendor's currency, from `valid_from` on."""

    wall = SHARED

    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10, validators=[MinValueValidator(0)])

    class Meta:
        verbose_name, verbose_name_plural = _("exchange rate"), _("exchange rates")
        constraints = [unique("reference_rate_day", "currency", "valid_from")]


class Program(TenantOwned):
    """A channel program that partners are enrolled in. `settings` of deal registration live here."""

    wall = SHARED

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3)
    calendar = TenantForeignKey(Calendar, verbose_name=_("business calendar"), related_name="+")
    starts_on = models.DateField(_("starts on"), default=date(2020, 1, 1))
    protection_days = models.PositiveSmallIntegerField(_("protection days"), default=90)
    answer_within_minutes = models.PositiveIntegerField(
        _("answer within (business minutes)"), default=480, help_text=_("What partners are promised.")
    )
    quality_share = models.DecimalField(
        _("quality control share"),
        max_digits=4,
        decimal_places=3,
        default=0,
        help_text=_("The share of clear deals that people look at, so that being looked at tells nothing."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("program"), _("programs")
        constraints = [unique("reference_program_code", "code")]

    def __str__(self) -> str:
        return self.name


class PriceBook(TenantOwned):
    """List prices in one currency for a time: of one program or of all, of some territories or of all."""

    wall = Wall(partner="shared", partner_where="shown_to_partners", reference=True)

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3)
    program = TenantForeignKey(
        Program,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("program"),
        help_text=_("Empty: every program."),
    )
    territories = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("territories"),
        default=list,
        blank=True,
        help_text=_("Their codes with commas between. Empty: everywhere."),
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("The last day. Empty: open."))
    shown_to_partners = models.BooleanField(
        _("partners read these prices"),
        default=False,
        help_text=_("Otherwise partners still choose its products, and type the deal's amount themselves."),
    )

    class Meta:
        verbose_name, verbose_name_plural = _("price book"), _("price books")
        constraints = [
            unique("reference_price_book_code", "code"),
            models.CheckConstraint(
                name="reference_price_book_forward",
                condition=models.Q(valid_until=None) | models.Q(valid_until__gte=models.F("valid_from")),
                violation_error_message=_("The last day comes after the first."),
            ),
        ]
        ordering = ["-valid_from", "code"]

    def __str__(self) -> str:
        return self.name


class PriceEntry(TenantOwned):
    """What one of a product costs by a price book, before discounts. Partners see it where they see the book."""

    wall = Wall(partner="child:book", reference=True)

    book = TenantForeignKey(PriceBook, models.CASCADE, related_name="entries", verbose_name=_("price book"))
    product = TenantForeignKey(Product, related_name="+", verbose_name=_("product"))
    list_price = models.DecimalField(
        _("list price"), max_digits=16, decimal_places=2, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name, verbose_name_plural = _("price"), _("prices")
        constraints = [
            unique("reference_price_once", "book", "product"),
            models.CheckConstraint(name="reference_price_not_negative", condition=models.Q(list_price__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.list_price}"
