"""Whom the tasks of a queue go to, where the workflow leaves it to the queue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class AssignmentRule(TenantOwned):
    """Which tasks, and who gets them. Rules are read from the top; the first that fits decides."""

    class Kind(models.TextChoices):
        ROLE = "role", _("Everybody with a role")
        ROUND_ROBIN = "round_robin", _("People of a role, in turn")
        LEAST_LOADED = "least_loaded", _("Whoever of a role has least to do")
        PERSON = "person", _("One person")
        CAM = "cam", _("The partner's channel manager")

    wall = Wall(reference=True)

    position = models.PositiveSmallIntegerField(_("row"))
    name = models.CharField(_("name"), max_length=120)
    queue = models.SlugField(_("queue"), max_length=40, blank=True)  # empty: every queue
    about = models.CharField(_("about"), max_length=60)  # the schema whose facts the condition asks
    when = models.JSONField(_("when"), default=dict)
    kind = models.CharField(_("who gets it"), max_length=12, choices=Kind.choices, default=Kind.LEAST_LOADED)
    role = models.CharField(_("role"), max_length=20, blank=True)
    person = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name, verbose_name_plural = _("assignment rule"), _("assignment rules")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="workflows_assignment_name"),
            models.CheckConstraint(
                name="workflows_assignment_names_somebody",
                condition=models.Q(kind="cam")
                | models.Q(kind="person", person__isnull=False)
                | (models.Q(kind__in=["role", "round_robin", "least_loaded"]) & ~models.Q(role="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
