"""Rule sets that admins edit: a draft, then versions that never change once published."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class RuleSet(TenantOwned):
    """A named list of rules over one schema of facts, such as the eligibility of deals."""

    wall = Wall(reference=True)

    key = models.SlugField(_("key"), max_length=60)
    name = models.CharField(_("name"), max_length=120)
    schema = models.CharField(_("facts"), max_length=60)

    class Meta:
        verbose_name, verbose_name_plural = _("rule set"), _("rule sets")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="automation_ruleset_key")]

    def __str__(self) -> str:
        return self.name


class RuleVersion(TenantOwned):
    """One version of a rule set. Its author may not publish it, unless a vendor has one admin only."""

    wall = Wall(reference=True)

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    ruleset = TenantForeignKey(RuleSet, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    status = FSMField(choices=Status.choices, default=Status.DRAFT, protected=True)
    document = models.JSONField(_("rules"))
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    author = models.CharField(max_length=80)
    author_name = models.CharField(max_length=200)
    editors = ArrayField(models.CharField(max_length=80), default=list, help_text=_("Everybody who wrote in it."))
    publisher = models.CharField(max_length=80, blank=True)
    publisher_name = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("rule version"), _("rule versions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "ruleset", "number"], name="automation_version_number"),
            models.UniqueConstraint(
                fields=["tenant", "ruleset"],
                condition=models.Q(status="published"),
                name="automation_one_published",
            ),
            models.CheckConstraint(
                name="automation_maker_is_not_checker",
                condition=~models.Q(author=models.F("publisher"))
                & ~models.Q(editors__contains=[models.F("publisher")]),
            ),
            models.UniqueConstraint(
                fields=["tenant", "ruleset"], condition=models.Q(status="draft"), name="automation_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ruleset.key}/{self.number}"

    @transition(field=status, source=Status.DRAFT, target=Status.PUBLISHED)
    def publish(self) -> None:
        """It decides from now on."""

    @transition(field=status, source=Status.PUBLISHED, target=Status.RETIRED)
    def retire(self) -> None:
        """A newer one decides."""
