"""A draft tried on the past, and what it would have changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import WorkflowVersion


class Replay(TenantOwned):
    """One replay of a draft: of a workflow (`version`) or of rules (`rule_version_id`).

    A draft can be written on afterwards; `checksum` says what was tried. Lease and attempt are machine time.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "state", "lease_until"))

    state = FSMField(choices=State.choices, default=State.QUEUED, protected=True)
    version = TenantForeignKey(WorkflowVersion, models.CASCADE, null=True, related_name="replays")
    rule_version_id = models.UUIDField(null=True)  # not a key: a draft of rules can be thrown away
    name = models.CharField(max_length=120)
    checksum = models.CharField(max_length=64)
    months = models.PositiveSmallIntegerField(_("months"))
    walked = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    asked_by = models.CharField(max_length=80)
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("replay"), _("replays")
        constraints = [
            models.CheckConstraint(
                name="workflows_replay_of_one_draft",
                condition=models.Q(version__isnull=True) | models.Q(rule_version_id__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "version", "asked_at"]),
            models.Index(fields=["tenant", "rule_version_id", "asked_at"]),
            models.Index(
                fields=["state"], condition=models.Q(state__in=["queued", "running"]), name="workflows_replay_due"
            ),
        ]
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return self.name

    @transition(field=state, source=State.QUEUED, target=State.RUNNING)
    def begin(self) -> None:
        """A worker walks the events."""

    @transition(field=state, source=State.RUNNING, target=State.DONE)
    def finish(self) -> None:
        """The figures are there."""

    @transition(field=state, source=[State.QUEUED, State.RUNNING], target=State.FAILED)
    def fail(self) -> None:
        """It can't be done; `error` says why."""


class ReplayChange(TenantOwned):
    """One event that would come to something else, with the path on either side."""

    class Kind(models.TextChoices):
        DECISION = "decision", _("Another decision")
        PEOPLE = "people", _("Others are asked")
        UNKNOWN = "unknown", _("Nobody can know")
        WAY = "way", _("Another way to the same")

    wall = Wall(partner="none")

    replay = TenantForeignKey(Replay, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    event_id = models.UUIDField()
    run_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    partner_name = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    happened_at = models.DateTimeField()
    before = models.CharField(_("now"), max_length=60)
    after = models.CharField(_("with the draft"), max_length=60)
    assumed = models.BooleanField(_("assumed"), default=False)
    before_path = models.JSONField(default=dict)
    after_path = models.JSONField(default=dict)

    class Meta:
        verbose_name, verbose_name_plural = _("change"), _("changes")
        indexes = [models.Index(fields=["tenant", "replay", "kind"])]
        ordering = ["happened_at", "id"]

    def __str__(self) -> str:
        return self.subject_name or str(self.subject_id)
