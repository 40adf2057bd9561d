"""Inputs that every form shares."""

from typing import Any

from django import forms


class DayInput(forms.DateInput):
    """A day to choose. Browsers read a day in ISO alone, whatever the reader's language; the only one of its kind."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")
