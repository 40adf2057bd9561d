import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('partners', '0001_initial'),
        ('partners', '0002_intakes'),
    ]

    dependencies = [
        ('identity', '0001_tables'),
        ('reference', '0001_tables'),
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('legal_name', models.CharField(blank=True, max_length=200, verbose_name='legal name')),
                ('kind', models.CharField(choices=[('reseller', 'Reseller'), ('distributor', 'Distributor'), ('referral', 'Referral partner')], default='reseller', max_length=12, verbose_name='kind')),
                ('status', django_fsm.FSMField(choices=[('prospect', 'Prospect'), ('active', 'Active'), ('suspended', 'Suspended'), ('terminated', 'Terminated')], default='prospect', max_length=50, protected=True, verbose_name='status')),
                ('domain', models.CharField(blank=True, help_text='Tells which organisation somebody belongs to, such as birch.example.', max_length=253, verbose_name='e-mail domain')),
                ('website', models.URLField(blank=True, max_length=300, verbose_name='website')),
                ('country', models.CharField(blank=True, max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}$', 'Use the two-letter country code, such as DE.')], verbose_name='country')),
                ('city', models.CharField(blank=True, max_length=120, verbose_name='city')),
                ('external_id', models.CharField(blank=True, help_text="The partner's number in your CRM or ERP.", max_length=80, verbose_name='your reference')),
                ('created_at', models.DateTimeField()),
                ('cam', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.membership', verbose_name='channel manager')),
                ('parent', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resellers', to='partners.partner', verbose_name='distributor')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'partner',
                'verbose_name_plural': 'partners',
                'ordering': ['name'],
                'indexes': [models.Index(fields=['tenant', 'name'], name='partners_pa_tenant__2841b0_idx'), models.Index(fields=['tenant', 'domain'], name='partners_pa_tenant__87024d_idx'), models.Index(fields=['tenant', 'cam'], name='partners_pa_tenant__88aecd_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('tenant', 'external_id'), name='partners_partner_external_id', violation_error_message='Another partner has this reference.'), models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='partners_partner_is_not_its_own_distributor', violation_error_message="A partner can't be its own distributor.")],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('encoding', models.CharField(max_length=20)),
                ('delimiter', models.CharField(max_length=1)),
                ('header', models.JSONField(default=list)),
                ('rows', models.JSONField(default=list)),
                ('mapping', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('checking', 'Being checked'), ('checked', 'Checked'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='uploaded', max_length=10)),
                ('total', models.PositiveIntegerField(default=0)),
                ('position', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('errors', models.JSONField(default=list)),
                ('actor', models.JSONField(default=dict)),
                ('created_by', models.CharField(max_length=200, verbose_name='by')),
                ('created_at', models.DateTimeField(verbose_name='at')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['tenant', '-created_at'], name='partners_im_tenant__d40a7f_idx'), models.Index(condition=models.Q(('state__in', ['checking', 'running'])), fields=['state'], name='partners_import_at_work')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='PartnerCertification',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=60, verbose_name='code')),
                ('name', models.CharField(max_length=160, verbose_name='name')),
                ('achieved_on', models.DateField(verbose_name='achieved on')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expires on')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'certification',
                'verbose_name_plural': 'certifications',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'partner', 'code'), name='partners_one_certificate_each')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('rank', models.PositiveSmallIntegerField(help_text='1 is the entry tier; higher is better.', verbose_name='rank')),
                ('protection_days', models.PositiveSmallIntegerField(blank=True, help_text="How long an approved deal is protected. Empty: the program's own. Deal rules read it.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)], verbose_name='protection days')),
                ('discount', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='discount (%)')),
                ('auto_approve_limit', models.DecimalField(blank=True, decimal_places=2, help_text="In the vendor's currency. Empty: a person looks at every deal. Deal rules read it.", max_digits=16, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='approved without a person up to')),
                ('colour', models.CharField(default='#6b7280', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$', 'Use a colour such as #2f5bea.')], verbose_name='colour')),
                ('program', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='reference.program', verbose_name='program')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'tier',
                'verbose_name_plural': 'tiers',
                'ordering': ['program', '-rank'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'program', 'code'), name='partners_tier_code'), models.UniqueConstraint(fields=('tenant', 'program', 'rank'), name='partners_tier_rank'), models.CheckConstraint(condition=models.Q(('discount__gte', 0), ('discount__lte', 100)), name='partners_tier_discount_is_a_percentage')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Enrolment',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', django_fsm.FSMField(choices=[('active', 'Active'), ('ended', 'Ended')], default='active', max_length=50, protected=True, verbose_name='status')),
                ('enrolled_on', models.DateField(verbose_name='enrolled on')),
                ('ended_on', models.DateField(blank=True, null=True, verbose_name='ended on')),
                ('program', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='reference.program', verbose_name='program')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('tier', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='partners.tier', verbose_name='tier')),
            ],
            options={
                'verbose_name': 'enrolment',
                'verbose_name_plural': 'enrolments',
                'indexes': [models.Index(fields=['tenant', 'program', 'tier'], name='partners_en_tenant__4efff9_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'partner', 'program'), name='partners_one_enrolment_each')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='TierBenefit',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=200, verbose_name='benefit')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('tier', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='benefits', to='partners.tier', verbose_name='tier')),
            ],
            options={
                'verbose_name': 'benefit',
                'verbose_name_plural': 'benefits',
                'ordering': ['position', 'text'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('by', models.CharField(max_length=200, verbose_name='by')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('partner', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watches', to='partners.partner', verbose_name='partner')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'watch',
                'verbose_name_plural': 'watches',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'partner'), name='partners_one_watch_each')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='EnrolmentTerritory',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('enrolment', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='territories', to='partners.enrolment')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('territory', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reference.territory', verbose_name='territory')),
            ],
            options={
                'verbose_name': 'territory of an enrolment',
                'verbose_name_plural': 'territories of enrolments',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'enrolment', 'territory'), name='partners_one_territory_each')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
