"""How likely a vendor holds a stage to close. The stages themselves are the same for everybody."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealreg.models.deals import PipelineStage
from prm.kernel.tenancy.models import TenantOwned
from prm.kernel.tenancy.wall import Wall

SHIPPED_PROBABILITIES = {
    PipelineStage.DISCOVERY: Decimal("0.10"),
    PipelineStage.QUALIFIED: Decimal("0.25"),
    PipelineStage.PROPOSAL: Decimal("0.50"),
    PipelineStage.NEGOTIATION: Decimal("0.75"),
    PipelineStage.COMMITTED: Decimal("0.90"),
}


class StageProbability(TenantOwned):
    """The probability of one stage; for a stage without a row, the shipped one holds."""

    wall = Wall(partner="shared", reference=True)

    stage = models.CharField(_("stage"), max_length=16, choices=PipelineStage.choices)
    probability = models.DecimalField(
        _("probability"),
        max_digits=4,
        decimal_places=3,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("From 0 to 1: what the forecast weighs a deal of this stage with"),
    )

    class Meta:
        verbose_name, verbose_name_plural = _("stage probability"), _("stage probabilities")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "stage"], name="dealreg_stage_once"),
            models.CheckConstraint(
                name="dealreg_stage_is_a_share", condition=models.Q(probability__gte=0) & models.Q(probability__lte=1)
            ),
        ]
        ordering = ["probability"]

    def __str__(self) -> str:
        return str(self.get_stage_display())
