"""The one fault of a definition."""

from django.utils.translation import gettext as _


class BrokenDefinition(ValueError):
    """The tree can't be followed; trying again would not help."""


def why_broken(error: Exception) -> str:
    """For people: a definition's own fault in its words; anything else that reading it came upon, in ours."""
    if isinstance(error, BrokenDefinition):
        return str(error)
    return _("A part of it has the wrong type. The version's page lists what is wrong.")
