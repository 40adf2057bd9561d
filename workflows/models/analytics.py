"""What runs came to, hour by hour, and the event logs that somebody asked for. All of it follows from run events."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall
from workflows.models.definitions import Workflow, WorkflowVersion


class RunHour(TenantOwned):
    """How often something was seen in one hour of business time (UTC), for one version.

    `measure` says what (workflows/analytics/facts.py), `block` and `value` of what; `bucket` is a duration in
    seconds to two significant figures, -1 where there is none; `seconds` is the exact sum of the durations.
    """

    wall = Wall(partner="none")

    version = TenantForeignKey(WorkflowVersion, related_name="+")
    hour = models.DateTimeField()
    measure = models.CharField(max_length=12)
    block = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=60, blank=True)
    bucket = models.BigIntegerField(default=-1)
    count = models.PositiveIntegerField()
    seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "hour", "measure", "block", "value", "bucket"], name="workflows_hour_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "hour"], name="workflows_hour")]


class RollUp(TenantOwned):
    """How far a vendor's hours are rolled up: all before `rolled_until` (business time)."""

    wall = Wall(partner="none")

    rolled_until = models.DateTimeField()
    looked_at = models.DateTimeField()  # machine time: events recorded since then are looked for

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="workflows_rollup_one_each")]


class EventLog(TenantOwned):
    """A log of a workflow's runs as a file, made by a task; kept for a day."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "state", "asked_at"))

    workflow = TenantForeignKey(Workflow, related_name="+")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    stored_name = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    asked_by = TenantForeignKey("identity.Membership", null=True, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("event log"), _("event logs")
        indexes = [models.Index(fields=["tenant", "workflow", "asked_at"], name="workflows_log_of")]
