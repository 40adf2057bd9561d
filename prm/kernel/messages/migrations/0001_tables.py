import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('prm_messages', '0001_initial'),
        ('prm_messages', '0002_intakes'),
    ]

    dependencies = [
        ('identity', '0001_tables'),
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('cause', models.CharField(max_length=160)),
                ('template', models.CharField(max_length=80)),
                ('partner_id', models.UUIDField(null=True)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('in_app', 'In the application')], max_length=8)),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('subject', models.CharField(max_length=300)),
                ('body', models.TextField()),
                ('url', models.CharField(blank=True, max_length=300)),
                ('subject_id', models.UUIDField(null=True)),
                ('message_id', models.CharField(max_length=120)),
                ('reply_to', models.EmailField(blank=True, max_length=254)),
                ('in_reply_to', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('recipient', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='identity.membership')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('channel', 'email'), ('state', 'waiting')), fields=['tenant', 'not_before'], name='messages_due'), models.Index(fields=['tenant', 'recipient', '-at'], name='prm_message_tenant__a333ab_idx'), models.Index(fields=['tenant', 'subject_id'], name='prm_message_tenant__4e6160_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'cause', 'recipient', 'channel'), name='messages_once_for_each_cause')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=80, verbose_name='message')),
                ('language', models.CharField(max_length=8, verbose_name='language')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(verbose_name='text')),
                ('changed_by', models.CharField(blank=True, max_length=200)),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'message template',
                'verbose_name_plural': 'message templates',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'key', 'language'), name='messages_one_wording')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
