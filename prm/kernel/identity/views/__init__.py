"""The faces of identity."""

from prm.kernel.identity.views.organisations import choose, root

__all__ = ["choose", "root"]
