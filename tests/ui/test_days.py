"""A day is asked for in one way, which every browser reads whatever the reader's language."""

from collections.abc import Iterator
from datetime import date

from django import forms
from django.urls import get_resolver
from django.utils import translation

from prm.kernel.ui.inputs import DayInput


def ours(base: type = forms.BaseForm) -> Iterator[type]:
    """Every form of the product, whichever page it stands on."""
    for kind in base.__subclasses__():
        yield from ours(kind)
        if not kind.__module__.startswith(("django.", "allauth.", "rest_framework.")):
            yield kind


class TestADay:
    def test_is_asked_for_by_the_one_input_in_every_form(self) -> None:
        assert get_resolver().url_patterns  # every page is imported, and with it its forms
        days = [
            (kind, name, field)
            for kind in ours()
            for name, field in kind.base_fields.items()
            if isinstance(field, forms.DateField)
        ]
        assert len(days) > 5
        wrong = [f"{kind.__name__}.{name}" for kind, name, field in days if type(field.widget) is not DayInput]
        assert wrong == []

    def test_is_written_for_the_browser_and_not_for_the_reader(self) -> None:
        with translation.override("de"):
            shown = DayInput().render("closed_on", date(2026, 11, 22))
        assert 'type="date"' in shown and 'value="2026-11-22"' in shown
