"""Partner organisations, their enrolment in programs, tiers, certificates, and import batches."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from partners import starter
from prm.kernel.reference.models import Program, Territory
from prm.kernel.tenancy.models import PartnerOwned, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall

COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Use the two-letter country code, such as DE."))
COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Use a colour such as #2f5bea."))


class Tier(TenantOwned):
    """A level of a program and what it brings. A higher rank is a better tier."""

    wall = Wall(partner="shared", reference=True)

    program = TenantForeignKey(Program, related_name="tiers", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    rank = models.PositiveSmallIntegerField(_("rank"), help_text=_("1 is the entry tier; higher is better."))
    protection_days = models.PositiveSmallIntegerField(
        _("protection days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_("How long an approved deal is protected. Empty: the program's own. Deal rules read it."),
    )
    discount = models.DecimalField(
        _("discount (%)"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    auto_approve_limit = models.DecimalField(
        _("approved without a person up to"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("In the vendor's currency. Empty: a person looks at every deal. Deal rules read it."),
    )
    colour = models.CharField(_("colour"), max_length=7, default="#6b7280", validators=[COLOUR])

    class Meta:
        verbose_name, verbose_name_plural = _("tier"), _("tiers")
        ordering = ["program", "-rank"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "code"], name="partners_tier_code"),
            models.UniqueConstraint(fields=["tenant", "program", "rank"], name="partners_tier_rank"),
            models.CheckConstraint(
                condition=models.Q(discount__gte=0, discount__lte=100), name="partners_tier_discount_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TierBenefit(TenantOwned):
    """One thing that a tier brings, in words that partners read."""

    wall = Wall(partner="shared")

    tier = TenantForeignKey(Tier, models.CASCADE, related_name="benefits", verbose_name=_("tier"))
    text = models.CharField(_("benefit"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("benefit"), _("benefits")
        ordering = ["position", "text"]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """As its reader reads it."""
        return starter.in_words(self.text)


class Partner(TenantOwned):
    """An organisation that sells with the vendor. Its own people may read its row."""

    class Kind(models.TextChoices):
        RESELLER = "reseller", _("Reseller")
        DISTRIBUTOR = "distributor", _("Distributor")
        REFERRAL = "referral", _("Referral partner")

    class Status(models.TextChoices):
        PROSPECT = "prospect", _("Prospect")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        TERMINATED = "terminated", _("Terminated")

    wall = Wall(partner="own", partner_column="id", reference=True)

    name = models.CharField(_("name"), max_length=200)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.RESELLER)
    status = FSMField(_("status"), choices=Status.choices, default=Status.PROSPECT, protected=True)
    domain = models.CharField(
        _("e-mail domain"),
        max_length=253,
        blank=True,
        help_text=_("Tells which organisation somebody belongs to, such as birch.example."),
    )
    website = models.URLField(_("website"), max_length=300, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[COUNTRY])
    city = models.CharField(_("city"), max_length=120, blank=True)
    external_id = models.CharField(
        _("your reference"), max_length=80, blank=True, help_text=_("The partner's number in your CRM or ERP.")
    )
    parent = TenantForeignKey(
        "partners.Partner", null=True, blank=True, related_name="resellers", verbose_name=_("distributor")
    )
    cam = TenantForeignKey(
        "identity.Membership", null=True, blank=True, related_name="+", verbose_name=_("channel manager")
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("partner"), _("partners")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""),
                name="partners_partner_external_id",
                violation_error_message=_("Another partner has this reference."),
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")),
                name="partners_partner_is_not_its_own_distributor",
                violation_error_message=_("A partner can't be its own distributor."),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "name"]),
            models.Index(fields=["tenant", "domain"]),
            models.Index(fields=["tenant", "cam"]),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(field=status, source=[Status.PROSPECT, Status.SUSPENDED], target=Status.ACTIVE)
    def activate(self) -> None:
        """It may register deals and sign in."""

    @transition(field=status, source=Status.ACTIVE, target=Status.SUSPENDED)
    def suspend(self) -> None:
        """Its people still read; rules refuse what they submit."""

    @transition(field=status, source=[Status.PROSPECT, Status.ACTIVE, Status.SUSPENDED], target=Status.TERMINATED)
    def terminate(self) -> None:
        """The relationship has ended; its history stays."""


class Watch(TenantOwned):
    """The vendor keeps an eye on a partner. A table of its own: the partner must never read why."""

    wall = Wall(reference=True)

    partner = TenantForeignKey(Partner, models.CASCADE, related_name="watches", verbose_name=_("partner"))
    reason = models.CharField(_("reason"), max_length=300)
    by = models.CharField(_("by"), max_length=200)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name, verbose_name_plural = _("watch"), _("watches")
        constraints = [models.UniqueConstraint(fields=["tenant", "partner"], name="partners_one_watch_each")]

    def __str__(self) -> str:
        return self.reason


class Enrolment(PartnerOwned):
    """A partner in a program, with the tier that it holds there and the territories that it may sell in."""

    wall = Wall(partner="own", reference=True)

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ENDED = "ended", _("Ended")

    program = TenantForeignKey(Program, related_name="enrolments", verbose_name=_("program"))
    tier = TenantForeignKey(Tier, related_name="enrolments", verbose_name=_("tier"))
    status = FSMField(_("status"), choices=Status.choices, default=Status.ACTIVE, protected=True)
    enrolled_on = models.DateField(_("enrolled on"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("enrolment"), _("enrolments")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "program"], name="partners_one_enrolment_each")
        ]
        indexes = [models.Index(fields=["tenant", "program", "tier"])]

    def __str__(self) -> str:
        return f"{self.partner} · {self.tier}"

    @transition(field=status, source=Status.ACTIVE, target=Status.ENDED)
    def end(self) -> None:
        """No longer in the program."""

    @transition(field=status, source=Status.ENDED, target=Status.ACTIVE)
    def resume(self) -> None:
        """Back in the program."""


class EnrolmentTerritory(TenantOwned):
    """A territory that an enrolment covers."""

    wall = Wall(partner="child:enrolment", reference=True)

    enrolment = TenantForeignKey(Enrolment, models.CASCADE, related_name="territories")
    territory = TenantForeignKey(Territory, related_name="+", verbose_name=_("territory"))

    class Meta:
        verbose_name, verbose_name_plural = _("territory of an enrolment"), _("territories of enrolments")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "enrolment", "territory"], name="partners_one_territory_each")
        ]

    def __str__(self) -> str:
        return str(self.territory)


class PartnerCertification(PartnerOwned):
    """What a partner is certified for, until when. Empty `expires_on`: for good."""

    wall = Wall(partner="own", reference=True)

    code = models.SlugField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=160)
    achieved_on = models.DateField(_("achieved on"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("certification"), _("certifications")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "code"], name="partners_one_certificate_each")
        ]

    def __str__(self) -> str:
        return self.name


class ImportBatch(TenantOwned):
    """A file that was brought in: what it held, how its columns were read, what came of each row."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    wall = Wall(partner="own", relay_reads=("id", "tenant_id", "state"))

    partner = TenantForeignKey(Partner, null=True, blank=True, related_name="+")  # whose own file it is
    kind = models.CharField(_("kind"), max_length=40)
    file_name = models.CharField(_("file"), max_length=200)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    header = models.JSONField(default=list)
    rows = models.JSONField(default=list)  # [[line, [cell, …]], …]
    mapping = models.JSONField(default=dict)  # {importer's column: position in the header}
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # {"created": 3, "updated": 1, "unchanged": 2, "failed": 1}
    errors = models.JSONField(default=list)  # [[line, column label, reason], …]
    actor = models.JSONField(default=dict)
    created_by = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("import"), _("imports")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["tenant", "-created_at"]),
            models.Index(
                fields=["state"], condition=models.Q(state__in=["checking", "running"]), name="partners_import_at_work"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def at_work(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.RUNNING)

    @property
    def failed(self) -> int:
        return int(self.counts.get("failed", 0))
