"""The vendor's end customers, and the keys under which they and open deals are found. Vendor only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dealreg.models.finding import BOOKS, SHORTLIST
from prm.kernel.tenancy.models import OwningTenant, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class Customer(TenantOwned):
    """An end customer as the vendor knows it. `normal` is what the matcher reads."""

    class Source(models.TextChoices):
        IMPORT = "import", _("Imported")
        DEAL = "deal", _("From a deal")

    name = models.CharField(_("name"), max_length=300)
    domain = models.CharField(_("web domain"), max_length=255, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    city = models.CharField(_("city"), max_length=160, blank=True)
    external_id = models.CharField(_("id in the CRM"), max_length=80, blank=True)
    parent = TenantForeignKey("self", null=True, blank=True, related_name="children", verbose_name=_("parent"))
    is_house = models.BooleanField(
        _("house account"), default=False, help_text=_("Direct sales look after it: deals go to people.")
    )
    is_blocked = models.BooleanField(
        _("blackout"),
        default=False,
        help_text=_("No partner may register it: its deals are declined, without saying why."),
    )
    source = models.CharField(_("source"), max_length=8, choices=Source.choices, default=Source.IMPORT)
    normal = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("customer"), _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""),
                name="dealreg_customer_external_id",
            )
        ]
        indexes = [models.Index(fields=["tenant", "name"], name="dealreg_customer_name")]

    def __str__(self) -> str:
        return self.name


class CustomerAlias(TenantOwned):
    """Another name of a customer: a former one, a CRM's, or a spelling that a person said is the same."""

    customer = TenantForeignKey(Customer, models.CASCADE, related_name="aliases")
    name = models.CharField(_("name"), max_length=300)
    domain = models.CharField(_("web domain"), max_length=255, blank=True)
    learned_from_id = models.UUIDField(null=True, help_text=_("The deal whose review taught it"))
    verdict = TenantForeignKey("dealreg.Verdict", models.CASCADE, null=True, related_name="aliases")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("alias"), _("aliases")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer", "name", "domain"], name="dealreg_alias_once")
        ]

    def __str__(self) -> str:
        return self.name


class NotSame(TenantOwned):
    """A person said that this spelling is not this customer; the same question is never asked again."""

    customer = TenantForeignKey(Customer, models.CASCADE, related_name="not_same")
    spelling = models.CharField(max_length=64, help_text=_("Hash of the normal form that was judged"))
    said_by = models.CharField(max_length=200)
    deal_id = models.UUIDField(null=True)
    verdict = TenantForeignKey("dealreg.Verdict", models.CASCADE, null=True, related_name="not_same")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer", "spelling"], name="dealreg_not_same_once")]
        indexes = [models.Index(fields=["tenant", "spelling"], name="dealreg_not_same_spelling")]


class CustomerWords(TenantOwned):
    """In how many of the vendor's customers each word of their names stands: what a word weighs here.

    Beside it the keys under which so many records lie that no check follows them.
    """

    wall = Wall(reference=True)

    records = models.PositiveIntegerField(help_text=_("Customers that were counted"))
    counts = models.JSONField(default=dict, help_text=_("{word: customers}, the common ones only"))
    crowded = ArrayField(models.BigIntegerField(), default=list)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="dealreg_words_one_each")]


class MatchKey(TenantOwned):
    """One key of one record. Read by equality only, so that row-level security keeps the index."""

    wall = Wall(functions=SHORTLIST + BOOKS)

    class Kind(models.IntegerChoices):
        CUSTOMER = 1, "customer"
        DEAL = 2, "deal"

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    tenant = OwningTenant(db_constraint=False)  # written by the hundred thousand
    key = models.BigIntegerField()
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    record_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key", "kind", "record_id"], name="dealreg_key_once")]
        indexes = [models.Index(fields=["tenant", "record_id"], name="dealreg_key_record")]
