import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_blocks_and_hashes'),
        ('audit', '0003_hash_what_is_there'),
        ('audit', '0004_impersonator_id'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='DecisionRecord',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('rule', models.CharField(max_length=120)),
                ('outcome', models.CharField(max_length=40)),
                ('allowed', models.BooleanField()),
                ('document', models.JSONField()),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.UUIDField()),
                ('partner_id', models.UUIDField(null=True)),
                ('decided_by', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('salt', models.CharField(db_default='', editable=False, max_length=32)),
                ('document_hash', models.CharField(db_default='', editable=False, max_length=64)),
                ('row_hash', models.CharField(db_default='', editable=False, max_length=64)),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'subject_id', 'at'], name='audit_decis_tenant__093fe4_idx'), models.Index(fields=['tenant', 'rule', 'at'], name='audit_decis_tenant__338f88_idx'), models.Index(condition=models.Q(('allowed', False)), fields=['tenant', 'at'], name='audit_decision_refused')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('action', models.CharField(max_length=80)),
                ('target_type', models.CharField(max_length=60)),
                ('target_id', models.UUIDField()),
                ('target_name', models.CharField(blank=True, max_length=200)),
                ('partner_id', models.UUIDField(null=True)),
                ('actor_kind', models.CharField(max_length=12)),
                ('actor_id', models.CharField(max_length=80)),
                ('actor_name', models.CharField(max_length=200)),
                ('impersonator', models.CharField(blank=True, max_length=200)),
                ('impersonator_id', models.UUIDField(null=True)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('cause', models.CharField(blank=True, max_length=120)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('who_salt', models.CharField(db_default='', editable=False, max_length=32)),
                ('who_hash', models.CharField(db_default='', editable=False, max_length=64)),
                ('what_salt', models.CharField(db_default='', editable=False, max_length=32)),
                ('what_hash', models.CharField(db_default='', editable=False, max_length=64)),
                ('row_hash', models.CharField(db_default='', editable=False, max_length=64)),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('decision', prm.kernel.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.decisionrecord')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'target_id', 'at'], name='audit_audit_tenant__676604_idx'), models.Index(fields=['tenant', 'at'], name='audit_audit_tenant__d1139f_idx'), models.Index(fields=['tenant', 'action', 'at'], name='audit_entry_action'), models.Index(fields=['tenant', 'target_name', 'at'], name='audit_entry_target'), models.Index(fields=['tenant', 'actor_name', 'at'], name='audit_entry_actor')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='AuditBlock',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('count', models.PositiveIntegerField()),
                ('leaves', models.BinaryField()),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'number'), name='audit_block_number')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='AuditUnsealed',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('row_hash', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'recorded_at'], name='audit_unsealed_oldest')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
