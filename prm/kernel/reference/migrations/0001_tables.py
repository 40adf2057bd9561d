import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django_fsm
import prm.kernel.tenancy.ids
import prm.kernel.tenancy.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('reference', '0001_initial'),
        ('reference', '0002_terms_of_deals'),
    ]

    dependencies = [
        ('tenancy', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Calendar',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('time_zone', models.CharField(default='UTC', max_length=64, verbose_name='time zone')),
                ('days', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=list, help_text='0 is Monday', size=None, verbose_name='working days')),
                ('opens', models.TimeField(default=datetime.time(9, 0), verbose_name='opens')),
                ('closes', models.TimeField(default=datetime.time(17, 0), verbose_name='closes')),
                ('is_default', models.BooleanField(default=False, verbose_name='default')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'business calendar',
                'verbose_name_plural': 'business calendars',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_calendar_code'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('tenant',), name='reference_calendar_one_default')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='DealType',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('grants_protection', models.BooleanField(default=True, help_text='Without: the deal is registered, and rivals may come.', verbose_name='grants protection')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The first is what a deal is where nobody says.', verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'deal type',
                'verbose_name_plural': 'deal types',
                'ordering': ['position', 'name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_deal_type_code')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('rate', models.DecimalField(decimal_places=10, max_digits=20, validators=[django.core.validators.MinValueValidator(0)], verbose_name='rate')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'exchange rate',
                'verbose_name_plural': 'exchange rates',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'currency', 'valid_from'), name='reference_rate_day')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(verbose_name='day')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('calendar', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holidays', to='reference.calendar')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'holiday',
                'verbose_name_plural': 'holidays',
                'ordering': ['day'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'calendar', 'day'), name='reference_holiday_day')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ProductLine',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('protection_days', models.PositiveSmallIntegerField(blank=True, help_text="Empty: the tier's own.", null=True, verbose_name='protection days')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'product line',
                'verbose_name_plural': 'product lines',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_line_code')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sku', models.CharField(max_length=60, verbose_name='SKU')),
                ('name', models.CharField(max_length=160, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('line', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='products', to='reference.productline', verbose_name='product line')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'sku'), name='reference_product_sku')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('starts_on', models.DateField(default=datetime.date(2020, 1, 1), verbose_name='starts on')),
                ('protection_days', models.PositiveSmallIntegerField(default=90, verbose_name='protection days')),
                ('answer_within_minutes', models.PositiveIntegerField(default=480, help_text='What partners are promised.', verbose_name='answer within (business minutes)')),
                ('quality_share', models.DecimalField(decimal_places=3, default=0, help_text='The share of clear deals that people look at, so that being looked at tells nothing.', max_digits=4, verbose_name='quality control share')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('calendar', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reference.calendar', verbose_name='business calendar')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'program',
                'verbose_name_plural': 'programs',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_program_code')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='PriceBook',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('territories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='Their codes with commas between. Empty: everywhere.', size=None, verbose_name='territories')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, help_text='The last day. Empty: open.', null=True, verbose_name='valid until')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('program', prm.kernel.tenancy.models.TenantForeignKey(blank=True, help_text='Empty: every program.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reference.program', verbose_name='program')),
            ],
            options={
                'verbose_name': 'price book',
                'verbose_name_plural': 'price books',
                'ordering': ['-valid_from', 'code'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_price_book_code'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='reference_price_book_forward', violation_error_message='The last day comes after the first.')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='PriceEntry',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('list_price', models.DecimalField(decimal_places=2, max_digits=16, validators=[django.core.validators.MinValueValidator(0)], verbose_name='list price')),
                ('book', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='reference.pricebook', verbose_name='price book')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
                ('product', prm.kernel.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reference.product', verbose_name='product')),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'book', 'product'), name='reference_price_once'), models.CheckConstraint(condition=models.Q(('list_price__gte', 0)), name='reference_price_not_negative')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Territory',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), default=list, help_text='ISO codes, such as DE, AT, CH', size=None, verbose_name='countries')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'territory',
                'verbose_name_plural': 'territories',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_territory_code')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Vertical',
            fields=[
                ('id', models.UUIDField(default=prm.kernel.tenancy.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('tenant', prm.kernel.tenancy.models.OwningTenant(on_delete=django.db.models.deletion.PROTECT, to='tenancy.tenant')),
            ],
            options={
                'verbose_name': 'vertical',
                'verbose_name_plural': 'verticals',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='reference_vertical_code')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
    ]
