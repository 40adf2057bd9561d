"""Why deals are won and lost, as the vendor words it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantOwned
from prm.kernel.tenancy.wall import Wall


class CloseReason(TenantOwned):
    """One reason that can be chosen when a deal is closed. One that is off stays on the deals that have it."""

    class Outcome(models.TextChoices):
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    wall = Wall(partner="shared", reference=True)

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    outcome = models.CharField(_("outcome"), max_length=4, choices=Outcome.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("reason for closing"), _("reasons for closing")
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="dealreg_close_reason_code")]
        ordering = ["outcome", "position", "name"]

    def __str__(self) -> str:
        return self.name
