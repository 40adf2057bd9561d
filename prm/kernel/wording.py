"""Sentences that are kept: said in one language, read in any.

A rule says why in the language of whoever decides, often a worker's. `said()` is gettext whose result remembers
what it was made of; `kept()` gives that as JSON, to be stored beside the text, and `shown()` says it again in the
reader's language. What was stored before, or by an admin, is text alone: it is looked up as it stands, and shown
unchanged where the catalogue does not have it. Import it as `said as _`, so that makemessages finds the words.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from prm.kernel.money import Money

Kept = Mapping[str, Any]


class Said(str):
    """A sentence in somebody's language, with what it is made of."""

    __slots__ = ("kept",)
    kept: Kept

    def __mod__(self, values: Any) -> "Said":
        return made(str.__mod__(self, values), {"id": self.kept["id"], "with": _plain(values)})


def said(msgid: str) -> Said:
    """gettext, remembering."""
    return made(gettext(msgid) if msgid else "", {"id": msgid})


def amount(value: Decimal | str, currency: str) -> Said:
    """Money as its reader writes it."""
    money = Money(Decimal(value), currency)
    return made(money.format(), {"amount": str(money.amount), "currency": currency})


def joined(texts: Iterable[str]) -> Said:
    """Sentences one after the other."""
    parts = {f"part{number}": text for number, text in enumerate(texts)}
    return said(" ".join(f"%({name})s" for name in parts)) % parts


def remembering(text: str, sentence: str) -> str:
    """A text as it was kept, which knows how to be said again."""
    return made(text, sentence.kept) if isinstance(sentence, Said) else text


def kept(text: str) -> Kept | None:
    """What the text is made of; None where the text says it all."""
    if not isinstance(text, Said) or text.kept == {"id": str(text)}:
        return None
    return text.kept


def shown(text: str, made_of: Kept | None = None) -> str:
    """A stored sentence in the language of whoever reads it now."""
    if made_of is None:
        return said(text)
    with suppress(KeyError, TypeError, ValueError):  # a catalogue or a store that is odd: as it was said then
        return _said_again(made_of)
    return text


def told(reason: Any) -> str:
    """A stored reason ({key, text, said}) in the reader's language; its key where it has no words."""
    if not isinstance(reason, Mapping):
        return str(reason or "")
    return shown(str(reason.get("text") or ""), reason.get("said")) or str(reason.get("key") or "")


def in_language(text: Said) -> str:
    """The same sentence in the language that is active now."""
    return shown(str(text), text.kept)


def made(text: str, made_of: Kept) -> Said:
    """A sentence as it was said, and what it is made of."""
    sentence = Said(text)
    sentence.kept = made_of
    return sentence


def _plain(values: Any) -> dict[str, Any]:
    """Values as JSON; sentences among them stay sentences."""
    from prm.kernel.decisions import jsonable

    return {str(name): value.kept if isinstance(value, Said) else jsonable(value) for name, value in values.items()}


def _said_again(made_of: Kept) -> Said:
    if "amount" in made_of:
        return amount(made_of["amount"], made_of["currency"])
    if "schema" in made_of:
        from prm.kernel.conditions import retelling

        return retelling.again(made_of)
    sentence = said(made_of["id"])
    return sentence % _again(made_of["with"]) if "with" in made_of else sentence


def _again(values: Kept) -> dict[str, Any]:
    return {name: _said_again(value) if isinstance(value, Mapping) else value for name, value in values.items()}
