"""What a vendor may say about its looks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.kernel.ui import branding


class BrandingForm(forms.Form):
    """Name, colour and logo. The colour is taken as it is; what can't be read is adjusted and said."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As partners know you; it heads every page."))
    colour = forms.CharField(
        label=_("Brand colour"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Used for buttons, links and the current page. We work out shades that everybody can read."),
    )
    logo = forms.FileField(
        label=_("Logo"), required=False, help_text=_("PNG, JPEG or WebP, up to 100 kB; best at 300 × 60 pixels.")
    )
    remove_logo = forms.BooleanField(label=_("Show the name instead of a logo"), required=False)

    def clean_colour(self) -> str:
        colour = branding.parsed(self.cleaned_data["colour"])
        if colour is None:
            raise ValidationError(_("Write the colour as #rrggbb, such as #3451b2."))
        return colour

    def clean_logo(self) -> str | None:
        upload: Any = self.cleaned_data.get("logo")
        if not upload:
            return None
        if upload.size > branding.LOGO_LIMIT:
            raise ValidationError(_("The logo may be 100 kB at most."))
        try:
            return branding.logo_as_data(upload.read())
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    @property
    def new_logo(self) -> str | None:
        """None leaves the logo as it is; empty takes it away."""
        if self.cleaned_data["remove_logo"]:
            return ""
        logo: str | None = self.cleaned_data["logo"]
        return logo
