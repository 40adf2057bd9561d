"""What was written, what the other side has acknowledged, and what waits: one row for each change."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection
from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class SyncRecord(TenantOwned):
    """A record of ours at the other side: its id there, and the fields as it last acknowledged them."""

    wall = Wall(partner="none")

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="records")
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=300, blank=True)
    remote_id = models.CharField(max_length=120, blank=True)
    acknowledged = models.JSONField(default=dict)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection", "subject_id"], name="integrations_record_once")
        ]
        indexes = [models.Index(fields=["tenant", "subject_id"], name="integrations_record_subject")]

    def __str__(self) -> str:
        return self.subject_name


class SyncJob(TenantOwned):
    """A change on its way to one connection; those of one record go in the order of their positions.

    `facts` are the record's at `at`; they are let go once the change is through. `not_before`, `lease_until`
    and `done_at` are machine time. A dead letter holds nobody back: what it would have said is part of the
    next difference, and when that is taken it is overtaken.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        DONE = "done", _("Written")
        DEAD = "dead", _("Needs help")
        OVERTAKEN = "overtaken", _("Overtaken")
        SKIPPED = "skipped", _("Skipped")

    wall = Wall(
        partner="none",
        relay_reads=("id", "tenant_id", "connection_id", "subject_id", "position", "state", "attempt", "not_before",
                     "lease_until", "fence"),
        relay_writes=("attempt", "not_before", "lease_until", "fence"),
    )  # fmt: skip

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="jobs")
    subject_id = models.UUIDField()
    subject_name = models.CharField(_("record"), max_length=300, blank=True)
    position = models.BigIntegerField()
    event = models.CharField(_("because of"), max_length=80)
    cause = models.CharField(max_length=120)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(_("happened"))
    state = models.CharField(_("status"), max_length=10, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    trouble = models.CharField(_("kind of trouble"), max_length=20, blank=True)
    error = models.TextField(_("last error"), blank=True)
    answer = models.TextField(blank=True)
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name, verbose_name_plural = _("change"), _("changes")
        constraints = [models.UniqueConstraint(fields=["tenant", "connection", "cause"], name="integrations_job_once")]
        indexes = [
            models.Index(
                fields=["tenant", "not_before"], condition=models.Q(state="waiting"), name="integrations_job_due"
            ),
            models.Index(
                fields=["tenant", "connection", "subject_id", "position"],
                condition=models.Q(state__in=["waiting", "dead"]),
                name="integrations_job_order",
            ),
            models.Index(fields=["tenant", "subject_id", "-position"], name="integrations_job_subject"),
            models.Index(fields=["tenant", "state", "-position"], name="integrations_job_state"),
        ]

    def __str__(self) -> str:
        return self.subject_name or str(self.subject_id)

    @property
    def stands(self) -> str:
        """Its state as people are told: what waits for a paused or broken connection is not on its way."""
        held = self.state == self.State.WAITING and self.connection.status != Connection.Status.ACTIVE
        return str(self.connection.status if held else self.state)

    @property
    def because(self) -> str:
        """What brought it about, in the reader's words."""
        from integrations.queries import because

        return because(self.event)
