"""What the tiers that a new vendor starts from bring: shipped words, which every reader sees in their language."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

BENEFITS: Mapping[str, tuple[str, ...]] = {
    "gold": (
        _("25 % discount"),  # xgettext:no-python-format
        _("120 days of deal protection"),
        _("A channel manager of your own"),
    ),
    "silver": (
        _("18 % discount"),  # xgettext:no-python-format
        _("90 days of deal protection"),
    ),
    "bronze": (
        _("10 % discount"),  # xgettext:no-python-format
        _("60 days of deal protection"),
    ),
}
SHIPPED = frozenset(text for texts in BENEFITS.values() for text in texts)


def in_words(benefit: str) -> str:
    """A shipped benefit in the reader's language; what a vendor typed, as it was typed."""
    return gettext(benefit) if benefit in SHIPPED else benefit
