"""The stylesheet as it is built."""

from django.conf import settings


def test_what_changes_asks_for_the_style_of_nothing_else():
    """Neither the class of an element above all others, nor a last child that comes, may ask every element anew."""
    built = (settings.BASE_DIR / "static" / "css" / "prm.css").read_text()
    assert len(built) > 50_000
    assert "[class~=" not in built
    assert ":last-child>*" not in built
