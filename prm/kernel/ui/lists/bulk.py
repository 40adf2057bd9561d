"""One action on many rows: first what would happen, then, confirmed, that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import Form
from django.http import HttpRequest
from django.utils.functional import Promise

Text = str | Promise
LIMIT = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action would do: the rows it takes, and those it skips, each with the reason."""

    will: Sequence[Any]
    skipped: Sequence[tuple[Any, Text]] = ()

    def reasons(self) -> list[tuple[str, int]]:
        """How many are skipped for which reason, the most first."""
        counts: dict[str, int] = {}
        for _row, reason in self.skipped:
            counts[str(reason)] = counts.get(str(reason), 0) + 1
        return sorted(counts.items(), key=lambda item: -item[1])


def takes_all(request: HttpRequest, rows: Sequence[Any]) -> Plan:
    return Plan(will=rows)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in a sentence, and the address to POST to that takes it back within ten seconds."""

    text: Text
    undo: str = ""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """`preview(request, rows)` gives a Plan, `run(request, rows)` does it and may return a sentence or Done.

    With a `form(request)`, what the reader types there comes as a third argument: None to the first preview.
    The rows are always the reader's own view of the list: an id from elsewhere is not among them.
    """

    key: str
    label: Text
    run: Callable[..., Text | Done | None]
    preview: Callable[..., Plan] = field(default=takes_all)
    form: Callable[[HttpRequest], Form] | None = None
    icon: str = "check"
    danger: bool = False
    roles: frozenset[str] | None = None
    warning: Text = ""  # what the preview says of it, such as that nothing takes it back

    def offered_to(self, roles: frozenset[str]) -> bool:
        return self.roles is None or not self.roles.isdisjoint(roles)
