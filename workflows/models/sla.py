"""Clocks that count business time on two sides: ours, and the partner's while we wait for them."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.runs import Run


class SlaPolicy(TenantOwned):
    """A promise by name: how long, on which calendar, who is warned when and told when it is broken.

    A workflow's clock may name one instead of saying its own minutes; what is changed here holds for every
    clock that starts from then on, without a new version.
    """

    wall = Wall(partner="none")

    key = models.SlugField(_("key"), max_length=40, help_text=_("What workflows call it, such as deal-answer."))
    name = models.CharField(_("name"), max_length=120)
    minutes = models.PositiveIntegerField(
        _("business minutes"),
        validators=[MinValueValidator(1), MaxValueValidator(527_040)],
        help_text=_("Of the calendar's working time: a day of eight hours has 480."),
    )
    calendar = TenantForeignKey(
        "reference.Calendar",
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("calendar"),
        help_text=_("Empty: the vendor's default."),
    )
    warn_at = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(99)]),
        verbose_name=_("warning points (%)"),
        default=list,
        blank=True,
        help_text=_("Percentages with commas between, such as 50, 80."),
    )
    warn = ArrayField(models.CharField(max_length=300), verbose_name=_("who is warned"), default=list, blank=True)
    escalate = ArrayField(
        models.CharField(max_length=300), verbose_name=_("who is told when it is late"), default=list, blank=True
    )

    class Meta:
        verbose_name, verbose_name_plural = _("SLA policy"), _("SLA policies")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="workflows_policy_key"),
            models.CheckConstraint(
                name="workflows_policy_takes_time", condition=models.Q(minutes__gte=1, minutes__lte=527_040)
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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
