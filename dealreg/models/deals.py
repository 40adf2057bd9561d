"""A deal as its partner typed it, with all that its partner may see. Findings live in protection.py."""

from datetime import date, datetime
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from prm.kernel import wording
from prm.kernel.tenancy.models import PartnerOwned, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class DealStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    ACTION_REQUIRED = "action_required", _("Your answer needed")
    APPROVED = "approved", _("Protected")
    REJECTED = "rejected", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    EXPIRED = "expired", _("Expired")


WAITING = (DealStatus.SUBMITTED, DealStatus.IN_REVIEW)
OPEN = (*WAITING, DealStatus.ACTION_REQUIRED)
REGISTERED = "registered"  # how an approved deal is called whose type grants no protection
LIVE = (*OPEN, DealStatus.APPROVED, DealStatus.WON)  # the deals that a new one can collide with


class PipelineStage(models.TextChoices):
    DISCOVERY = "discovery", _("Discovery")
    QUALIFIED = "qualified", _("Qualified")
    PROPOSAL = "proposal", _("Proposal")
    NEGOTIATION = "negotiation", _("Negotiation")
    COMMITTED = "committed", _("Committed")


class Way(models.TextChoices):
    """How a registration has come in."""

    PORTAL = "portal", _("Portal")
    LINK = "link", _("Link")
    EMAIL = "email", _("E-mail")
    FILE = "file", _("File")
    API = "api", _("API")


class PaymentState(models.TextChoices):
    NONE = "none", _("Nothing due")
    ACCRUED = "accrued", _("Accrued")
    PAYABLE = "payable", _("Payable")
    PAID = "paid", _("Paid")


class Deal(PartnerOwned):
    """A registration. Its status, its pipeline stage and its payment are three separate things."""

    wall = Wall(partner="own", partner_may="SELECT")

    number = models.CharField(_("number"), max_length=20)
    program = TenantForeignKey("reference.Program", verbose_name=_("program"), related_name="+")
    deal_type = TenantForeignKey(
        "reference.DealType", null=True, blank=True, related_name="+", verbose_name=_("deal type")
    )
    reseller = TenantForeignKey(
        "partners.Partner", null=True, blank=True, related_name="+", verbose_name=_("registered for")
    )
    name = models.CharField(_("deal name"), max_length=200, blank=True)
    customer_name = models.CharField(_("customer"), max_length=300, blank=True)
    customer_domain = models.CharField(_("customer's website"), max_length=255, blank=True)
    customer_country = models.CharField(_("country"), max_length=2, blank=True)
    customer_city = models.CharField(_("city"), max_length=160, blank=True)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    contact_email = models.CharField(_("contact's e-mail"), max_length=254, blank=True)
    normal = models.JSONField(default=dict, editable=False)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    amount_vendor = models.DecimalField(
        _("amount in the vendor's currency"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    expected_close_on = models.DateField(_("expected close"), null=True, blank=True)
    vertical = TenantForeignKey(
        "reference.Vertical", null=True, blank=True, related_name="+", verbose_name=_("industry")
    )
    territory = TenantForeignKey(
        "reference.Territory", null=True, blank=True, related_name="+", verbose_name=_("territory")
    )
    notes = models.TextField(_("notes"), blank=True)
    typed = models.JSONField(default=dict, editable=False, help_text=_("A draft's fields as typed"))

    status = FSMField(_("status"), choices=DealStatus.choices, default=DealStatus.DRAFT, protected=True)
    pipeline_stage = models.CharField(
        _("stage"), max_length=16, choices=PipelineStage.choices, default=PipelineStage.DISCOVERY
    )
    payment_state = models.CharField(
        _("payment"), max_length=8, choices=PaymentState.choices, default=PaymentState.NONE
    )

    submission = models.PositiveSmallIntegerField(default=0, editable=False)
    submitted_by = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    answer_due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_person = models.BooleanField(default=False)
    reason_for_partner = models.TextField(_("reason"), blank=True)
    answer_reasons = models.JSONField(default=list, help_text=_("[{key, text}] as told to the partner"))
    returned_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    owner_cam = TenantForeignKey(
        "identity.Membership", null=True, blank=True, related_name="+", verbose_name=_("channel manager")
    )
    protected_until = models.DateField(_("protected until"), null=True, blank=True)
    late_days = models.PositiveSmallIntegerField(
        _("days longer, as we were late"), default=0, db_default=0, editable=False
    )
    grants_protection = models.BooleanField(
        default=True, editable=False, help_text=_("False: its type is registered without protection")
    )
    extended_on = models.DateField(_("extended"), null=True, blank=True)
    actual_amount = models.DecimalField(_("actual amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    close_reason = models.CharField(_("why it was lost"), max_length=300, blank=True)
    closed_because = TenantForeignKey(
        "dealreg.CloseReason", null=True, blank=True, related_name="+", verbose_name=_("reason")
    )
    share_percent = models.DecimalField(
        _("own share (%)"), max_digits=5, decimal_places=2, null=True, blank=True, editable=False
    )
    shared_with = models.CharField(_("shared with"), max_length=200, blank=True, editable=False)
    import_key = models.CharField(max_length=64, blank=True, editable=False)
    way = models.CharField(_("came in by"), max_length=8, choices=Way.choices, default=Way.PORTAL, editable=False)
    created_at = models.DateTimeField(_("created"))
    changed_at = models.DateTimeField(_("changed"))
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("deal"), _("deals")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="dealreg_deal_number"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "import_key"],
                condition=~models.Q(import_key=""),
                name="dealreg_deal_imported_once",
            ),
            models.CheckConstraint(
                name="dealreg_deal_amount_not_negative", condition=models.Q(amount=None) | models.Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="dealreg_deal_submitted_is_whole",
                condition=models.Q(status__in=["draft", "withdrawn"])
                | models.Q(
                    submitted_at__isnull=False,
                    amount__isnull=False,
                    amount_vendor__isnull=False,
                    expected_close_on__isnull=False,
                    submission__gte=1,
                )
                & ~models.Q(customer_name=""),
            ),
            models.CheckConstraint(
                name="dealreg_deal_approved_is_protected",
                condition=~models.Q(status="approved")
                | models.Q(protected_until__isnull=False)
                | models.Q(grants_protection=False),
            ),
            models.CheckConstraint(
                name="dealreg_deal_returned_names_fields",
                condition=~models.Q(status="action_required") | models.Q(returned_fields__len__gt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-submitted_at"], name="dealreg_deal_status"),
            models.Index(fields=["tenant", "partner", "-submitted_at"], name="dealreg_deal_partner"),
            models.Index(fields=["tenant", "-submitted_at"], name="dealreg_deal_recent"),
            models.Index(
                fields=["tenant", "protected_until"], condition=models.Q(status="approved"), name="dealreg_deal_expiry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name or self.customer_name}".strip()

    @property
    def is_waiting(self) -> bool:
        return self.status in WAITING

    @property
    def shown_status(self) -> str:
        """The status as people read it: approved without protection is "registered"."""
        bare = self.status == DealStatus.APPROVED and not self.grants_protection
        return REGISTERED if bare else str(self.status)

    @property
    def answer(self) -> str:
        """Why, for its partner: what rules said in the reader's language, what a person wrote as it was written."""
        said = " ".join(str(reason.get("text") or "") for reason in self.answer_reasons)
        if not self.answer_reasons or self.reason_for_partner != said:
            return str(self.reason_for_partner)
        return wording.joined(wording.told(reason) for reason in self.answer_reasons)

    @transition(field=status, source=DealStatus.DRAFT, target=DealStatus.SUBMITTED)
    def submit(self, *, at: datetime, due: datetime) -> None:
        self._hand_in(at, due)

    @transition(field=status, source=DealStatus.ACTION_REQUIRED, target=DealStatus.SUBMITTED)
    def resubmit(self, *, at: datetime, due: datetime) -> None:
        self._hand_in(at, due)
        self.returned_fields = []

    @transition(field=status, source=DealStatus.SUBMITTED, target=DealStatus.IN_REVIEW)
    def start_review(self) -> None:
        """A person will decide."""

    @transition(field=status, source=WAITING, target=DealStatus.ACTION_REQUIRED)
    def send_back(self, *, fields: list[str], reason: str) -> None:
        self.returned_fields, self.reason_for_partner = fields, reason

    @transition(field=status, source=WAITING, target=DealStatus.APPROVED)
    def approve(self, *, at: datetime, protected_until: date | None, late_days: int = 0) -> None:
        """Without a day it is registered and protects nothing, as its type says. `late_days` are in that day."""
        self.decided_at, self.protected_until, self.late_days = at, protected_until, late_days
        self.grants_protection = protected_until is not None
        self.reason_for_partner, self.answer_reasons = "", []

    @transition(field=status, source=OPEN, target=DealStatus.REJECTED)
    def reject(self, *, at: datetime, reason: str, reasons: list[dict[str, str]]) -> None:
        self.decided_at, self.reason_for_partner, self.answer_reasons = at, reason, reasons

    @transition(field=status, source=(DealStatus.DRAFT, *OPEN, DealStatus.APPROVED), target=DealStatus.WITHDRAWN)
    def withdraw(self, *, reason: str) -> None:
        self.close_reason = reason

    @transition(field=status, source=DealStatus.APPROVED, target=DealStatus.WON)
    def win(self, *, on: date, amount: Decimal) -> None:
        self.closed_on, self.actual_amount = on, amount

    @transition(field=status, source=DealStatus.APPROVED, target=DealStatus.LOST)
    def lose(self, *, on: date, reason: str) -> None:
        self.closed_on, self.close_reason = on, reason

    @transition(field=status, source=DealStatus.APPROVED, target=DealStatus.EXPIRED)
    def expire(self) -> None:
        """Its protection has lapsed."""

    @transition(field=status, source=(DealStatus.REJECTED, DealStatus.EXPIRED), target=DealStatus.IN_REVIEW)
    def reopen(self, *, due: datetime | None) -> None:
        """A dispute has turned the answer: it is decided anew, and late only after `due`."""
        self.answer_due_at = due

    def _hand_in(self, at: datetime, due: datetime) -> None:
        self.submission += 1
        self.submitted_at, self.answer_due_at, self.decided_at = at, due, None
        self.typed, self.reason_for_partner, self.answer_reasons = {}, "", []


class DealLine(TenantOwned):
    """A product line of a deal: protection is granted line by line."""

    wall = Wall(partner="child:deal")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="lines")
    product_line = TenantForeignKey("reference.ProductLine", related_name="+")
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    actual_amount = models.DecimalField(_("actual amount"), max_digits=16, decimal_places=2, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "deal", "product_line"], name="dealreg_line_once")]


class DealItem(TenantOwned):
    """A product of a deal: how many, at which list price, with which discount asked for."""

    wall = Wall(partner="child:deal")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="items")
    product = TenantForeignKey("reference.Product", related_name="+", verbose_name=_("product"))
    price_book = TenantForeignKey("reference.PriceBook", null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    list_price = models.DecimalField(_("list price"), max_digits=16, decimal_places=2)
    discount = models.DecimalField(_("discount asked for (%)"), max_digits=5, decimal_places=2, default=Decimal(0))
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "product"], name="dealreg_item_once"),
            models.CheckConstraint(
                name="dealreg_item_discount_is_a_percentage", condition=models.Q(discount__range=(0, 100))
            ),
            models.CheckConstraint(name="dealreg_item_quantity", condition=models.Q(quantity__gte=1)),
            models.CheckConstraint(
                name="dealreg_item_not_negative", condition=models.Q(list_price__gte=0, amount__gte=0)
            ),
        ]
        ordering = ["id"]


class ResellerDeal(PartnerOwned):
    """What a reseller reads of a deal that its distributor registered for it: read-only, and no more than this."""

    wall = Wall(partner="own", partner_may="SELECT")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    distributor_name = models.CharField(_("distributor"), max_length=200)
    customer_name = models.CharField(_("customer"), max_length=300)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    status = models.CharField(_("status"), max_length=16)
    protected_until = models.DateField(_("protected until"), null=True)
    expected_close_on = models.DateField(_("expected close"), null=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name, verbose_name_plural = _("deal through a distributor"), _("deals through distributors")
        constraints = [models.UniqueConstraint(fields=["tenant", "deal"], name="dealreg_reseller_sees_once")]
        indexes = [models.Index(fields=["tenant", "partner", "-changed_at"], name="dealreg_reseller_recent")]


class Audience(models.TextChoices):
    PARTNER = "partner", _("Partner and us")
    VENDOR = "vendor", _("Only us")


class DealComment(TenantOwned):
    """Something said about a deal, to the partner too or among the vendor's people."""

    wall = Wall(partner="child:deal", partner_where="audience = 'partner'")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="comments")
    audience = models.CharField(max_length=8, choices=Audience.choices)
    author = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200)
    by_partner = models.BooleanField(default=False)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "deal", "at"], name="dealreg_comment_deal")]
        ordering = ["at"]


class DealFile(TenantOwned):
    """A file on a deal, kept under a random name; its kind is what its first bytes say."""

    wall = Wall(partner="child:deal", partner_where="audience = 'partner'")

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="files")
    dispute = TenantForeignKey("dealreg.Dispute", null=True, blank=True, related_name="files")
    audience = models.CharField(max_length=8, choices=Audience.choices)
    author = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200)
    by_partner = models.BooleanField(default=False)
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100)
    stored_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "stored_name"], name="dealreg_file_stored")]
        indexes = [models.Index(fields=["tenant", "deal", "at"], name="dealreg_file_deal")]
        ordering = ["at"]


class DealNumber(TenantOwned):
    """The last number given in a year. Numbers may have gaps."""

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "year"], name="dealreg_number_year")]
