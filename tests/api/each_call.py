"""A hook of schemathesis: every call has a key of its own, or most POSTs would be refused as repeats of others."""

from itertools import count
from typing import Any

import schemathesis

NUMBERS = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Number a key that is one; what is no key stays none."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key.strip()) <= 180:
        case.headers["Idempotency-Key"] = f"{key}{next(NUMBERS)}"
