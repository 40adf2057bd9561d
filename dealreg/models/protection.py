"""What the vendor found out about deals and to whom it gave protection. Vendor only."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealreg.models.customers import Customer
from dealreg.models.deals import Deal
from prm.kernel.matching import Thresholds
from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class Protection(TenantOwned):
    """One partner's right to one customer and product line, until a day or until released."""

    customer = TenantForeignKey(Customer, related_name="protections")
    product_line = TenantForeignKey("reference.ProductLine", related_name="+")
    deal = TenantForeignKey(Deal, related_name="protections")
    partner = TenantForeignKey("partners.Partner", related_name="+")
    opportunity = models.CharField(
        max_length=36,
        blank=True,
        default="",
        db_default="",
        help_text=_("Set where a person said that it is another opportunity of a customer that is protected there"),
    )
    granted_on = models.DateField()
    until = models.DateField()
    released_at = models.DateTimeField(null=True)
    released_because = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "product_line", "opportunity"],
                condition=models.Q(released_at=None),
                name="dealreg_one_protected",
            ),
            models.CheckConstraint(
                name="dealreg_protection_forward", condition=models.Q(until__gte=models.F("granted_on"))
            ),
        ]
        indexes = [models.Index(fields=["tenant", "deal"], name="dealreg_protection_deal")]


class DealAssessment(TenantOwned):
    """What checking a deal brought to light: its customer, its rivals. Never shown to a partner."""

    class Outcome(models.TextChoices):
        CLEAR = "clear", _("Clear")
        REVIEW = "review", _("To be reviewed")
        CONFLICT = "conflict", _("Conflict")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="assessments")
    customer = TenantForeignKey(Customer, null=True, blank=True, related_name="assessments")
    submission = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    probability = models.DecimalField(max_digits=6, decimal_places=5, null=True)
    findings = models.JSONField(default=list)
    near = models.JSONField(default=list)  # what stayed below the vendor's threshold, for who tunes it
    model_version = models.CharField(max_length=40, blank=True)
    checked_at = models.DateTimeField(null=True)
    duplicate_of = TenantForeignKey(Deal, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "deal"], name="dealreg_assessment_one_each")]
        indexes = [models.Index(fields=["tenant", "customer"], name="dealreg_assessment_customer")]


class DealReminder(TenantOwned):
    """A reminder that went out: recorded once for each deal, end of protection and distance."""

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="reminders")
    until = models.DateField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "until", "days"], name="dealreg_reminder_once")
        ]


SHIPPED = Thresholds()
SHARE: dict[str, Any] = {
    "max_digits": 4,
    "decimal_places": 3,
    "validators": [MinValueValidator(0), MaxValueValidator(1)],
}


def reminder_days() -> list[int]:
    return [30, 14, 3]


class DealPolicy(TenantOwned):
    """How a vendor tunes deal registration; without a row, these defaults hold."""

    wall = Wall(reference=True)

    conflict_threshold = models.DecimalField(
        **SHARE,
        default=Decimal(str(SHIPPED.conflict)),
        verbose_name=_("conflict from"),
        help_text=_("Likelihood from which two records are the same customer"),
    )
    review_threshold = models.DecimalField(
        **SHARE,
        default=Decimal(str(SHIPPED.review)),
        verbose_name=_("people look from"),
        help_text=_("Likelihood from which a person compares two records"),
    )
    submissions_per_hour = models.PositiveIntegerField(
        _("submissions per partner and hour"), default=120, help_text=_("So that nobody can probe for rivals")
    )
    precedence_days = models.PositiveSmallIntegerField(
        _("precedence after protection (days)"),
        default=14,
        help_text=_("For so long after a protection has lapsed, another partner's deal goes to people. 0: never."),
    )
    extension_days = models.PositiveSmallIntegerField(_("extension (days)"), default=45)
    dispute_days = models.PositiveSmallIntegerField(
        _("contesting (days)"), default=30, help_text=_("How long a partner may contest an answer")
    )
    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("reminders (days before)"), default=reminder_days
    )

    same_deal_days = models.PositiveSmallIntegerField(
        _("one registration within (days)"),
        default=30,
        help_text=_(
            "A partner's open deal for the same customer and products that comes in again by another way within "
            "these days is answered with the first one's number. 0 switches this off."
        ),
    )
    file_quota_mb = models.PositiveIntegerField(
        _("room for files (MB)"), default=10_000, help_text=_("All files on deals and kept mails together.")
    )
    partner_quota_mb = models.PositiveIntegerField(
        _("room for one partner's files (MB)"),
        default=2_000,
        help_text=_("What one partner's people may add to its deals and disputes, together."),
    )
    partner_quota_files = models.PositiveIntegerField(
        _("files of one partner"), default=5_000, help_text=_("How many of them, at most.")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("deal registration policy"), _("deal registration policies")
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="dealreg_policy_one_each"),
            models.CheckConstraint(
                name="dealreg_policy_thresholds_ordered",
                condition=models.Q(review_threshold__lte=models.F("conflict_threshold")),
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
