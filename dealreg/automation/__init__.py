"""What deal registration offers to workflows, rules, messages and imports. Importing it registers all."""

from dealreg.automation import actions, importers, panel, people, program, shipped, wording

__all__ = ["actions", "importers", "panel", "people", "program", "shipped", "wording"]
