"""One thing done to many deals at once: meant now, carried out ten seconds later, taken back until then."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class DealBatch(TenantOwned):
    """What a person wants done to many deals. Each is judged again when its turn comes; `results` say how it went."""

    class Verb(models.TextChoices):
        APPROVE = "approve", _("Approve")
        DECLINE = "decline", _("Decline")
        RETURN = "return", _("Ask the partner")
        WITHDRAW = "withdraw", _("Withdraw")
        EXTEND = "extend", _("Extend")
        REASSIGN = "reassign", _("Reassign")
        SPLIT = "split", _("Share")
        CAM = "cam", _("Assign channel manager")
        WON = "won", _("Mark as won")
        LOST = "lost", _("Mark as lost")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Being carried out")
        DONE = "done", _("Carried out")
        UNDONE = "undone", _("Taken back")

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "status", "executes_at"))

    verb = models.CharField(_("action"), max_length=10, choices=Verb.choices)
    status = FSMField(_("status"), choices=Status.choices, default=Status.PENDING, protected=True)
    deal_ids = ArrayField(models.UUIDField(), default=list)
    given = models.JSONField(default=dict)
    actor = models.JSONField()  # who acts, as a snapshot; rights are judged again when carried out
    owner = TenantForeignKey("identity.Membership", null=True, related_name="+")
    made_at = models.DateTimeField()
    executes_at = models.DateTimeField()  # machine time
    results = models.JSONField(default=list)  # [{deal, number, done, why}], one for each that had its turn
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("batch of deals"), _("batches of deals")
        indexes = [
            models.Index(
                fields=["executes_at"],
                condition=models.Q(status__in=["pending", "running"]),
                name="dealreg_batch_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} ({len(self.deal_ids)})"

    @transition(field=status, source=Status.PENDING, target=Status.RUNNING)
    def begin(self) -> None:
        """The ten seconds are over."""

    @transition(field=status, source=Status.RUNNING, target=Status.DONE)
    def finish(self) -> None:
        """Every deal has had its turn."""

    @transition(field=status, source=Status.PENDING, target=Status.UNDONE)
    def undo(self) -> None:
        """As if it had never been."""
