"""A reader's own view of a list."""

from django.db import models
from django.db.models.functions import Now

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
