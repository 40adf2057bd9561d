"""Liquid, strict and bounded: on text that an admin may edit, no other engine ever runs."""

from collections.abc import Iterable, Mapping
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
        return _missing(subject, body, sample) or str(problem)
    return _missing(subject, body, sample)


def _missing(subject: str, body: str, sample: Mapping[str, object]) -> str | None:
    """The first name that nobody fills in, wherever it stands: the sample takes one of several ways only."""
    try:
        found = [_read(text).analyze(include_partials=False).globals for text in (subject, body)]
    except (LiquidError, RecursionError):
        return None
    for use in (one for uses in found for several in uses.values() for one in several):
        if not _is_filled(use.segments, sample):
            names = names_in(sample)
            beside = [name for name in names if name.startswith(f"{use.segments[0]}.")]
            told = _("There is no variable “%(name)s” here. There are: %(known)s.")
            return told % {"name": use, "known": ", ".join(beside or names)}
    return None


def names_in(sample: Mapping[str, object]) -> list[str]:
    """What a wording may write: each name, and each part of what has parts (`deal.customer`)."""
    return [
        name
        for key, value in sample.items()
        for name in ([f"{key}.{part}" for part in names_in(value)] if isinstance(value, Mapping) else [key])
    ]


def _is_filled(segments: Iterable[object], sample: object) -> bool:
    for segment in segments:
        if not isinstance(sample, Mapping) or not isinstance(segment, str):
            return True  # what is within a list or a word, the sample has shown
        if segment not in sample:
            return False
        sample = sample[segment]
    return True


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
