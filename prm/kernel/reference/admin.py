"""Reference data in the vendor's admin."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.admin import TenantInline, TenantModelAdmin, who
from prm.kernel.money import currency_codes
from prm.kernel.reference.actions import seed_holidays
from prm.kernel.reference.models import (
    Calendar,
    DealType,
    ExchangeRate,
    Holiday,
    PriceBook,
    PriceEntry,
    Product,
    ProductLine,
    Program,
    Territory,
    Vertical,
)
from prm.kernel.tenancy.forms import TenantModelForm

WEEK = [
    (0, gettext_lazy("Monday")),
    (1, gettext_lazy("Tuesday")),
    (2, gettext_lazy("Wednesday")),
    (3, gettext_lazy("Thursday")),
    (4, gettext_lazy("Friday")),
    (5, gettext_lazy("Saturday")),
    (6, gettext_lazy("Sunday")),
]


def known_currency(code: str) -> str:
    if code.upper() not in currency_codes():
        raise forms.ValidationError(_("{code} is no ISO 4217 currency.").format(code=code))
    return code.upper()


class ProgramForm(TenantModelForm):
    def clean_currency(self) -> str:
        return known_currency(self.cleaned_data["currency"])


class RateForm(TenantModelForm):
    def clean_currency(self) -> str:
        return known_currency(self.cleaned_data["currency"])


class TerritoryForm(TenantModelForm):
    """Countries are typed as codes with commas between; one country lies in one territory."""

    def clean_countries(self) -> list[str]:
        codes = sorted({code.strip().upper() for code in self.cleaned_data["countries"] if code.strip()})
        if wrong := [code for code in codes if len(code) != 2 or not code.isalpha()]:
            raise forms.ValidationError(_("“{code}” is no two-letter country code.").format(code=wrong[0]))
        other = Territory.objects.exclude(pk=self.instance.pk).filter(countries__overlap=codes).first()
        if other:
            shared = ", ".join(sorted(set(codes) & set(other.countries)))
            raise forms.ValidationError(_("{codes} belongs to {name} already.").format(codes=shared, name=other.name))
        return codes


class PriceBookForm(TenantModelForm):
    """Territories are typed as codes with commas between."""

    def clean_currency(self) -> str:
        return known_currency(self.cleaned_data["currency"])

    def clean_territories(self) -> list[str]:
        codes = sorted({code.strip() for code in self.cleaned_data["territories"] or [] if code.strip()})
        known = set(Territory.objects.values_list("code", flat=True))
        if wrong := [code for code in codes if code not in known]:
            raise forms.ValidationError(_("There is no “%(code)s”.") % {"code": wrong[0]})
        return codes


class CalendarForm(TenantModelForm):
    """Working days as boxes; hours that end after they begin; a zone that exists."""

    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("working days"), choices=WEEK, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("time zone"), choices=[(zone, zone) for zone in sorted(available_timezones())]
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        opens, closes = found.get("opens"), found.get("closes")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("It must close after it opens."))
        return found


class SeedForm(forms.Form):
    """Whose public holidays, for which years."""

    country = forms.CharField(
        label=gettext_lazy("Country"), max_length=2, min_length=2, help_text=gettext_lazy("Two letters, such as DE.")
    )
    subdivision = forms.CharField(
        label=gettext_lazy("State or region"),
        max_length=6,
        required=False,
        help_text=gettext_lazy("Such as BY for Bavaria; empty for the national ones."),
    )
    first = forms.IntegerField(label=gettext_lazy("From year"), min_value=2000, max_value=2100)
    last = forms.IntegerField(label=gettext_lazy("To year"), min_value=2000, max_value=2100)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("first") and found.get("last") and not 0 <= found["last"] - found["first"] <= 20:
            self.add_error("last", _("Choose at most twenty years, the first one first."))
        return found


@admin.register(Program)
class ProgramAdmin(TenantModelAdmin):
    form = ProgramForm
    list_display = ("name", "code", "currency", "calendar", "protection_days", "answer_within_minutes", "is_active")


@admin.register(Territory)
class TerritoryAdmin(TenantModelAdmin):
    form = TerritoryForm
    list_display = ("name", "code", "codes")
    search_fields = ("name", "code")

    @admin.display(description=gettext_lazy("countries"))
    def codes(self, territory: Territory) -> str:
        return ", ".join(territory.countries)


@admin.register(Vertical)
class VerticalAdmin(TenantModelAdmin):
    list_display = ("name", "code")
    search_fields = ("name", "code")


class ProductInline(TenantInline):
    model = Product
    fields = ("sku", "name", "is_active")


@admin.register(ProductLine)
class ProductLineAdmin(TenantModelAdmin):
    list_display = ("name", "code", "protection_days", "is_active")
    search_fields = ("name", "code")
    inlines = (ProductInline,)


@admin.register(Product)
class ProductAdmin(TenantModelAdmin):
    list_display = ("name", "sku", "line", "is_active")
    list_select_related = ("line",)
    list_filter = ("is_active",)
    search_fields = ("name", "sku")


@admin.register(DealType)
class DealTypeAdmin(TenantModelAdmin):
    list_display = ("name", "code", "grants_protection", "position", "is_active")
    search_fields = ("name", "code")


class PriceInline(TenantInline):
    model = PriceEntry
    fields = ("product", "list_price")


@admin.register(PriceBook)
class PriceBookAdmin(TenantModelAdmin):
    form = PriceBookForm
    list_display = ("name", "code", "currency", "program", "valid_from", "valid_until", "shown_to_partners")
    list_select_related = ("program",)
    list_filter = ("currency", "shown_to_partners")
    search_fields = ("name", "code")
    inlines = (PriceInline,)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(TenantModelAdmin):
    form = RateForm
    list_display = ("currency", "valid_from", "rate")
    list_filter = ("currency",)
    ordering = ("currency", "-valid_from")


class HolidayInline(TenantInline):
    model = Holiday
    fields = ("day", "name")


@admin.register(Calendar)
class CalendarAdmin(TenantModelAdmin):
    form = CalendarForm
    list_display = ("name", "time_zone", "hours", "is_default")
    inlines = (HolidayInline,)
    change_form_template = "admin/calendar_change_form.html"

    @admin.display(description=gettext_lazy("hours"))
    def hours(self, calendar: Calendar) -> str:
        days = [str(WEEK[day][1])[:2] for day in calendar.days]
        return f"{' '.join(days)} {calendar.opens:%H:%M}–{calendar.closes:%H:%M}"

    def get_urls(self) -> Any:
        own = path("<uuid:pk>/holidays/", self.admin_site.admin_view(self.seed), name="reference_calendar_seed")
        return [own, *super().get_urls()]

    def seed(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Add a country's public holidays."""
        calendar = self.get_object(request, str(pk))
        if calendar is None or not self.has_change_permission(request):
            return self.not_there(request, str(pk))
        year = request.now.year  # type: ignore[attr-defined]
        form = SeedForm(request.POST or None, initial={"first": year, "last": year + 2})
        if request.method == "POST" and form.is_valid() and self._seeded(request, calendar, form):
            return redirect(reverse("admin:reference_calendar_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add public holidays"),
            "form": form,
            "opts": self.opts,
            "original": calendar,
        }
        return render(request, "admin/seed_holidays.html", context)

    def _seeded(self, request: HttpRequest, calendar: Calendar, form: SeedForm) -> bool:
        typed = form.cleaned_data
        try:
            count = seed_holidays(
                calendar=calendar,
                country=typed["country"].upper(),
                subdivision=typed["subdivision"].upper(),
                years=range(typed["first"], typed["last"] + 1),
                **who(request),
            )
        except ValueError as error:
            form.add_error("country", str(error))
            return False
        messages.success(request, _("{count} holidays are new in {name}.").format(count=count, name=calendar.name))
        return True
