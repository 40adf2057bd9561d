"""What can happen to a deal beside its own course: another partner gets it, two share it, one contests an answer."""

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from dealreg.models.deals import Deal
from prm.kernel.tenancy.models import PartnerOwned, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class FormerDeal(PartnerOwned):
    """What a partner keeps of a deal that is no longer its own: what it had registered, and nothing since.

    Whose it is now stands nowhere here; the deal itself is out of its sight (docs/deal-moves.md).
    """

    wall = Wall(partner="own", append_only=True)

    deal = TenantForeignKey(Deal, related_name="former")
    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("deal name"), max_length=200, blank=True)
    customer_name = models.CharField(_("customer"), max_length=300)
    customer_country = models.CharField(_("country"), max_length=2, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    registered_by = models.CharField(_("registered by"), max_length=200, blank=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    protected_until = models.DateField(_("protected until"), null=True)
    reason = models.TextField(_("reason"))
    moved_at = models.DateTimeField(_("ended"))

    class Meta:
        verbose_name, verbose_name_plural = _("former deal"), _("former deals")
        indexes = [models.Index(fields=["tenant", "partner", "-moved_at"], name="dealreg_former_partner")]

    def __str__(self) -> str:
        return f"{self.number} {self.customer_name}"


HALF = Decimal(50)


class DealSplit(TenantOwned):
    """Two partners share one sale: each has a deal of its own, and a share. Vendor only.

    The lead deal holds the protection; what is sold is told of it, and both close with it.
    """

    lead = TenantForeignKey(Deal, related_name="split_as_lead")
    other = TenantForeignKey(Deal, related_name="split_as_other")
    lead_percent = models.DecimalField(_("share of the lead"), max_digits=5, decimal_places=2, default=HALF)
    other_percent = models.DecimalField(_("share of the other"), max_digits=5, decimal_places=2, default=HALF)
    names_told = models.BooleanField(_("each knows the other's name"), default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "lead"], name="dealreg_split_lead_once"),
            models.UniqueConstraint(fields=["tenant", "other"], name="dealreg_split_other_once"),
            models.CheckConstraint(
                name="dealreg_split_is_whole",
                condition=models.Q(lead_percent=Decimal(100) - models.F("other_percent"))
                & models.Q(lead_percent__gt=0, other_percent__gt=0),
            ),
        ]


class Dispute(PartnerOwned):
    """A partner contests an answer to its deal, or the end of its protection, with evidence.

    Everything on this row is for the partner's eyes; who stands against it is in the decision's trace.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        IN_REVIEW = "in_review", _("In review")
        DECIDED = "decided", _("Decided")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class About(models.TextChoices):
        REFUSAL = "refusal", _("The refusal")
        PROTECTION = "protection", _("Another's protection")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("The answer stands")
        OVERTURNED = "overturned", _("Decided anew")
        SHARED = "shared", _("Shared")

    wall = Wall(partner="own")

    deal = TenantForeignKey(Deal, related_name="disputes")
    about = models.CharField(_("about"), max_length=10, choices=About.choices)
    status = FSMField(_("status"), choices=Status.choices, default=Status.OPEN, protected=True)
    statement = models.TextField(_("statement"))
    raised_by = TenantForeignKey("identity.Membership", null=True, related_name="+")
    raised_at = models.DateTimeField(_("raised"))
    answer_due_at = models.DateTimeField(_("answer due"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("dispute"), _("disputes")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal", "partner"],
                condition=models.Q(status__in=["open", "in_review"]),
                name="dealreg_one_open_dispute",
            ),
            models.CheckConstraint(
                name="dealreg_dispute_decided_says_how",
                condition=~models.Q(status="decided")
                | (~models.Q(outcome="") & ~models.Q(reason="") & models.Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "raised_at"], name="dealreg_dispute_oldest")]

    def __str__(self) -> str:
        return f"{self.deal.number} {self.deal.customer_name}"

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.OPEN, self.Status.IN_REVIEW)

    @transition(field=status, source=Status.OPEN, target=Status.IN_REVIEW)
    def review(self) -> None:
        """Somebody has taken it up."""

    @transition(field=status, source=(Status.OPEN, Status.IN_REVIEW), target=Status.DECIDED)
    def decide(self, *, outcome: str, reason: str, at: datetime) -> None:
        self.outcome, self.reason, self.decided_at = outcome, reason, at

    @transition(field=status, source=(Status.OPEN, Status.IN_REVIEW), target=Status.WITHDRAWN)
    def withdraw(self) -> None:
        """Its partner takes it back."""
