"""A run and the work that carries it: PostgreSQL is the only truth about where it stands."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import Workflow, WorkflowVersion


class Run(TenantOwned):
    """One event taken through one version. It stays on the version that it started on."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        ENDED = "ended", _("Ended")
        CANCELLED = "cancelled", _("Cancelled")

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "status", "moved_at"))

    workflow = TenantForeignKey(Workflow, related_name="runs")
    version = TenantForeignKey(WorkflowVersion, related_name="runs")
    event_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    result = models.CharField(max_length=60, blank=True)
    context = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("run"), _("runs")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "workflow", "event_id"], name="workflows_run_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "subject_id", "started_at"]),
            models.Index(fields=["tenant", "started_at"]),
            models.Index(
                fields=["tenant", "moved_at"], condition=models.Q(status="running"), name="workflows_run_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id}: {self.subject_name or self.subject_id}"


class Work(TenantOwned):
    """What a run does next, or waits for. Finished work is deleted: its trace is the run's events.

    `due_at` is business time (a moved clock moves timers); `not_before` and `lease_until` are machine time.
    """

    class Kind(models.TextChoices):
        STEP = "step", "step"
        TIMER = "timer", "timer"
        ESCALATION = "escalation", "escalation"

    class Status(models.TextChoices):
        READY = "ready", "ready"
        WAITING = "waiting", "waiting for a person"
        HELD = "held", "held by an incident"

    wall = Wall(
        partner="none",
        relay_reads=(
            "id",
            "tenant_id",
            "run_id",
            "kind",
            "status",
            "due_at",
            "not_before",
            "lease_until",
            "fence",
            "attempt",
        ),
        relay_writes=("lease_until", "fence", "attempt"),
    )

    run = TenantForeignKey(Run, models.CASCADE, related_name="work")
    block = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEP)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.READY)
    due_at = models.DateTimeField()
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # a run is in one place: only its SLA escalations stand beside its one step or timer
            models.UniqueConstraint(
                fields=["tenant", "run"], name="workflows_one_step_at_a_time", condition=~models.Q(kind="escalation")
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "due_at"], condition=models.Q(status="ready"), name="workflows_work_due"),
            models.Index(fields=["tenant", "run"]),
        ]


class RunEvent(TenantOwned):
    """What happened in a run: its story, and the source of every figure about it."""

    wall = Wall(partner="none", append_only=True)

    run = TenantForeignKey(Run, related_name="events")
    kind = models.CharField(max_length=30)
    block = models.CharField(max_length=60, blank=True)
    block_type = models.CharField(max_length=20, blank=True)
    value = models.CharField(max_length=60, blank=True)
    detail = models.JSONField(default=dict)
    actor_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["tenant", "run", "id"])]
        ordering = ["id"]
