"""Templates that a vendor may change, and every message with its cause, its text and its delivery."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class MessageTemplate(TenantOwned):
    """A vendor's own wording of one message in one language; without it the shipped wording is used."""

    wall = Wall(reference=True)

    key = models.CharField(_("message"), max_length=80)
    language = models.CharField(_("language"), max_length=8)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("message template"), _("message templates")
        constraints = [models.UniqueConstraint(fields=["tenant", "key", "language"], name="messages_one_wording")]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"


class Message(TenantOwned):
    """One message to one person on one channel for one cause: recorded once whatever restarts."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        IN_APP = "in_app", _("In the application")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    wall = Wall(
        partner="own",
        relay_reads=("id", "tenant_id", "channel", "state", "attempt", "not_before", "lease_until", "fence"),
        relay_writes=("state", "attempt", "not_before", "lease_until", "fence"),
    )

    cause = models.CharField(max_length=160)
    template = models.CharField(max_length=80)
    recipient = TenantForeignKey("identity.Membership", related_name="messages")
    partner_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.EmailField(blank=True)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    url = models.CharField(max_length=300, blank=True)
    subject_id = models.UUIDField(null=True)
    message_id = models.CharField(max_length=120)
    reply_to = models.EmailField(blank=True)
    in_reply_to = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "cause", "recipient", "channel"], name="messages_once_for_each_cause"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "not_before"],
                name="messages_due",
                condition=models.Q(state="waiting", channel="email"),
            ),
            models.Index(fields=["tenant", "recipient", "-at"]),
            models.Index(fields=["tenant", "subject_id"]),
        ]
