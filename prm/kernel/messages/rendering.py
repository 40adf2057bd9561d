"""Liquid, strict and bounded: on text that an admin may edit, no other engine ever runs."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, format_time
from django.utils import translation
from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError

from prm.kernel.money import Money
from prm.kernel.wording import Said, in_language

MOST_CHARACTERS = 20_000


class TemplateProblem(ValueError):
    """A template can't be used; the text says where and why, for the admin who edits it."""


class _Bounded(Environment):
    context_depth_limit = 8
    loop_iteration_limit = 200
    local_namespace_limit = 5_000
    output_stream_limit = MOST_CHARACTERS


_environment = _Bounded(undefined=StrictUndefined, autoescape=False)


def render(text: str, context: Mapping[str, object], *, language: str, zone: str) -> str:
    """The text for one reader: money, days and moments as they write them. Raises TemplateProblem."""
    return filled(text, plain_words(context, language=language, zone=zone))


def plain_words(context: Mapping[str, object], *, language: str, zone: str) -> dict[str, object]:
    """What the templates for one reader may use."""
    return {key: readable(value, language=language, zone=zone) for key, value in context.items()}


def filled(text: str, words: Mapping[str, object]) -> str:
    """The text with plain words in it. Raises TemplateProblem."""
    try:
        return str(_read(text).render(**words))
    except LiquidError as error:
        raise TemplateProblem(str(error).split("\n")[0]) from error
    except RecursionError as error:
        raise TemplateProblem(_("The template nests too deeply.")) from error


@lru_cache(maxsize=500)
def _read(text: str) -> BoundTemplate:
    return _environment.from_string(text)


def check(subject: str, body: str, sample: Mapping[str, object]) -> str | None:
    """What is wrong with a wording, or None: it is rendered once with sample values."""
    if len(body) > MOST_CHARACTERS:
        return _("The text has %(count)d characters; at most %(max)d are allowed.") % {
            "count": len(body),
            "max": MOST_CHARACTERS,
        }
    try:
        for text in (subject, body):
            render(text, sample, language="en", zone="UTC")
    except TemplateProblem as problem:
        return str(problem)
    return None


def readable(value: object, *, language: str, zone: str) -> object:
    """Plain text, numbers and lists of them; nothing with attributes or methods gets to a template."""
    if isinstance(value, Said):
        with translation.override(language):
            return in_language(value)
    if isinstance(value, Money):
        return value.format(language)
    if isinstance(value, datetime):
        day = format_skeleton("yMMMEd", value, tzinfo=ZoneInfo(zone), locale=language)
        return f"{day}, {format_time(value, 'short', tzinfo=ZoneInfo(zone), locale=language)}"
    if isinstance(value, date):
        return str(format_skeleton("yMMMd", value, locale=language))
    if isinstance(value, Mapping):
        return {str(k): readable(v, language=language, zone=zone) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item, language=language, zone=zone) for item in value]
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


def one_line(text: str) -> str:
    """A subject: no line break can reach a mail header (SECURITY 1.3.11)."""
    return " ".join(text.split())[:300]
