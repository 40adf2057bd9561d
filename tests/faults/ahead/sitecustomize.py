"""A process that finds this on its path lives CAMPAIGN_AHEAD seconds in the future; its monotonic clock is right."""

import datetime as _module
import os
import time
from typing import Any

_real, _time, _time_ns = _module.datetime, time.time, time.time_ns
AHEAD = float(os.environ.get("CAMPAIGN_AHEAD") or 0)


class _Like(type):
    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, _real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _real)


class _Ahead(_real, metaclass=_Like):
    """Makes plain datetimes, so that whoever looks at their type sees what they know."""

    def __new__(cls, *args: Any, **more: Any) -> Any:
        return _real(*args, **more)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _real.fromtimestamp(_time() + AHEAD, tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(_module.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


if AHEAD:
    time.time = lambda: _time() + AHEAD
    time.time_ns = lambda: _time_ns() + int(AHEAD * 1e9)
    _module.datetime = _Ahead  # type: ignore[misc]
