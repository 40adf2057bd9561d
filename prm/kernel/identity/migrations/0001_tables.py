import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('identity', '0001_initial'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HostName',
            fields=[
                ('host', models.CharField(max_length=253, primary_key=True, serialize=False)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hosts', to='tenancy.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('address', models.EmailField(max_length=254)),
                ('message_id', models.CharField(max_length=120)),
                ('text', models.TextField()),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['not_before'], name='identity_le_not_bef_1522de_idx')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None, verbose_name='roles')),
                ('title', models.CharField(blank=True, max_length=120, verbose_name='job title')),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('language', models.CharField(blank=True, max_length=8, verbose_name='language')),
                ('approval_limit', models.DecimalField(blank=True, decimal_places=2, help_text="The highest amount this person may approve, in the vendor's currency; empty for none.", max_digits=16, null=True, verbose_name='approval limit')),
                ('away_from', models.DateField(blank=True, null=True, verbose_name='away from')),
                ('away_until', models.DateField(blank=True, null=True, verbose_name='away until')),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('delegate', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.membership')),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['person'], name='identity_me_person__75d21c_idx')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='SecurityEvent',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('detail', models.JSONField(default=dict)),
                ('address', models.GenericIPAddressField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='security_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['person', '-recorded_at'], name='identity_se_person__2c445a_idx')],
            },
        ),
    ]
