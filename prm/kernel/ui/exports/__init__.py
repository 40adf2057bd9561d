"""Tables as files: a page offers its table, a task writes it within the asker's wall, a signed link fetches it."""

from prm.kernel.ui.exports.tables import Head, Table, TableResponse, is_asked, offers_table

__all__ = ["Head", "Table", "TableResponse", "is_asked", "offers_table"]
