"""A reader's own view of a list, and the files that were made of tables."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class SavedView(TenantOwned):
    """A list's state under a name: its filters, order and columns as a query string."""

    wall = Wall(partner="own", partner_may="SELECT, INSERT, UPDATE, DELETE")

    owner = TenantForeignKey("identity.Membership", on_delete=models.CASCADE, related_name="+")
    partner = TenantForeignKey("partners.Partner", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    list_key = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "owner", "list_key", "name"], name="ui_saved_view_name_once")
        ]

    def __str__(self) -> str:
        return self.name


EXPORT_KEPT = timedelta(days=1)


class Export(TenantOwned):
    """A page's table as a file: asked for by somebody, written by a task as they see it, kept for a day."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        WRITING = "writing", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (XLSX)")

    class Problem(models.TextChoices):
        NOT_ALLOWED = "not_allowed", _("You may not open that page any more.")
        TOO_MANY = "too_many", _("It has more rows than a file takes. Narrow it first, say by date.")
        BROKEN = "broken", _("It could not be written. Try again; if it fails again, tell whoever runs this.")

    wall = Wall(
        partner="own",
        partner_may="SELECT, INSERT",
        relay_reads=("id", "tenant_id", "partner_id", "state", "claimed_until", "expires_at"),
    )

    asked_by = TenantForeignKey("identity.Membership", on_delete=models.CASCADE, related_name="+")
    partner = TenantForeignKey("partners.Partner", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    token = TenantForeignKey("identity.ApiToken", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    address = models.CharField(max_length=2000)
    title = models.CharField(max_length=200)
    format = models.CharField(max_length=4, choices=Format.choices)
    language = models.CharField(max_length=8)
    expected_rows = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=12, choices=Problem.choices, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(null=True)
    size = models.BigIntegerField(default=0)
    stored_name = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("export"), _("exports")
        indexes = [
            models.Index(fields=["tenant", "asked_by", "-id"], name="ui_export_mine"),
            models.Index(fields=["state", "expires_at"], condition=~models.Q(state="expired"), name="ui_export_alive"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.format})"
