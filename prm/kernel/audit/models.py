"""Append-only: who did what to what, and every decision with its evidence."""

from django.db import models
from django.db.models.functions import Now

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class DecisionRecord(TenantOwned):
    """A stored Decision; `document` evaluates again to the same outcome under its rule's version."""

    wall = Wall(append_only=True)

    rule = models.CharField(max_length=120)
    outcome = models.CharField(max_length=40)
    allowed = models.BooleanField()
    document = models.JSONField()
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    partner_id = models.UUIDField(null=True)
    decided_by = models.CharField(max_length=20)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "subject_id", "at"]),
            models.Index(fields=["tenant", "rule", "at"]),
        ]


class AuditEntry(TenantOwned):
    """One row for each action, refused ones too."""

    wall = Wall(append_only=True)

    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField()
    target_name = models.CharField(max_length=200, blank=True)
    partner_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    impersonator = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    cause = models.CharField(max_length=120, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    decision = TenantForeignKey(DecisionRecord, null=True, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "target_id", "at"]),
            models.Index(fields=["tenant", "at"]),
        ]
