"""A connection to another system: where it leads, in which words, by which secret, and how the line is."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class Connection(TenantOwned):
    """Where records of one kind are written to. A new one is paused until somebody switches it on.

    Paused and broken connections collect what changes meanwhile; it is written, in order, once they are back.
    """

    class Kind(models.TextChoices):
        SALESFORCE = "salesforce", _("Salesforce")
        WEBHOOK = "webhook", _("Webhook")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BROKEN = "broken", _("Broken")

    wall = Wall(partner="none", reference=True, relay_reads=("id", "tenant_id", "status"))

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    subject = models.CharField(_("records"), max_length=40, default="deal")
    address = models.CharField(_("address"), max_length=500)
    client_id = models.CharField(_("consumer key"), max_length=300, blank=True)
    remote_object = models.CharField(_("object there"), max_length=80, blank=True)
    external_id_field = models.CharField(_("external id field there"), max_length=80, blank=True)
    status = FSMField(_("status"), choices=Status.choices, default=Status.PAUSED, protected=True)
    broken_because = models.CharField(_("why it is broken"), max_length=20, blank=True)
    broken_at = models.DateTimeField(_("broken since"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name, verbose_name_plural = _("connection"), _("connections")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="integrations_connection_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @transition(field=status, source=(Status.PAUSED, Status.BROKEN), target=Status.ACTIVE)
    def switch_on(self) -> None:
        self.broken_because, self.broken_at = "", None

    @transition(field=status, source=(Status.ACTIVE, Status.BROKEN), target=Status.PAUSED)
    def pause(self) -> None:
        self.broken_because, self.broken_at = "", None

    @transition(field=status, source=Status.ACTIVE, target=Status.BROKEN)
    def break_off(self, *, because: str, at: datetime) -> None:
        self.broken_because, self.broken_at = because, at


class Credential(TenantOwned):
    """A generation of a connection's secret, encrypted. A webhook signs with the one before, too."""

    wall = Wall(partner="none", vendor_may="SELECT, INSERT, DELETE")

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="credentials")
    number = models.PositiveIntegerField()
    cipher = models.TextField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection", "number"], name="integrations_credential_once")
        ]
        ordering = ["-number"]


class Circuit(TenantOwned):
    """How the line of a connection is: all of it machine time, since another system's outage knows no sandbox.

    After a few failures in a row it opens, and nothing is tried before `open_until`; then one message goes
    ahead, and the rest follows once that has arrived. `probes` is off while only a person can set it right.
    """

    wall = Wall(partner="none", relay_reads=("id", "tenant_id", "connection_id", "failures", "open_until", "probes",
                                             "check_wanted"))  # fmt: skip

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="circuits")
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    open_until = models.DateTimeField(null=True)
    probes = models.BooleanField(default=True)
    trouble = models.CharField(max_length=20, blank=True)
    last_error = models.TextField(blank=True)
    last_success_at = models.DateTimeField(null=True)
    session = models.TextField(blank=True, help_text=_("encrypted"))
    check_wanted = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True)
    check_said = models.TextField(blank=True)
    remote_fields = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "connection"], name="integrations_circuit_once")]


class FieldMapping(TenantOwned):
    """One field over there, and what of ours goes into it."""

    class Transform(models.TextChoices):
        SAME = "same", _("as it is")
        TEXT = "text", _("as text")
        LABEL = "label", _("in words")
        VALUES = "values", _("by a list of values")
        DAY = "day", _("as a day")
        CONSTANT = "constant", _("a fixed value")

    wall = Wall(partner="none")

    connection = TenantForeignKey(Connection, models.CASCADE, related_name="mappings")
    remote_field = models.CharField(_("field there"), max_length=80)
    fact = models.CharField(_("our field"), max_length=80, blank=True)
    transform = models.CharField(_("how"), max_length=10, choices=Transform.choices, default=Transform.SAME)
    values = models.JSONField(_("values"), default=dict, blank=True)
    constant = models.CharField(_("fixed value"), max_length=255, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("field mapping"), _("field mappings")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection", "remote_field"], name="integrations_mapping_once")
        ]
        ordering = ["position", "remote_field"]

    def __str__(self) -> str:
        return self.remote_field
