"""What partners and staff type. The server refuses whatever the form forbids; actions check it again."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dealreg.entry import FIELDS, ITEMS, countries, country_name, deal_types
from dealreg.models import CloseReason, Deal, PipelineStage
from partners import queries
from prm.kernel.automation.tables import MOST_BYTES
from prm.kernel.reference.models import ProductLine, Vertical
from prm.kernel.reference.queries import known_currencies
from prm.kernel.ui.inputs import DayInput


def country_choices() -> list[tuple[str, str]]:
    """Countries in the reader's language, sorted as they read them."""
    found = [(code, country_name(code, get_language() or "en")) for code in countries()]
    return [("", _("Choose a country")), *sorted(found, key=lambda pair: pair[1])]


class DealForm(forms.Form):
    """A registration: eight fields. A draft keeps them as typed; only handing in checks them."""

    customer_name = forms.CharField(
        label=_("Customer"),
        max_length=300,
        help_text=_("The organisation that will buy, as it writes itself."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    customer_domain = forms.CharField(
        label=_("Customer's website"),
        max_length=255,
        required=False,
        help_text=_("It settles most questions at once, such as customer.com."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    customer_country = forms.ChoiceField(label=_("Country"), choices=country_choices)
    product_lines = forms.MultipleChoiceField(label=_("Products"), widget=forms.CheckboxSelectMultiple)
    amount = forms.CharField(
        label=_("Expected amount"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=_("Currency"))
    expected_close_on = forms.DateField(label=_("Expected close"), widget=DayInput())
    notes = forms.CharField(
        label=_("What should the deal desk know?"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, today: Any, only: list[str] | None = None, partner_id: UUID | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        terms = _terms(partner_id)
        self.fields |= {name: field for name, field in terms.items() if len(field.choices) > 1}
        lines = ProductLine.objects.filter(is_active=True).values_list("pk", "name")
        for field in self.fields.values():  # a browser would cut what is pasted, silently; we say that it is too long
            field.widget.attrs.pop("maxlength", None)
        self.fields["product_lines"].choices = [(str(pk), name) for pk, name in lines]  # type: ignore[attr-defined]
        self.fields["currency"].choices = [(c, c) for c in known_currencies(today)]  # type: ignore[attr-defined]
        if only is not None:
            self.fields |= {name: terms.get(name) or _more(name) for name in only if name not in self.fields}
            for name in [name for name in self.fields if name not in only]:
                del self.fields[name]

    @staticmethod
    def typed_in(deal: Deal) -> dict[str, Any]:
        """What the form shows for a deal: a draft as typed, another as stored."""
        stored = {
            "customer_name": deal.customer_name,
            "customer_domain": deal.customer_domain,
            "customer_country": deal.customer_country,
            "amount": "" if deal.amount is None else str(deal.amount),
            "currency": deal.currency,
            "expected_close_on": deal.expected_close_on,
            "notes": deal.notes,
            "customer_city": deal.customer_city,
            "contact_name": deal.contact_name,
            "contact_email": deal.contact_email,
            "name": deal.name,
            "vertical": str(deal.vertical_id or ""),
            "deal_type": str(deal.deal_type_id or ""),
            "program": str(deal.program_id),
            "reseller": str(deal.reseller_id or ""),
            "product_lines": [str(pk) for pk in deal.lines.values_list("product_line_id", flat=True)],
        }
        return stored | {key: value for key, value in (deal.typed or {}).items() if value not in (None, "", [])}


def _terms(partner_id: UUID | None) -> dict[str, forms.ChoiceField]:
    """What a partner may choose where there is a choice: the deal's type, one of its programs, for whom."""
    types = [(str(one.pk), one.name) for one in deal_types()]
    programs = [(str(one.pk), one.name) for one in (queries.programs_of(partner_id) if partner_id else ())]
    resellers = [(str(one.pk), one.name) for one in (queries.resellers_of(partner_id) if partner_id else ())]
    return {
        "deal_type": forms.ChoiceField(label=_("Deal type"), choices=types, required=False),
        "program": forms.ChoiceField(label=_("Program"), choices=programs, required=False),
        "reseller": forms.ChoiceField(
            label=_("Registered for"),
            choices=[("", _("Ourselves")), *resellers] if resellers else [],
            required=False,
            help_text=_("Your reseller can follow the deal, and change nothing."),
        ),
    }


def _more(name: str) -> forms.Field:
    """A field that the short form leaves out and the deal desk has asked for."""
    field: Any = Deal._meta.get_field(name)
    label = capfirst(field.verbose_name)
    if name == "vertical":
        return forms.ChoiceField(label=label, choices=[("", "–"), *_verticals()])
    return forms.CharField(label=label, max_length=field.max_length)


def _verticals() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Vertical.objects.order_by("name").values_list("pk", "name")]


def posted(data: Any) -> dict[str, Any]:
    """The deal fields of a POST as typed, lists kept as lists."""
    fields = {name: data.get(name, "") for name in FIELDS if name in data}
    if "product_lines" in data or "customer_name" in data:
        fields["product_lines"] = data.getlist("product_lines")
    asked = [name.removeprefix("quantity-") for name in data if name.startswith("quantity-")]
    if asked:
        fields[ITEMS] = [
            {"product": pk, "quantity": data.get(f"quantity-{pk}", ""), "discount": data.get(f"discount-{pk}", "")}
            for pk in asked
        ]
    return fields


class CommentForm(forms.Form):
    body = forms.CharField(label=_("Comment"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


class StaffCommentForm(CommentForm):
    audience = forms.ChoiceField(
        label=_("Who may read it"),
        choices=[("vendor", _("Only us")), ("partner", _("The partner too"))],
        initial="vendor",
    )


class FileForm(forms.Form):
    file = forms.FileField(label=_("File"), help_text=_("PDF, Office, image or text, up to 20 MB."))

    def clean_file(self) -> Any:
        """Its size is judged before it is read (SECURITY 5.2.1)."""
        file = self.cleaned_data["file"]
        if file.size > settings.FILE_UPLOAD_MAX_SIZE:
            raise forms.ValidationError(_("At most %(most)s MB.") % {"most": settings.FILE_UPLOAD_MAX_SIZE // 2**20})
        return file


class StaffFileForm(FileForm):
    audience = forms.ChoiceField(
        label=_("Who may read it"),
        choices=[("vendor", _("Only us")), ("partner", _("The partner too"))],
        initial="vendor",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class DisputeForm(forms.Form):
    """What speaks for the partner; a file may come with it, others can be added."""

    statement = forms.CharField(
        label=_("What speaks for you?"),
        max_length=4000,
        help_text=_("When you were with the customer, with whom, and what you offered."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    file = forms.FileField(label=_("Evidence"), required=False, help_text=_("PDF, Office, image or text, up to 20 MB."))

    def clean_file(self) -> Any:
        """Its size is judged before it is read (SECURITY 5.2.1)."""
        file = self.cleaned_data["file"]
        if file and file.size > settings.FILE_UPLOAD_MAX_SIZE:
            raise forms.ValidationError(_("At most %(most)s MB.") % {"most": settings.FILE_UPLOAD_MAX_SIZE // 2**20})
        return file


class _ToAPartner(forms.Form):
    """Another partner of the program, never the one that has the deal."""

    partner = forms.ChoiceField(label=_("Partner"))

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].choices = [("", _("Choose a partner")), *partners]  # type: ignore[attr-defined]


class ReassignForm(_ToAPartner):
    reason = forms.CharField(
        label=_("Reason for the partner that has it now"),
        max_length=1000,
        help_text=_("It reads this, and not who gets the deal."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SharesForm(forms.Form):
    percent = forms.DecimalField(
        label=_("That partner's share in percent"),
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        initial=50,
        localize=True,
    )
    names_told = forms.BooleanField(label=_("Tell each of them who the other is"), required=False)


class SplitForm(_ToAPartner, SharesForm):
    field_order = ("partner", "percent", "names_told")


class StageForm(forms.Form):
    stage = forms.ChoiceField(label=_("Stage"), choices=PipelineStage.choices)


def close_reasons(outcome: str) -> list[tuple[str, Any]]:
    """The vendor's reasons for closing, for a choice that may be left open."""
    rows = CloseReason.objects.filter(outcome=outcome, is_active=True).values_list("code", "name")
    return [("", _("Choose a reason")), *rows]


class WonForm(forms.Form):
    """What was sold, as a whole and, where the deal has several product lines, of each."""

    amount = forms.DecimalField(label=_("Actual amount"), min_value=0, max_digits=16, decimal_places=2)
    closed_on = forms.DateField(label=_("Closed on"), widget=DayInput())
    because = forms.ChoiceField(label=_("Why was it won?"), required=False)

    def __init__(self, *args: Any, lines: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["because"].choices = close_reasons("won")  # type: ignore[attr-defined]
        several = [line.product_line for line in lines]
        self.codes = [line.code for line in several] if len(several) > 1 else []
        for line in several if self.codes else ():
            label = _("Of it: %(line)s") % {"line": line.name}
            self.fields[f"line_{line.code}"] = forms.DecimalField(
                label=label, required=False, min_value=0, max_digits=16, decimal_places=2
            )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        typed = {code: found.pop(f"line_{code}", None) for code in self.codes}
        found["lines"] = {code: amount for code, amount in typed.items() if amount is not None}
        return found


class LostForm(forms.Form):
    because = forms.ChoiceField(label=_("Why was it lost?"), required=False)
    reason = forms.CharField(label=_("In your words"), max_length=170, required=False)
    closed_on = forms.DateField(label=_("Closed on"), widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["because"].choices = close_reasons("lost")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("because") and not found.get("reason"):
            self.add_error("because", _("Please say why: it helps to win the next one."))
        return found


class CustomerForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=300)
    domain = forms.CharField(label=_("Website"), max_length=255, required=False)
    country = forms.ChoiceField(label=_("Country"), choices=country_choices, required=False)
    city = forms.CharField(label=_("City"), max_length=160, required=False)
    external_id = forms.CharField(label=_("Your reference"), max_length=80, required=False)
    is_house = forms.BooleanField(
        label=_("House account"), required=False, help_text=_("Direct sales serves it; deals go to people.")
    )
    is_blocked = forms.BooleanField(
        label=_("Blackout account"),
        required=False,
        help_text=_("No partner may register it: its deals are declined, without saying why."),
    )


class AliasForm(forms.Form):
    name = forms.CharField(label=_("Also known as"), max_length=300)
    domain = forms.CharField(label=_("Website"), max_length=255, required=False)


class LinkForm(forms.Form):
    """A link for one contact of a partner; the vendor's people say of which."""

    name = forms.CharField(label=_("Contact"), max_length=200)
    email = forms.EmailField(
        label=_("Contact's e-mail"), help_text=_("Each deal is confirmed there before it is handed in.")
    )
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=180, initial=30)
    most_deals = forms.IntegerField(label=_("Deals at most"), min_value=1, max_value=200, initial=10)

    def __init__(self, *args: Any, partners: list[tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if partners is not None:
            own = forms.ChoiceField(label=_("Partner"), choices=[("", _("Choose a partner")), *partners])
            self.fields = {"partner": own, **self.fields}


class AssignForm(forms.Form):
    """Whose mail it is."""

    partner = forms.ChoiceField(label=_("Partner"))

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].choices = [("", _("Choose a partner")), *partners]  # type: ignore[attr-defined]


class DealFileForm(forms.Form):
    """A partner's own file of deals."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Headings in the first line, at most 5 MB, with commas, semicolons or tabs."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def clean_file(self) -> Any:
        """Its size is judged before it is read (SECURITY 5.2.1)."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Split it."))
        if not file.name.lower().endswith((".csv", ".tsv", ".txt")):
            raise forms.ValidationError(_("Save it as CSV first: this is no .csv file."))
        return file


class ThresholdsForm(forms.Form):
    """Two likelihoods and why. What they may be, the rule says."""

    review = forms.DecimalField(label=_("People look from"), max_digits=4, decimal_places=3, min_value=0, max_value=1)
    conflict = forms.DecimalField(label=_("Conflict from"), max_digits=4, decimal_places=3, min_value=0, max_value=1)
    reason = forms.CharField(
        label=_("Why?"),
        max_length=1000,
        required=False,
        help_text=_("It stays in the audit beside what was set before."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
