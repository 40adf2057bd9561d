"""Row ids that sort by time (RFC 9562, version 7): neighbours in time are neighbours in the index."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """Unix milliseconds in 48 bits, their fraction in 12 (RFC 9562, 6.2, method 3), then 62 random bits.

    Of two that one process makes the later one sorts later, as what happened within a millisecond must. An id says
    roughly when; it is not a clock.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | chance)
