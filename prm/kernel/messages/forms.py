from django import forms
from django.utils.translation import gettext_lazy as _


class WordingForm(forms.Form):
    """A message's subject and text in Liquid."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 14}))
