import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('events', '0001_initial'),
        ('events', '0002_delivery_order'),
        ('events', '0003_intakes'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventRow',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(editable=False)),
                ('name', models.CharField(max_length=80)),
                ('subject_id', models.UUIDField()),
                ('partner_id', models.UUIDField(null=True)),
                ('payload', models.JSONField()),
                ('cause', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'subject_id', 'position'], name='events_even_tenant__3722c5_idx'), models.Index(fields=['tenant', 'name', 'at'], name='events_even_tenant__72e0d3_idx')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('handler', models.CharField(max_length=80)),
                ('subject_id', models.UUIDField()),
                ('position', models.BigIntegerField()),
                ('state', models.CharField(choices=[('pending', 'pending'), ('done', 'done'), ('parked', 'parked'), ('skipped', 'skipped')], default='pending', max_length=8)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('event', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='events.eventrow')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['tenant', 'position'], name='events_delivery_due'), models.Index(condition=models.Q(('state__in', ['pending', 'parked'])), fields=['tenant', 'handler', 'subject_id', 'position'], name='events_delivery_order')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'event', 'handler'), name='events_one_receipt_each')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scope', models.CharField(max_length=100)),
                ('key', models.CharField(max_length=200)),
                ('request_hash', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'created_at'], name='events_idempotency_age')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'scope', 'key'), name='events_idempotency_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
