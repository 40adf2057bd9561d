import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('integrations', '0001_initial'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('salesforce', 'Salesforce'), ('webhook', 'Webhook')], max_length=12, verbose_name='kind')),
                ('subject', models.CharField(default='deal', max_length=40, verbose_name='records')),
                ('address', models.CharField(max_length=500, verbose_name='address')),
                ('client_id', models.CharField(blank=True, max_length=300, verbose_name='consumer key')),
                ('remote_object', models.CharField(blank=True, max_length=80, verbose_name='object there')),
                ('external_id_field', models.CharField(blank=True, max_length=80, verbose_name='external id field there')),
                ('status', django_fsm.FSMField(choices=[('active', 'Active'), ('paused', 'Paused'), ('broken', 'Broken')], default='paused', max_length=50, protected=True, verbose_name='status')),
                ('broken_because', models.CharField(blank=True, max_length=20, verbose_name='why it is broken')),
                ('broken_at', models.DateTimeField(blank=True, null=True, verbose_name='broken since')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'connection',
                'verbose_name_plural': 'connections',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='integrations_connection_name')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('open_until', models.DateTimeField(null=True)),
                ('probes', models.BooleanField(default=True)),
                ('trouble', models.CharField(blank=True, max_length=20)),
                ('last_error', models.TextField(blank=True)),
                ('last_success_at', models.DateTimeField(null=True)),
                ('session', models.TextField(blank=True, help_text='encrypted')),
                ('check_wanted', models.BooleanField(default=False)),
                ('checked_at', models.DateTimeField(null=True)),
                ('check_said', models.TextField(blank=True)),
                ('remote_fields', models.JSONField(default=list)),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('connection', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='circuits', to='integrations.connection')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'connection'), name='integrations_circuit_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('cipher', models.TextField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('connection', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='integrations.connection')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'connection', 'number'), name='integrations_credential_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='FieldMapping',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('remote_field', models.CharField(max_length=80, verbose_name='field there')),
                ('fact', models.CharField(blank=True, max_length=80, verbose_name='our field')),
                ('transform', models.CharField(choices=[('same', 'as it is'), ('text', 'as text'), ('label', 'in words'), ('values', 'by a list of values'), ('day', 'as a day'), ('constant', 'a fixed value')], default='same', max_length=10, verbose_name='how')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values')),
                ('constant', models.CharField(blank=True, max_length=255, verbose_name='fixed value')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('connection', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mappings', to='integrations.connection')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'field mapping',
                'verbose_name_plural': 'field mappings',
                'ordering': ['position', 'remote_field'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'connection', 'remote_field'), name='integrations_mapping_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='SyncJob',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField()),
                ('subject_name', models.CharField(blank=True, max_length=300, verbose_name='record')),
                ('position', models.BigIntegerField()),
                ('event', models.CharField(max_length=80, verbose_name='because of')),
                ('cause', models.CharField(max_length=120)),
                ('facts', models.JSONField(default=dict)),
                ('at', models.DateTimeField(verbose_name='happened')),
                ('state', models.CharField(choices=[('waiting', 'On its way'), ('done', 'Written'), ('dead', 'Needs help'), ('overtaken', 'Overtaken'), ('skipped', 'Skipped')], default='waiting', max_length=10, verbose_name='status')),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, max_length=20, verbose_name='kind of trouble')),
                ('error', models.TextField(blank=True, verbose_name='last error')),
                ('answer', models.TextField(blank=True)),
                ('changes', models.JSONField(default=dict)),
                ('connection', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='integrations.connection')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['tenant', 'not_before'], name='integrations_job_due'), models.Index(condition=models.Q(('state__in', ['waiting', 'dead'])), fields=['tenant', 'connection', 'subject_id', 'position'], name='integrations_job_order'), models.Index(fields=['tenant', 'subject_id', '-position'], name='integrations_job_subject'), models.Index(fields=['tenant', 'state', '-position'], name='integrations_job_state')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'connection', 'cause'), name='integrations_job_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='SyncRecord',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField()),
                ('subject_name', models.CharField(blank=True, max_length=300)),
                ('remote_id', models.CharField(blank=True, max_length=120)),
                ('acknowledged', models.JSONField(default=dict)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('connection', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='records', to='integrations.connection')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'subject_id'], name='integrations_record_subject')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'connection', 'subject_id'), name='integrations_record_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
