"""Short names: initials that a long name makes, and whether one name abbreviates the other."""

import re
from collections.abc import Iterator
from functools import lru_cache

from prm.kernel.matching.normalise import NameForm

_SOUNDS = str.maketrans("lvzkqcxj", "rbssssss")
_SOUNDED = _SOUNDS | dict.fromkeys(map(ord, "aeiouyhw"))
_DOUBLE = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> str:
    """Consonants as a foreign ear hears them: no vowels, no doubles; l is r, v is b, c k q s z are one."""
    return _DOUBLE.sub(r"\1", word[:1].translate(_SOUNDS) + word[1:].translate(_SOUNDED))


def initials_of(form: NameForm) -> tuple[str, ...]:
    """Initials without and with the stop words; only for names of three words or more."""
    content = "".join(head[0] for head in form.heads if head[0] != "-")
    whole = "".join(head.lstrip("-")[:1] for head in form.heads)
    return tuple(dict.fromkeys(i for i in (content, whole) if 3 <= len(i) <= 10))


def shortened_initials(form: NameForm) -> Iterator[str]:
    """Initials of a long name with one word left out, and of its last three and four words."""
    content = "".join(head[0] for head in form.heads if head[0] != "-")[:8]
    if len(content) > 3:
        for position in range(len(content)):
            yield content[:position] + content[position + 1 :]
        yield from (content[-3:], content[-4:])


def abbreviates(short: str, form: NameForm) -> int:
    """How well `short` abbreviates the name: 0 not, 1 loosely, 2 by heads of words, 3 by its initials.

    Two: each word of substance gives one to three letters, in order (UCOL, Universal College of Learning).
    One: three quarters of the words give their first letters, in order.
    """
    words = form.heads
    if not 2 <= len(short) <= 8 or len(words) < 2:
        return 0
    if short[0] not in (words[0].lstrip("-")[:1], next((word[0] for word in words if word[0] != "-"), "")):
        return 0
    if short in initials_of(form) or (len(words) == 2 and short == words[0][:1] + words[1][:1]):
        return 3
    if _fits(short, words):
        return 2
    return 1 if len(short) >= 3 and _loosely(short, words) else 0


def _fits(short: str, words: tuple[str, ...]) -> bool:
    """Can `short` be cut so that each word gives its head? Stop words may give nothing."""
    reached = {0}
    for word in words:
        head = word.lstrip("-")
        onward = {
            at + length for at in reached for length in range(1, len(head) + 1) if short.startswith(head[:length], at)
        }
        reached = onward | reached if word[0] == "-" else onward
    return len(short) in reached


def _loosely(short: str, words: tuple[str, ...]) -> bool:
    initials = [word.lstrip("-")[:1] for word in words]
    at = 0
    for letter in short:
        try:
            at = initials.index(letter, at) + 1
        except ValueError:
            return False
    content = sum(word[0] != "-" for word in words)
    return len(short) >= 0.75 * content
