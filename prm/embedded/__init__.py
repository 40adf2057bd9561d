"""The program's own PostgreSQL and Redis, for demo, tests and benchmarks; the supervisor of `make demo`."""

from prm.embedded.processes import EmbeddedError
from prm.embedded.users import Handle, ensure_started

__all__ = ["EmbeddedError", "Handle", "ensure_started"]
