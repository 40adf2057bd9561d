import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import prm.kernel.tenancy.context
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("identity", "0001_initial"),
        ("partners", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("list_key", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("owner", prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="identity.membership")),
                ("partner", prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partners.partner")),
                ("tenant", models.ForeignKey(db_index=False, default=prm.kernel.tenancy.context.tenant_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.tenant")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "owner", "list_key", "name"), name="ui_saved_view_name_once")],
            },
        ),
    ]
