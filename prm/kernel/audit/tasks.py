"""Hints only: what is not sealed yet is a list in PostgreSQL."""

from prm.celery import app
from prm.kernel.audit import sealing


@app.task(base=app.PlatformTask)  # type: ignore[untyped-decorator]
def seal() -> int:
    """Put new entries of the audit into blocks."""
    return sealing.seal_all()
