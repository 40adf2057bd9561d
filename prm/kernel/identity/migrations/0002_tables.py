import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('identity', '0002_initial'),
        ('identity', '0003_letters'),
    ]

    dependencies = [
        ('identity', '0001_tables'),
        ('partners', '0001_tables'),
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None, verbose_name='roles')),
                ('secret_hash', models.CharField(max_length=64)),
                ('prefix', models.CharField(max_length=12)),
                ('created_by', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('membership', prm.kernel.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.membership')),
            ],
            options={
                'indexes': [models.Index(fields=['secret_hash'], name='identity_ap_secret__f7fafd_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'secret_hash'), name='identity_token_secret')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('organisation', models.CharField(max_length=200)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None, verbose_name='roles')),
                ('invited_by_name', models.CharField(max_length=200)),
                ('secret_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('invited_by', prm.kernel.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.membership')),
            ],
            options={
                'indexes': [models.Index(fields=['secret_hash'], name='identity_in_secret__d700d1_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'secret_hash'), name='identity_invitation_secret'), models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('tenant', 'email', 'partner'), name='identity_one_open_invitation', nulls_distinct=False)],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.AddField(
            model_name='membership',
            name='partner',
            field=prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='partners.partner'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['tenant', 'partner'], name='identity_me_tenant__5e2d6a_idx'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None), ('person__isnull', False)), fields=('tenant', 'person', 'partner'), name='identity_one_membership_each', nulls_distinct=False),
        ),
    ]
