"""The one fault of a definition."""


class BrokenDefinition(ValueError):
    """The tree can't be followed; trying again would not help."""
