"""What people are asked, what they mean to do, and how they voted."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.runs import Run


class HumanTask(TenantOwned):
    """A question of a run to people, with why it is asked. It always has an owner: a person or a role.

    Partner, value, tier and name are a snapshot for the list; the evidence is read when it is opened.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DECIDING = "deciding", _("Being decided")
        DECIDED = "decided", _("Decided")
        CANCELLED = "cancelled", _("Cancelled")

    wall = Wall(partner="none")

    run = TenantForeignKey(Run, related_name="tasks")
    work_id = models.UUIDField()  # what it resumes; not a key: work goes away when it is done
    block = models.CharField(max_length=60)
    status = FSMField(choices=Status.choices, default=Status.OPEN, protected=True)
    queue = models.SlugField(_("queue"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    outcomes = ArrayField(models.CharField(max_length=40))
    note_required = ArrayField(models.CharField(max_length=40), default=list)
    quorum = models.PositiveSmallIntegerField(default=1)
    level = models.PositiveSmallIntegerField(default=0, db_default=0)  # how far it was escalated
    reasons = models.JSONField(default=list)
    owner = TenantForeignKey("identity.Membership", null=True, related_name="+")
    role = models.CharField(max_length=20, blank=True)
    assigned_by = models.CharField(max_length=120, blank=True, db_default="")  # the queue's rule, while it holds
    claimed_by = TenantForeignKey("identity.Membership", null=True, related_name="+")
    claim_until = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    partner_name = models.CharField(max_length=200, blank=True)
    tier = models.CharField(max_length=60, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    limit_value = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    due_at = models.DateTimeField(null=True)
    sla_paused = models.BooleanField(default=False)
    outcome = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "work_id"], name="workflows_one_task_per_wait"),
            models.CheckConstraint(
                name="workflows_task_has_an_owner", condition=models.Q(owner__isnull=False) | ~models.Q(role="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "queue", "due_at"], condition=models.Q(status="open"), name="workflows_task_queue"
            ),
            models.Index(fields=["tenant", "subject_id"]),
            models.Index(fields=["tenant", "run"]),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.subject_name}" if self.subject_name else self.title

    @property
    def is_open(self) -> bool:
        return bool(self.status == self.Status.OPEN)

    @transition(field=status, source=Status.OPEN, target=Status.DECIDING)
    def take(self) -> None:
        """Somebody has decided and may still take it back."""

    @transition(field=status, source=Status.DECIDING, target=Status.OPEN)
    def reopen(self) -> None:
        """Taken back, or the decision no longer held when it was carried out."""

    @transition(field=status, source=[Status.OPEN, Status.DECIDING], target=Status.DECIDED)
    def decide(self) -> None:
        """The run goes on."""

    @transition(field=status, source=[Status.OPEN, Status.DECIDING], target=Status.CANCELLED)
    def cancel(self) -> None:
        """The question no longer arises."""


class Intent(TenantOwned):
    """A person's decision, carried out ten seconds later unless it is taken back."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        EXECUTED = "executed", _("Carried out")
        UNDONE = "undone", _("Taken back")
        REFUSED = "refused", _("Refused")

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "status", "executes_at"))

    task = TenantForeignKey(HumanTask, related_name="intents")
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=True)
    outcome = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    actor = models.JSONField()  # who decides, as a snapshot; rights are checked again when carried out
    actor_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    executes_at = models.DateTimeField()  # machine time
    closed_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=models.Q(status="pending"), name="workflows_one_live_intent"
            ),
        ]
        indexes = [
            models.Index(fields=["executes_at"], condition=models.Q(status="pending"), name="workflows_intent_due"),
        ]

    @transition(field=status, source=Status.PENDING, target=Status.EXECUTED)
    def execute(self) -> None:
        """It has become a decision."""

    @transition(field=status, source=Status.PENDING, target=Status.UNDONE)
    def undo(self) -> None:
        """As if it had never been."""

    @transition(field=status, source=Status.PENDING, target=Status.REFUSED)
    def refuse(self) -> None:
        """It no longer held when it was to be carried out."""


class Vote(TenantOwned):
    """One voice in a task; nobody has two."""

    wall = Wall(partner="none", append_only=True)

    task = TenantForeignKey(HumanTask, related_name="votes")
    membership = TenantForeignKey("identity.Membership", null=True, related_name="+")
    voter = models.CharField(max_length=80)
    voter_name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "task", "voter"], name="workflows_one_vote_each"),
        ]
