"""A run and the work that carries it: PostgreSQL is the only truth about where it stands."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
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
    parent = TenantForeignKey("self", null=True, related_name="children")  # whose sub-workflow this is
    parent_work_id = models.UUIDField(null=True)  # what its end resumes
    depth = models.PositiveSmallIntegerField(default=0, db_default=0)  # of sub-workflows
    caused_by = models.UUIDField(null=True)  # the run that published the event
    generation = models.PositiveSmallIntegerField(default=0, db_default=0)  # how many runs caused one another

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
            models.Index(
                fields=["tenant", "parent"], condition=models.Q(parent__isnull=False), name="workflows_run_children"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id}: {self.subject_name or self.subject_id}"


class Scope(TenantOwned):
    """One parallel on its way: which of its branches have arrived, and how many must."""

    class Status(models.TextChoices):
        OPEN = "open", "open"
        JOINED = "joined", "joined"
        CANCELLED = "cancelled", "cancelled"

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "run_id", "parent_id", "status", "total", "arrived"))

    run = TenantForeignKey(Run, models.CASCADE, related_name="scopes")
    parent = TenantForeignKey("self", models.CASCADE, null=True, related_name="+")  # the parallel around it
    parent_branch = models.CharField(max_length=60, blank=True, default="")
    block = models.CharField(max_length=60)
    needed = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    branches = ArrayField(models.CharField(max_length=60))
    arrived = ArrayField(models.CharField(max_length=60), default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "block"], condition=models.Q(status="open"), name="workflows_one_open_scope"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "run"], condition=models.Q(status="open"), name="workflows_scope_open"),
        ]


class Work(TenantOwned):
    """What a run does next, or waits for. Finished work is deleted: its trace is the run's events.

    `due_at` is business time (a moved clock moves timers); `not_before` and `lease_until` are machine time.
    A block that waits for something outside (an event, another run, a web address) is resumed through its
    work: whoever brings the answer writes it into `data` and makes the work ready as `resume`.
    """

    class Kind(models.TextChoices):
        STEP = "step", "step"
        TIMER = "timer", "timer"
        EVENT = "event", "waiting for an event"
        CHILD = "child", "waiting for another run"
        CALL = "call", "waiting for a web address"
        RESUME = "resume", "answered"
        ESCALATION = "escalation", "escalation"

    class Status(models.TextChoices):
        READY = "ready", "ready"
        WAITING = "waiting", "waiting for an answer"
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
            "scope_id",
        ),
        relay_writes=("lease_until", "fence", "attempt"),
    )

    run = TenantForeignKey(Run, models.CASCADE, related_name="work")
    scope = TenantForeignKey(Scope, models.CASCADE, null=True, related_name="work")  # the parallel that it is in
    branch = models.CharField(max_length=60, blank=True, default="", db_default="")
    block = models.CharField(max_length=60, blank=True)  # empty: its branch is at its end
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEP)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.READY)
    due_at = models.DateTimeField()
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())  # machine time: when it came to stand here

    class Meta:
        constraints = [
            # a run is in one place of each branch; only escalations stand beside its step or timer
            models.UniqueConstraint(
                fields=["tenant", "run", "scope", "branch"],
                name="workflows_one_step_each_branch",
                condition=~models.Q(kind="escalation"),
                nulls_distinct=False,
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
        indexes = [
            models.Index(fields=["tenant", "run", "id"]),
            # rows lie in the order of both times: what happened, or was recorded, in an hour lies together
            BrinIndex(fields=["at", "recorded_at"], autosummarize=True, name="workflows_runevent_when"),
        ]
        ordering = ["id"]
