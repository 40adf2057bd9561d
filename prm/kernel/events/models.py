"""The outbox: events as rows, and one delivery for each handler that wants the event."""

from django.db import models
from django.db.models.functions import Now

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class EventRow(TenantOwned):
    """Something that happened, written in the transaction in which it happened."""

    wall = Wall(append_only=True, relay_reads=("id", "tenant_id", "recorded_at"))

    position = models.BigIntegerField(unique=False, editable=False)
    name = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    partner_id = models.UUIDField(null=True)
    payload = models.JSONField()
    cause = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "subject_id", "position"]),
            models.Index(fields=["tenant", "name", "at"]),
        ]


class Delivery(TenantOwned):
    """An event on its way to one handler, and its receipt once done (unique per event and handler)."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        DONE = "done", "done"
        PARKED = "parked", "parked"
        SKIPPED = "skipped", "skipped"

    wall = Wall(
        relay_reads=(
            "id",
            "tenant_id",
            "event_id",
            "handler",
            "subject_id",
            "position",
            "state",
            "attempt",
            "not_before",
            "lease_until",
            "fence",
        ),
        relay_writes=("state", "attempt", "not_before", "lease_until", "fence"),
    )

    event = TenantForeignKey(EventRow, related_name="deliveries")
    handler = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    position = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "event", "handler"], name="events_one_receipt_each")]
        indexes = [
            models.Index(
                fields=["tenant", "position"],
                condition=models.Q(state="pending"),
                name="events_delivery_due",
            ),
            models.Index(
                fields=["tenant", "handler", "subject_id", "position"],
                condition=models.Q(state__in=["pending", "parked"]),
                name="events_delivery_order",
            ),
        ]


class IdempotencyKey(TenantOwned):
    """The answer already given to a request, kept for some days so that a repeat gets the same one."""

    scope = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "scope", "key"], name="events_idempotency_once")]
        indexes = [models.Index(fields=["tenant", "created_at"], name="events_idempotency_age")]
