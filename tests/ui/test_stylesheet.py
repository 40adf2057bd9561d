"""The stylesheet as it is built."""

from django.conf import settings


def test_a_class_that_changes_asks_for_the_style_of_nothing_else():
    """`[class~=…] *` anywhere makes browsers ask every element below for its style at each change of any class."""
    built = (settings.BASE_DIR / "static" / "css" / "prm.css").read_text()
    assert len(built) > 50_000
    assert "[class~=" not in built
