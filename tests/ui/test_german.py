"""German stands beside English: complete, compiled, with the same places to fill in."""

import re

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import override

from prm.kernel.automation import registry
from tests.cast import bo, client_of

CATALOGUES = [path / "de" / "LC_MESSAGES" / "django.po" for path in settings.LOCALE_PATHS]
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w+>")


def forms(text):
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.pure
@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
class TestTheCatalogue:
    def test_says_everything_in_german(self, path):
        with path.open("rb") as file:
            empty = [message.id for message in read_po(file) if message.id and not all(forms(message.string))]
        assert empty == []

    def test_fills_in_the_same_things_as_english(self, path):
        with path.open("rb") as file:
            for message in read_po(file):
                wanted = set(PLACES.findall(" ".join(forms(message.id))))
                assert not message.id or set(PLACES.findall(" ".join(forms(message.string)))) == wanted, message.id

    def test_is_compiled_as_it_is_written(self, path):
        with path.open("rb") as text, path.with_suffix(".mo").open("rb") as compiled:
            told = {forms(one.id): forms(one.string) for one in read_mo(compiled) if one.id}
            written = {forms(one.id): forms(one.string) for one in read_po(text) if one.id and all(forms(one.string))}
        assert told == written


def words_of(part):
    """What a tree asks people and offers to admins, however deep it stands."""
    if isinstance(part, dict):
        yield from (part[name] for name in ("title", "label", "help") if isinstance(part.get(name), str))
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from words_of(inner)


@pytest.mark.pure
class TestWhatAppsOfferToWorkflows:
    def test_is_named_in_the_language_of_whoever_reads_it(self):
        with override("de"):
            assert str(registry.templates["deal-registration"].label) == "Deal-Registrierung"
            assert str(registry.actions["dealreg.reject"].label) == "Ablehnen"

    def test_asks_in_german_as_well(self):
        with (settings.BASE_DIR / "locale" / "de" / "LC_MESSAGES" / "django.po").open("rb") as file:
            known = {message.id for message in read_po(file)}
        shipped = {word for one in registry.templates.values() for word in words_of(dict(one.load()))}
        assert shipped - known == set()


class TestAPage:
    def test_speaks_the_language_that_the_reader_chose_and_says_which(self):
        client = client_of(bo)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
        page = client.get("/portal/")

        assert page["Content-Language"] == "de"
        assert '<html lang="de"' in page.content.decode() and "Deal registrieren" in page.content.decode()

    def test_of_sign_in_follows_the_browser(self, client):
        page = client.get("/account/login/", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()

        assert "<h1>Anmelden</h1>" in page

    def test_can_be_switched_by_whoever_is_not_signed_in_yet(self, client):
        client.post("/language", {"language": "de", "next": "/account/login/"})

        assert "<h1>Anmelden</h1>" in client.get("/account/login/").content.decode()
