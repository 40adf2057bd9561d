"""The terms on which deals are decided: who approves what."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall

NOT_NEGATIVE = [MinValueValidator(0)]
PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class ApprovalRule(TenantOwned):
    """A row of the approval matrix: which deals, and who approves them. The first row that fits decides."""

    class Decider(models.TextChoices):
        ROLE = "role", _("People with a role")
        PERSON = "person", _("One person")
        CAM = "cam", _("The partner's channel manager")
        CHECKS = "checks", _("Whom the checks name")

    wall = Wall(reference=True)

    position = models.PositiveSmallIntegerField(_("row"))
    amount_above = models.DecimalField(
        _("amount above"), max_digits=16, decimal_places=2, null=True, blank=True, validators=NOT_NEGATIVE
    )
    amount_up_to = models.DecimalField(
        _("amount up to"), max_digits=16, decimal_places=2, null=True, blank=True, validators=NOT_NEGATIVE
    )
    discount_above = models.DecimalField(
        _("discount above (%)"), max_digits=5, decimal_places=2, null=True, blank=True, validators=PERCENT
    )
    discount_up_to = models.DecimalField(
        _("discount up to (%)"), max_digits=5, decimal_places=2, null=True, blank=True, validators=PERCENT
    )
    territories = ArrayField(models.CharField(max_length=40), verbose_name=_("territories"), default=list, blank=True)
    product_lines = ArrayField(
        models.CharField(max_length=40), verbose_name=_("product lines"), default=list, blank=True
    )
    decider = models.CharField(_("who decides"), max_length=8, choices=Decider.choices, default=Decider.CHECKS)
    role = models.CharField(_("role"), max_length=20, blank=True)
    person = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+", verbose_name=_("person"))
    people = models.PositiveSmallIntegerField(_("how many must agree"), default=1)

    class Meta:
        verbose_name, verbose_name_plural = _("row of the approval matrix"), _("approval matrix")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="dealreg_approval_amounts_run_upwards",
                condition=models.Q(amount_above=None)
                | models.Q(amount_up_to=None)
                | models.Q(amount_up_to__gt=models.F("amount_above")),
            ),
            models.CheckConstraint(
                name="dealreg_approval_discounts_run_upwards",
                condition=models.Q(discount_above=None)
                | models.Q(discount_up_to=None)
                | models.Q(discount_up_to__gt=models.F("discount_above")),
            ),
            models.CheckConstraint(
                name="dealreg_approval_people",
                condition=models.Q(people=1) | models.Q(people__range=(2, 5), decider="role"),
            ),
            models.CheckConstraint(
                name="dealreg_approval_names_the_decider",
                condition=(~models.Q(decider="role") | ~models.Q(role=""))
                & (~models.Q(decider="person") | models.Q(person__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.position}"
