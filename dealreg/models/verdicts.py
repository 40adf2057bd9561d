"""What people said when they compared a deal with a record that resembles it. Vendor only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from dealreg.models.customers import Customer
from dealreg.models.deals import Deal
from prm.kernel.tenancy.models import TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class Saying(models.TextChoices):
    SAME_CUSTOMER = "same_customer", _("Same customer")
    OTHER_OPPORTUNITY = "other_opportunity", _("Other opportunity")
    NOT_SAME = "not_same", _("Not the same")
    RELATED = "related", _("Parent or subsidiary")
    DUPLICATE = "duplicate", _("Duplicate")


SAME = frozenset({Saying.SAME_CUSTOMER, Saying.OTHER_OPPORTUNITY, Saying.DUPLICATE})


class Verdict(TenantOwned):
    """One answer to "are these two the same?", meant at once, in force ten seconds later, and remembered.

    The candidate is a customer or another deal. `spelling` is the hash of the deal's normal form that was judged,
    `other_spelling` that of the other deal: what was said holds for every deal that is spelt so.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Just said")
        IN_FORCE = "in_force", _("In force")
        UNDONE = "undone", _("Undone at once")
        TAKEN_BACK = "taken_back", _("Taken back")

    wall = Wall(initial=("pending", "in_force"))

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="verdicts")
    customer = TenantForeignKey(Customer, models.CASCADE, null=True, related_name="verdicts")
    other_deal = TenantForeignKey(Deal, models.CASCADE, null=True, related_name="+")
    saying = models.CharField(_("verdict"), max_length=20, choices=Saying.choices)
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=True)
    spelling = models.CharField(max_length=64)
    other_spelling = models.CharField(max_length=64, blank=True)
    name = models.CharField(_("as the deal says"), max_length=300)
    other_name = models.CharField(_("compared with"), max_length=300)
    probability = models.DecimalField(max_digits=6, decimal_places=5)  # what the matcher had said
    rule = models.CharField(max_length=60)
    holders = ArrayField(models.UUIDField(), default=list)  # the deals that protected the customer then
    said_by = models.CharField(_("said by"), max_length=200)
    actor = models.JSONField(default=dict)  # in whose name it takes effect
    at = models.DateTimeField(_("said"))
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    ended_because = models.TextField(blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("verdict"), _("verdicts")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal", "customer", "other_deal"],
                condition=models.Q(status__in=["pending", "in_force"]),
                nulls_distinct=False,
                name="dealreg_one_verdict_on_each",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "spelling"], name="dealreg_verdict_spelling"),
            models.Index(
                fields=["tenant", "other_spelling"],
                condition=~models.Q(other_spelling=""),
                name="dealreg_verdict_other",
            ),
            models.Index(fields=["tenant", "other_deal"], name="dealreg_verdict_other_deal"),
            models.Index(fields=["tenant", "at"], name="dealreg_verdict_at"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_saying_display()} ({self.other_name})"

    @property
    def says_same(self) -> bool:
        return self.saying in SAME

    @transition(field=status, source=Status.PENDING, target=Status.IN_FORCE)
    def take_effect(self) -> None:
        """The ten seconds are over."""

    @transition(field=status, source=Status.PENDING, target=Status.UNDONE)
    def undo(self) -> None:
        """As if it had never been said."""

    @transition(field=status, source=Status.IN_FORCE, target=Status.TAKEN_BACK)
    def take_back(self) -> None:
        """It was wrong, or is so no more; what it taught is forgotten."""
