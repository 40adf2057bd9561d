"""The tenant, and the base of every table that a tenant owns."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMFieldMixin, FSMModelMixin

from prm.kernel.tenancy import context
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.remembering import TenantQuerySet
from prm.kernel.tenancy.wall import Wall


class Tenant(models.Model):
    """A vendor that runs its channel program here."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=8, default="en")
    currency = models.CharField(max_length=3, default="EUR")
    is_sandbox = models.BooleanField(default=False)
    clock_offset = models.DurationField(default=timedelta(0))
    brand_color = models.CharField(max_length=7, default="#2f5bea")
    logo = models.TextField(blank=True, default="", help_text=_("SVG or PNG as a data: address, cleaned"))
    mfa_required = models.BooleanField(default=False, help_text=_("Vendor staff must use two factors."))
    reference_stamp = models.UUIDField(
        db_default=RandomUUID(), editable=False
    )  # new with every change of reference data
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenancy_tenant_offset_only_in_sandboxes",
                condition=models.Q(is_sandbox=True) | models.Q(clock_offset=timedelta(0)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class OwningTenant(models.ForeignKey):  # type: ignore[type-arg]
    """The tenant of a row, filled in from the context. Migrations know no context, so no default either."""

    def __init__(self, to: Any = Tenant, on_delete: Any = models.PROTECT, **options: Any) -> None:
        options |= {"default": context.tenant_id, "editable": False, "related_name": "+", "db_index": False}
        super().__init__(to, on_delete, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for given in ("default", "editable", "related_name", "db_index"):
            options.pop(given, None)
        return name, path, args, options

    def get_default(self) -> Any:
        return context.tenant_id() if context.is_acting() else None


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference that can't leave the tenant: the wall makes it a composite key with tenant_id."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **options: Any) -> None:
        options["db_constraint"] = False
        super().__init__(to, on_delete, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("db_constraint", None)
        return name, path, args, options


class TenantOwned(FSMModelMixin, models.Model):
    """A row of one tenant. Its `wall` says what a partner may see and do (nothing, by default)."""

    wall = Wall()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = OwningTenant()

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        """States are moved by transitions and checked by the wall; a form may not even set them again."""
        states = {f.name for f in self._meta.concrete_fields if isinstance(f, FSMFieldMixin)}
        super().clean_fields(exclude={*(exclude or ()), *states})


class PartnerOwned(TenantOwned):
    """A row of one partner of one tenant; that partner's people may read it."""

    wall = Wall(partner="own")

    partner = TenantForeignKey("partners.Partner", related_name="+")

    class Meta(TenantOwned.Meta):
        abstract = True
