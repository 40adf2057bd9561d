"""Rules that people have been following by hand: found, shown, taken up as a draft (docs/replay.md)."""

from workflows.proposals.finding import Case, Found, find_rule

__all__ = ["Case", "Found", "find_rule"]
