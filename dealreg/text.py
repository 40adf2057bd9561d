"""Text as people type it, made plain: before anything else is read from it."""

import re
import unicodedata
from typing import Any

_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")


class Unreadable(ValueError):
    """A field's text can't be read: `problem` is the part of the key after the field's name."""

    def __init__(self, problem: str, text: str) -> None:
        super().__init__(text)
        self.problem, self.text = problem, text


def plain(text: Any) -> str:
    """One line without control characters or marks that turn the direction of other text."""
    told = str(text if text is not None else "")
    if told.isprintable():
        return " ".join(told.split())
    kept = _HIDDEN.sub("", told)
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in kept).split())


def paragraphs(text: Any) -> str:
    """Several lines, each plain."""
    lines = str(text if text is not None else "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(plain(line) for line in lines).strip()
