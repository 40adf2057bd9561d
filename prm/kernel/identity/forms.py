"""What people type about people."""

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from prm.kernel.identity import roles
from prm.kernel.identity.models import Membership, Person
from prm.kernel.ui.inputs import DayInput


class RolesField(forms.MultipleChoiceField):
    def __init__(self, *, partner: bool, **options: Any) -> None:
        super().__init__(
            label=_("Roles"), choices=roles.explained(partner=partner), widget=forms.CheckboxSelectMultiple, **options
        )


class InviteForm(forms.Form):
    """A partner admin invites to their own company; the vendor chooses the organisation."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(label=_("Name"), max_length=200, required=False)

    def __init__(
        self, *args: Any, partner: bool, organisations: list[tuple[str, str]] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if organisations is not None:
            self.fields["organisation"] = forms.ChoiceField(
                label=_("Organisation"),
                choices=organisations,
                required=False,
                widget=forms.Select(
                    attrs={
                        "hx-get": "",
                        "hx-target": "#invite-roles",
                        "hx-select": "#invite-roles",
                        "hx-swap": "outerHTML",
                    }
                ),
            )
            self.order_fields(["organisation"])
        self.fields["roles"] = RolesField(partner=partner)

    @property
    def partner_id(self) -> UUID | None:
        chosen = self.cleaned_data.get("organisation")
        return UUID(chosen) if chosen else None


class RolesForm(forms.Form):
    def __init__(self, *args: Any, partner: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["roles"] = RolesField(partner=partner)


class TokenForm(forms.Form):
    LIFETIMES = ((30, _("30 days")), (90, _("90 days")), (365, _("One year")), (0, _("Until revoked")))

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What the key is for, such as the CRM."))
    days = forms.TypedChoiceField(label=_("Valid for"), choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, *args: Any, partner: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["roles"] = RolesField(partner=partner)


class JoinForm(forms.Form):
    """Name and password of somebody who is new here."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        help_text=_("At least ten characters, and not a common one."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if password := data.get("password"):
            try:
                validate_password(password, Person(email=self.email, name=data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class AbsenceForm(forms.ModelForm[Membership]):
    """When a member is away, and who stands in."""

    class Meta:
        model = Membership
        fields = ["away_from", "away_until", "delegate"]
        widgets = {name: DayInput() for name in ("away_from", "away_until")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        name_stand_ins(self.fields["delegate"], self.instance)


def name_stand_ins(field: Any, member: Membership) -> None:
    """Whoever is of the same organisation and still there."""
    field.label, field.empty_label = _("Who stands in"), _("Nobody")
    field.queryset = (
        Membership.objects.filter(tenant=member.tenant, partner=member.partner_id, ended_at=None)
        .exclude(pk=member.pk)
        .order_by("name")
    )


class PreferencesForm(forms.ModelForm[Membership]):
    """How one organisation's pages look and when its person is away."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = Membership
        fields = ["title", "language", "time_zone", "away_from", "away_until", "delegate"]
        widgets = {name: DayInput() for name in ("away_from", "away_until")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        mine: Membership = self.instance
        self.fields["language"].choices = [("", _("As the vendor")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        zones = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone]
        self.fields["time_zone"].choices = [("", _("As the vendor")), *zones]  # type: ignore[attr-defined]
        name_stand_ins(self.fields["delegate"], mine)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("away_from"), data.get("away_until")
        if start and end and end < start:
            self.add_error("away_until", _("This is before the first day away."))
        return data
