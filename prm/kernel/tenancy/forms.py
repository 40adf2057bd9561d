"""Forms over tenant tables: what must be unique within the tenant is told on the form."""

from typing import Any

from django import forms


class TenantModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks unique constraints although their first column, the tenant, is on no form."""

    def _get_validation_exclusions(self) -> Any:
        return super()._get_validation_exclusions() - {"tenant"}  # type: ignore[misc]
