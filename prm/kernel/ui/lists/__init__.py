"""The one list: filter, sort, columns, saved views with counts, bulk with preview, export, keyboard."""

from prm.kernel.ui.lists.base import Empty, List, View
from prm.kernel.ui.lists.bulk import BulkAction, Done, Plan
from prm.kernel.ui.lists.columns import Column
from prm.kernel.ui.lists.filters import Choice, ChoiceOrNone, Filter, Flag, Period, Range, Search
from prm.kernel.ui.lists.views import ListView

__all__ = [
    "BulkAction",
    "Choice",
    "ChoiceOrNone",
    "Column",
    "Done",
    "Empty",
    "Filter",
    "Flag",
    "List",
    "ListView",
    "Period",
    "Plan",
    "Range",
    "Search",
    "View",
]
