"""The program's own PostgreSQL and Redis, for demo, tests and benchmarks; the supervisor of `make demo`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prm.embedded.processes import EmbeddedError
    from prm.embedded.users import Handle, ensure_started

__all__ = ["EmbeddedError", "Handle", "ensure_started"]
_ROOMS = {"EmbeddedError": "processes", "Handle": "users", "ensure_started": "users"}


def __getattr__(name: str) -> Any:
    """Load on first use: settings need the addresses alone, whoever runs the servers."""
    if name not in _ROOMS:
        raise AttributeError(name)
    return getattr(import_module(f"prm.embedded.{_ROOMS[name]}"), name)
