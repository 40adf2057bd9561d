"""What people have decided alike so often that a rule could do it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import Workflow


class RuleProposal(TenantOwned):
    """A rule found in decided tasks: where it would answer, what, and under which condition.

    `signature` names what is said, without amounts: a proposal that was dismissed isn't made again because
    its amount has moved. `reason_keys` are all reasons for which those tasks were asked.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        TAKEN_UP = "taken_up", _("Taken up")
        DISMISSED = "dismissed", _("Dismissed")

    wall = Wall(partner="none")

    status = FSMField(choices=Status.choices, default=Status.OPEN, protected=True)
    signature = models.CharField(max_length=64)
    workflow = TenantForeignKey(Workflow, related_name="proposals")
    block = models.CharField(max_length=60)
    queue = models.SlugField(_("queue"), max_length=40)
    reason_keys = ArrayField(models.CharField(max_length=80))
    reason_text = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(_("answer"), max_length=40)
    schema = models.CharField(max_length=60)
    when = models.JSONField()
    sentence = models.TextField()
    count = models.PositiveIntegerField(_("decided alike"))
    others = models.PositiveIntegerField(_("decided otherwise"))
    first_at = models.DateTimeField(_("since"))
    last_at = models.DateTimeField()
    tasks = ArrayField(models.UUIDField(), default=list)  # those that it covers, the latest first
    became = models.CharField(max_length=120, blank=True)  # the draft that it went into
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("proposed rule"), _("proposed rules")
        constraints = [models.UniqueConstraint(fields=["tenant", "signature"], name="workflows_proposal_once")]
        indexes = [models.Index(fields=["tenant", "queue", "outcome"])]
        ordering = ["-count", "id"]

    def __str__(self) -> str:
        return self.sentence[:120]

    @transition(field=status, source=Status.OPEN, target=Status.TAKEN_UP)
    def take_up(self) -> None:
        """It stands in a draft, which goes its own way from here."""

    @transition(field=status, source=Status.OPEN, target=Status.DISMISSED)
    def dismiss(self) -> None:
        """Nobody wants it; it is not proposed again."""
