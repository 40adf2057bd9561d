"""Comparing text without regard to case, alike in Python and in any PostgreSQL.

Databases differ in what `lower` does to letters beyond ASCII (by version, provider and locale), so the
table is our own: ASCII and the accented Latin letters whose lower case is a single letter.
"""

_LATIN = [chr(code) for code in range(0xC0, 0x180)]
UPPER = "".join(char for char in _LATIN if len(char.lower()) == 1 and char.lower() != char)
LOWER = UPPER.lower()
_TABLE = {
    **{code: code + 32 for code in range(ord("A"), ord("Z") + 1)},
    **dict(zip(map(ord, UPPER), map(ord, LOWER), strict=True)),
}


def fold(text: str) -> str:
    """The text in lower case, as far as the table goes."""
    return text.lower() if text.isascii() else text.translate(_TABLE)
