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
        ('automation', '0001_initial'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='RuleSet',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(max_length=60, verbose_name='key')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('schema', models.CharField(max_length=60, verbose_name='facts')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'rule set',
                'verbose_name_plural': 'rule sets',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'key'), name='automation_ruleset_key')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('status', django_fsm.FSMField(choices=[('draft', 'Draft'), ('published', 'Published'), ('retired', 'Retired')], default='draft', max_length=50, protected=True)),
                ('document', models.JSONField(verbose_name='rules')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='what changed')),
                ('author', models.CharField(max_length=80)),
                ('author_name', models.CharField(max_length=200)),
                ('editors', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, help_text='Everybody who wrote in it.', size=None)),
                ('publisher', models.CharField(blank=True, max_length=80)),
                ('publisher_name', models.CharField(blank=True, max_length=200)),
                ('published_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ruleset', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='automation.ruleset')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'rule version',
                'verbose_name_plural': 'rule versions',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'ruleset', 'number'), name='automation_version_number'), models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('tenant', 'ruleset'), name='automation_one_published'), models.CheckConstraint(condition=models.Q(models.Q(('author', models.F('publisher')), _negated=True), models.Q(('editors__contains', [models.F('publisher')]), _negated=True)), name='automation_maker_is_not_checker'), models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('tenant', 'ruleset'), name='automation_one_draft')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
