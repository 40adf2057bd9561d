"""An icon that is named but not drawn is an empty square: every name is in the sprite."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.pure
ROOT = Path(settings.BASE_DIR)
NAMED = re.compile(r'{% icon "([a-z0-9-]+)"|icon="([a-z0-9-]+)"')


def test_every_icon_that_is_named_is_drawn():
    drawn = set(re.findall(r'id="([a-z0-9-]+)"', (ROOT / "static/icons.svg").read_text()))
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(path for app in ("prm", "partners", "dealreg", "workflows") for path in (ROOT / app).rglob("*.py")),
    ]
    named = {name: path for path in files for pair in NAMED.findall(path.read_text()) for name in pair if name}

    assert len(named) > 50
    assert {name: str(path) for name, path in named.items() if name not in drawn} == {}


def test_the_icons_of_a_deals_story_are_drawn():
    from dealreg.stories import TOLD

    drawn = (ROOT / "static/icons.svg").read_text()
    assert [icon for _words, icon, _tone in TOLD.values() if f'id="{icon}"' not in drawn] == []
