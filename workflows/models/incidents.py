"""What a machine could not do by itself, with the evidence, until a person says what happens."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel import wording
from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import Workflow
from workflows.models.runs import Run


class Incident(TenantOwned):
    """A failed step, a broken definition, an event that nobody takes up, or a run that stands still."""

    class Kind(models.TextChoices):
        STEP_FAILED = "step_failed", _("A step failed")
        BROKEN_DEFINITION = "broken_definition", _("The workflow is broken")
        NO_WORKFLOW = "no_workflow", _("No workflow takes this up")
        RULE_BROKEN = "rule_broken", _("A rule is broken")
        STUCK = "stuck", _("A run stands still")
        UNDECIDED = "undecided", _("A workflow ended without an answer")
        LOOP = "loop", _("A workflow sets itself off again and again")

    WITHOUT_A_STEP = (Kind.RULE_BROKEN, Kind.UNDECIDED)  # the run went on, or is over: nothing in it waits

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        RETRIED = "retried", _("Tried again")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Cancelled")

    wall = Wall(partner="none")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = FSMField(choices=Status.choices, default=Status.OPEN, protected=True)
    workflow = TenantForeignKey(Workflow, null=True, related_name="incidents")
    run = TenantForeignKey(Run, null=True, related_name="incidents")
    work_id = models.UUIDField(null=True)  # not a key: work goes away when it is done
    block = models.CharField(max_length=60, blank=True)
    event_id = models.UUIDField(null=True)
    event_name = models.CharField(max_length=80, blank=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    subject_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    message = models.TextField()  # in the language of whoever opened it
    said = models.JSONField(null=True)  # what the message is made of: a sentence and its values
    evidence = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("incident"), _("incidents")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "work_id"], condition=models.Q(status="open"), name="workflows_one_open_incident_each"
            ),
            models.UniqueConstraint(
                fields=["tenant", "event_id"],
                name="workflows_one_incident_per_event",
                condition=models.Q(work_id=None, run=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "opened_at"], condition=models.Q(status="open"), name="workflows_incident_open"
            ),
            models.Index(fields=["tenant", "subject_id"]),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What is wrong, in the reader's language; what was kept before sentences were is told as it stands."""
        return wording.shown(self.message, self.said)

    @transition(field=status, source=Status.OPEN, target=Status.RETRIED)
    def retry(self) -> None:
        """The same step is tried again."""

    @transition(field=status, source=Status.OPEN, target=Status.SKIPPED)
    def skip(self) -> None:
        """The run goes on behind the step."""

    @transition(field=status, source=Status.OPEN, target=Status.CANCELLED)
    def cancel(self) -> None:
        """The run ends here."""
