"""What a browser may send about partners; actions and rules have the last word."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from partners import queries
from partners.models import COUNTRY, Enrolment, Partner, Tier
from prm.kernel.automation.imports import Importer, offered
from prm.kernel.automation.tables import MOST_BYTES
from prm.kernel.reference.models import Program, Territory
from prm.kernel.tenancy.forms import TenantModelForm


class PartnerForm(TenantModelForm):
    """An organisation's profile."""

    country = forms.CharField(
        label=_("Country"), required=False, max_length=2, min_length=2, help_text=_("Two letters, such as DE.")
    )
    website = forms.URLField(label=_("Website"), required=False, max_length=300, assume_scheme="https")

    class Meta:
        model = Partner
        fields = ("name", "legal_name", "kind", "country", "city", "website", "domain", "external_id", "parent")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        above = Partner.objects.filter(kind=Partner.Kind.DISTRIBUTOR).exclude(pk=self.instance.pk)
        self.fields["parent"].queryset = above.order_by("name")  # type: ignore[attr-defined]

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if code:
            COUNTRY(code)
        return code

    def changes(self) -> dict[str, Any]:
        """What the actions take: the distributor by its id."""
        found = dict(self.cleaned_data)
        parent = found.pop("parent")
        return {**found, "parent_id": parent.pk if parent else None}


class EnrolForm(forms.Form):
    """A program, a tier of it, and territories."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"))
    tier = forms.ModelChoiceField(Tier.objects.none(), label=_("Tier"))
    territories = forms.ModelMultipleChoiceField(
        Territory.objects.none(),
        label=_("Territories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where the partner may sell. Deals elsewhere go to people."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["program"].queryset = Program.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["tier"].queryset = Tier.objects.order_by("-rank")  # type: ignore[attr-defined]
        self.fields["territories"].queryset = Territory.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        program, tier = found.get("program"), found.get("tier")
        if program and tier and tier.program_id != program.pk:
            self.add_error("tier", _("That tier belongs to another program."))
        return found


class TierForm(forms.Form):
    """Another tier for an enrolment, and why."""

    tier = forms.ModelChoiceField(Tier.objects.none(), label=_("Tier"))
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, enrolment: Enrolment, **options: Any) -> None:
        options["auto_id"] = f"tier_{enrolment.pk.hex[-6:]}_%s"
        super().__init__(*args, **options)
        tiers = Tier.objects.filter(program_id=enrolment.program_id).order_by("-rank")
        self.fields["tier"].queryset = tiers  # type: ignore[attr-defined]


class CamForm(forms.Form):
    """Who looks after the partner."""

    cam = forms.ChoiceField(label=_("Channel manager"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = [(str(member.pk), member.name) for member in queries.channel_managers()]
        self.fields["cam"].choices = [("", _("Nobody")), *people]  # type: ignore[attr-defined]

    def chosen(self) -> UUID | None:
        return UUID(self.cleaned_data["cam"]) if self.cleaned_data["cam"] else None


class ReasonForm(forms.Form):
    """Why; it is kept with the partner."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class UploadForm(forms.Form):
    """A file, and what it holds."""

    kind = forms.ChoiceField(label=_("What does the file hold?"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "Headings in the first line, at most 5 MB. UTF-8, UTF-16 and Western European text are "
            "understood, with commas, semicolons, tabs or bars."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def __init__(self, *args: Any, roles: frozenset[str], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(importer.key, importer.label) for importer in offered(roles)]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        self.fields["kind"].initial = choices[0][0] if choices else None

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Split it."))
        if not file.name.lower().endswith((".csv", ".tsv", ".txt")):
            raise forms.ValidationError(_("Save it as CSV first: this is no .csv file."))
        return file


class MappingForm(forms.Form):
    """Which heading is which column; one field for each column that the importer reads."""

    def __init__(self, *args: Any, importer: Importer, header: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        headings = [(str(at), name or _("Column {n}").format(n=at + 1)) for at, name in enumerate(header)]
        for column in importer.columns:
            self.fields[column.key] = forms.ChoiceField(
                label=str(column.label),
                help_text=str(column.help),
                required=column.required,
                choices=[("", _("not in the file")), *headings],
            )

    def mapping(self) -> dict[str, int]:
        return {key: int(at) for key, at in self.cleaned_data.items() if at != ""}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        used: dict[str, str] = {}
        for key, at in list(found.items()):
            if at and at in used:
                self.add_error(
                    key, _("This heading is used for “{label}” already.").format(label=self.fields[used[at]].label)
                )
            used.setdefault(at, key)
        return found
