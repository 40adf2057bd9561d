"""The identity plane: people, their memberships, tokens and host names.

A person belongs to no tenant. A membership is how one organisation knows a person: it is a tenant's
row, which the identity plane (prm_web, outside any tenant) may read and make as well.
"""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.models import Tenant, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, email: str | None) -> "Person":
        return self.get(email=(email or "").lower())


class Person(AbstractBaseUser):
    """Somebody who signs in. Roles live in memberships; there are no superusers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    is_staff = False
    is_superuser = False

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Membership(TenantOwned):
    """A person in an organisation: the vendor itself (no partner) or one of its partners."""

    wall = Wall(partner="own", web="SELECT, INSERT, UPDATE", operator="SELECT, INSERT", reference=True)

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="memberships", null=True, blank=True, db_constraint=False
    )
    partner = TenantForeignKey("partners.Partner", null=True, blank=True, related_name="people")
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"))
    roles = ArrayField(models.CharField(max_length=20), verbose_name=_("roles"))
    title = models.CharField(_("job title"), max_length=120, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    approval_limit = models.DecimalField(
        _("approval limit"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("The highest amount this person may approve, in the vendor's currency; empty for none."),
    )
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    delegate = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+")
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "partner"],
                nulls_distinct=False,
                condition=models.Q(ended_at=None, person__isnull=False),
                name="identity_one_membership_each",
            )
        ]
        indexes = [models.Index(fields=["person"]), models.Index(fields=["tenant", "partner"])]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def audience(self) -> str:
        return "partner" if self.partner_id else "vendor"


class Invitation(TenantOwned):
    """A single-use, expiring way in. Only the hash of its secret is kept.

    A tenant's row, so that its admins read and revoke it within their wall, and policies keep a partner
    admin to their own partner. The identity plane reads and closes it as well, since whoever accepts is
    in no tenant yet; the secret is all that finds it there. Its times are the machine's, not business
    time: a sandbox that lives a year in minutes must not let invitations lapse.
    """

    wall = Wall(partner="own", web="SELECT, UPDATE")

    partner = TenantForeignKey("partners.Partner", null=True, blank=True, related_name="+")
    organisation = models.CharField(max_length=200)
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    roles = ArrayField(models.CharField(max_length=20), verbose_name=_("roles"))
    invited_by = TenantForeignKey(Membership, null=True, related_name="+")
    invited_by_name = models.CharField(max_length=200)
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "secret_hash"], name="identity_invitation_secret"),
            models.UniqueConstraint(
                fields=["tenant", "email", "partner"],
                nulls_distinct=False,
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="identity_one_open_invitation",
            ),
        ]
        indexes = [models.Index(fields=["secret_hash"])]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None


class ApiToken(TenantOwned):
    """A key for programs, scoped to one tenant, its roles and, for a partner's, that partner.

    A tenant's row for the same reasons as Invitation. It ends with the membership that made it.
    """

    wall = Wall(partner="own", web="SELECT, UPDATE")

    partner = TenantForeignKey("partners.Partner", null=True, blank=True, related_name="+")
    membership = TenantForeignKey(Membership, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    roles = ArrayField(models.CharField(max_length=20), verbose_name=_("roles"))
    secret_hash = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "secret_hash"], name="identity_token_secret")]
        indexes = [models.Index(fields=["secret_hash"])]

    def __str__(self) -> str:
        return self.name


class Operator(models.Model):
    """A person who runs the platform, outside every vendor. The web's login reads this, and can make nobody one."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="operates")
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.person)


class HostName(models.Model):
    """A host that shows one vendor's portal."""

    host = models.CharField(max_length=253, primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="hosts")


class SecurityEvent(models.Model):
    """Sign-ins, failures, factor changes: what a person's security page and an operator read."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="security_events")
    kind = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["person", "-recorded_at"])]


class Letter(models.Model):
    """A mail about somebody's own account that waits to be handed over (letters.py). Its text rests encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address = models.EmailField()
    message_id = models.CharField(max_length=120)
    text = models.TextField()
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["not_before"])]
