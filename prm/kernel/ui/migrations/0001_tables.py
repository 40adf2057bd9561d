import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('ui', '0001_initial'),
        ('ui', '0002_export'),
    ]

    dependencies = [
        ('identity', '0001_tables'),
        ('partners', '0001_tables'),
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('address', models.CharField(max_length=2000)),
                ('title', models.CharField(max_length=200)),
                ('format', models.CharField(choices=[('csv', 'CSV'), ('xlsx', 'Excel (XLSX)')], max_length=4)),
                ('language', models.CharField(max_length=8)),
                ('expected_rows', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('writing', 'Being written'), ('ready', 'Ready'), ('failed', 'Failed'), ('expired', 'Expired')], default='waiting', max_length=8)),
                ('problem', models.CharField(blank=True, choices=[('not_allowed', 'You may not open that page any more.'), ('too_many', 'It has more rows than a file takes. Narrow it first, say by date.'), ('broken', 'It could not be written. Try again; if it fails again, tell whoever runs this.')], max_length=12)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('rows', models.PositiveIntegerField(null=True)),
                ('size', models.BigIntegerField(default=0)),
                ('stored_name', models.CharField(blank=True, max_length=200)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('asked_by', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.membership')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='partners.partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('token', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.apitoken')),
            ],
            options={
                'verbose_name': 'export',
                'verbose_name_plural': 'exports',
                'indexes': [models.Index(fields=['tenant', 'asked_by', '-id'], name='ui_export_mine'), models.Index(condition=models.Q(('state', 'expired'), _negated=True), fields=['state', 'expires_at'], name='ui_export_alive')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('list_key', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, max_length=2000)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('owner', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.membership')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='partners.partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'owner', 'list_key', 'name'), name='ui_saved_view_name_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
