"""A hint only: what is due is read from PostgreSQL."""

from prm.celery import app
from prm.kernel.ui.exports import work


@app.task(base=app.PlatformTask, time_limit=1000, soft_time_limit=900)  # type: ignore[untyped-decorator]
def write_exports() -> int:
    """Write the exports that somebody asked for and remove those whose time is over."""
    with work.one_at_a_time() as mine:
        return work.write_due() if mine else 0
