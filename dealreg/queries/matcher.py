"""Whether records are found by the keys that today's matcher makes."""

from prm.kernel.audit.models import AuditEntry
from prm.kernel.matching import FINGERPRINT


def keys_are_current() -> bool:
    """Whether this very matcher has looked at every record of the vendor."""
    last = AuditEntry.objects.filter(action="keys.refreshed").order_by("-at", "-id").first()
    return last is not None and last.after.get("matcher") == FINGERPRINT
