import datetime
import django.contrib.postgres.functions
import django.db.models.functions.datetime
import prm.kernel.tenancy.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('tenancy', '0001_initial'),
        ('tenancy', '0002_tenant_reference_stamp'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Tenant',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended')], default='active', max_length=12)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('language', models.CharField(default='en', max_length=8)),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('is_sandbox', models.BooleanField(default=False)),
                ('clock_offset', models.DurationField(default=datetime.timedelta(0))),
                ('brand_color', models.CharField(default='#2f5bea', max_length=7)),
                ('logo', models.TextField(blank=True, default='', help_text='SVG or PNG as a data: address, cleaned')),
                ('mfa_required', models.BooleanField(default=False, help_text='Vendor staff must use two factors.')),
                ('reference_stamp', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('is_sandbox', True), ('clock_offset', datetime.timedelta(0)), _connector='OR'), name='tenancy_tenant_offset_only_in_sandboxes')],
            },
        ),
    ]
