"""What a run asks of the world outside, and what starts one without an event: calls to web addresses, timetables."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import Workflow
from workflows.models.runs import Run


class WebhookCall(TenantOwned):
    """One message to a web address, handed over until it is taken or given up. Its id follows from run and block.

    `not_before` and `lease_until` are machine time.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")
        WITHDRAWN = "withdrawn", _("No longer needed")

    wall = Wall(
        partner="none",
        relay_reads=("id", "tenant_id", "state", "attempt", "not_before", "lease_until", "fence"),
        relay_writes=("attempt", "not_before", "lease_until", "fence"),
    )

    run = TenantForeignKey(Run, related_name="calls")
    work_id = models.UUIDField()
    block = models.CharField(max_length=60)
    url = models.TextField(_("address"))
    headers = models.JSONField(default=dict)
    body = models.TextField()
    state = models.CharField(_("status"), max_length=10, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("webhook call"), _("webhook calls")
        indexes = [
            models.Index(
                fields=["tenant", "not_before"], condition=models.Q(state="waiting"), name="workflows_call_due"
            ),
            models.Index(fields=["tenant", "run"]),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def message_id(self) -> str:
        """What the receiver tells a repeat by."""
        return f"msg_{self.pk.hex}"


class WebhookKey(TenantOwned):
    """A generation of the vendor's signing secret. The secret itself follows from the site's key: no row holds it."""

    wall = Wall(partner="none")

    number = models.PositiveIntegerField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="workflows_webhook_key")]
        ordering = ["-number"]


class Timetable(TenantOwned):
    """When a published workflow starts by itself, and how far the present round has come.

    `due_at` and `round_at` are business time. A round goes over its subjects in portions, in order of their
    ids, and starts each at most once whoever repeats it.
    """

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "due_at"))

    workflow = TenantForeignKey(Workflow, models.CASCADE, related_name="timetables")
    due_at = models.DateTimeField()
    round_at = models.DateTimeField(null=True)
    behind = models.UUIDField(null=True)  # the last subject that the present round has looked at

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "workflow"], name="workflows_one_timetable")]
        indexes = [models.Index(fields=["due_at"])]
