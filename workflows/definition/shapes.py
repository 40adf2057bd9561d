"""The small shapes that values of a tree have."""

import re
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
YEAR = 527_040  # minutes


def is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_minutes(value: Any) -> bool:
    return is_int(value) and 1 <= value <= YEAR
