"""What other pages may ask about workflows, tasks and incidents."""

from workflows.queries.stories import open_task_for, story, timeline
from workflows.queries.surroundings import surroundings
from workflows.queries.tasks import (
    Counts,
    assignable,
    counts,
    may_decide,
    open_tasks,
    queue_of,
    views_of,
)

__all__ = [
    "Counts",
    "assignable",
    "counts",
    "may_decide",
    "open_task_for",
    "open_tasks",
    "queue_of",
    "story",
    "surroundings",
    "timeline",
    "views_of",
]
