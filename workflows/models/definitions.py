"""A workflow and its versions: a draft may change, a published version never does."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class Workflow(TenantOwned):
    """A process with a name: what starts it, and the versions of how it goes."""

    wall = Wall(reference=True)

    key = models.SlugField(_("key"), max_length=60)
    name = models.CharField(_("name"), max_length=120)
    event = models.CharField(_("starts on"), max_length=80)
    minutes_by_hand = models.PositiveIntegerField(
        _("minutes by hand"), default=15, db_default=15, help_text=_("How long a person took for one, before.")
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("workflow"), _("workflows")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="workflows_workflow_key")]
        indexes = [models.Index(fields=["tenant", "event"])]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(TenantOwned):
    """One tree of blocks. Nobody who wrote in it publishes it; `author` is whoever wrote last."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    wall = Wall(reference=True)

    workflow = TenantForeignKey(Workflow, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    status = FSMField(choices=Status.choices, default=Status.DRAFT, protected=True)
    tree = models.JSONField(_("blocks"))
    checksum = models.CharField(max_length=64)
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    author = models.CharField(max_length=80)
    author_name = models.CharField(max_length=200)
    editors = ArrayField(models.CharField(max_length=80), default=list, help_text=_("Everybody who wrote in it."))
    publisher = models.CharField(max_length=80, blank=True)
    publisher_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("workflow version"), _("workflow versions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "workflow", "number"], name="workflows_version_number"),
            models.UniqueConstraint(
                fields=["tenant", "workflow"], condition=models.Q(status="published"), name="workflows_one_published"
            ),
            models.UniqueConstraint(
                fields=["tenant", "workflow"], condition=models.Q(status="draft"), name="workflows_one_draft"
            ),
            models.CheckConstraint(
                name="workflows_maker_is_not_checker", condition=~models.Q(author=models.F("publisher"))
            ),
            models.CheckConstraint(
                name="workflows_editor_is_not_publisher",
                condition=~models.Q(editors__contains=[models.F("publisher")]),
            ),
            models.CheckConstraint(
                name="workflows_published_by_somebody",
                condition=models.Q(status="draft") | ~models.Q(publisher=""),
            ),
        ]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.workflow.key}/{self.number}"

    def was_written_by(self, who: str) -> bool:
        """Whether somebody wrote in it, so that others publish it."""
        return who == self.author or who in self.editors

    @transition(field=status, source=Status.DRAFT, target=Status.PUBLISHED)
    def publish(self) -> None:
        """New runs follow it from now on."""

    @transition(field=status, source=Status.PUBLISHED, target=Status.RETIRED)
    def retire(self) -> None:
        """No new run follows it; those on their way end on it."""
