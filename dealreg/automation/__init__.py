"""What deal registration offers to workflows, rules, messages and imports. Importing it registers all."""

from dealreg.automation import (
    actions,
    answers,
    deal_files,
    disputes,
    importers,
    outcomes,
    panel,
    people,
    program,
    shipped,
    syncing,
    wording,
)

__all__ = [
    "actions",
    "answers",
    "deal_files",
    "disputes",
    "importers",
    "outcomes",
    "panel",
    "people",
    "program",
    "shipped",
    "syncing",
    "wording",
]
