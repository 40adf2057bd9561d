"""The faces of identity."""
