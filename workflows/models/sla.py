"""Clocks that count business time on two sides: ours, and the partner's while we wait for them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.runs import Run


class SlaClock(TenantOwned):
    """How much of a promise to a subject is used. Paused, it counts the partner's side."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Waiting for the partner")
        STOPPED = "stopped", _("Stopped")

    wall = Wall(partner="none")

    run = TenantForeignKey(Run, related_name="clocks")
    block = models.CharField(max_length=60)
    name = models.SlugField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    calendar = TenantForeignKey("reference.Calendar", null=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RUNNING)
    minutes = models.PositiveIntegerField()
    warn_at = ArrayField(models.PositiveSmallIntegerField(), default=list)
    fired = ArrayField(models.PositiveSmallIntegerField(), default=list)  # points announced, each once
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # null while paused: nobody can say
    stopped_at = models.DateTimeField(null=True)
    breached = models.BooleanField(default=False)

    class Meta:
        verbose_name, verbose_name_plural = _("SLA clock"), _("SLA clocks")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject_id", "name"],
                name="workflows_one_live_clock",
                condition=~models.Q(status="stopped"),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "run"])]

    def __str__(self) -> str:
        return self.name


class SlaSegment(TenantOwned):
    """A stretch of a clock on one side, with its whole business seconds once it is over."""

    class Side(models.TextChoices):
        VENDOR = "vendor", _("Us")
        PARTNER = "partner", _("Partner")

    wall = Wall(partner="none")

    clock = TenantForeignKey(SlaClock, models.CASCADE, related_name="segments")
    side = models.CharField(max_length=8, choices=Side.choices)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "clock"], condition=models.Q(ended_at=None), name="workflows_one_open_segment"
            ),
        ]
        ordering = ["begun_at"]
