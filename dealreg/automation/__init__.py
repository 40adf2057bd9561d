"""What deal registration offers to workflows, rules, messages and imports. Importing it registers all."""

from dealreg.automation import actions, importers, panel, people, shipped, wording

__all__ = ["actions", "importers", "panel", "people", "shipped", "wording"]
