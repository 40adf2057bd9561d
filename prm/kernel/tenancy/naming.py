"""Which vendor a command is for."""

from django.core.management.base import CommandError
from django.db import DatabaseError

from prm.kernel.tenancy.models import Tenant


def vendor_named(slug: str | None) -> Tenant:
    """The vendor of that slug; without one, the only vendor there is. Raises CommandError."""
    vendors = Tenant.objects.order_by("slug")
    found = list(vendors.filter(slug=slug) if slug else vendors[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(vendors.values_list("slug", flat=True)) or "none yet"
    raise CommandError(f"Say which vendor with --tenant: {known}.")


def only_vendor() -> Tenant | None:
    """The vendor, where there is exactly one; None also where there is no database to ask."""
    try:
        found = list(Tenant.objects.order_by("slug")[:2])
    except DatabaseError:
        return None
    return found[0] if len(found) == 1 else None
