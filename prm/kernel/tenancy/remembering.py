"""Asking once what one transaction asks many times: reference data, policies, a partner's standing.

A step of a workflow reads the program's rules, rates and tiers over and over. `@remembered` keeps an answer
for the rest of the `acting()` that asked, per audience, and forgets all of them when one of the named models
is written in between: through save, delete, update or bulk_create, in this very context. What others commit
meanwhile counts from the next context on.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save

from prm.kernel.tenancy.context import current, is_acting

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
_watched: set[str] = set()


def remembered(*models: str) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """Ask once per context. `models` are the labels of what the answer is read from, such as "reference.Program".

    Arguments must be hashable, and the answer is shared: whoever gets it may not change it.
    """
    _watched.update(label.lower() for label in models)

    def wrap(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @wraps(function)
        def ask(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            context = current()
            key = (function, context.audience, args, tuple(sorted(kwargs.items())))
            if key not in context.memory:
                context.memory[key] = function(*args, **kwargs)
            answer: Answer = context.memory[key]
            return answer

        return ask

    return wrap


def forget(label: str) -> None:
    """A row of this model was written: whatever was remembered may be old."""
    if label in _watched and is_acting():
        current().memory.clear()


def _written(sender: Any, **_told: Any) -> None:
    forget(sender._meta.label_lower)


post_save.connect(_written, dispatch_uid="remembering.save")
post_delete.connect(_written, dispatch_uid="remembering.delete")


class TenantQuerySet(QuerySet):  # type: ignore[type-arg]
    """Rows of a tenant; writing many at once is told to what was remembered."""

    def update(self, **values: Any) -> int:
        forget(self.model._meta.label_lower)
        return super().update(**values)

    def bulk_create(self, *args: Any, **options: Any) -> Any:
        forget(self.model._meta.label_lower)
        return super().bulk_create(*args, **options)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        forget(self.model._meta.label_lower)
        return super().bulk_update(*args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        forget(self.model._meta.label_lower)
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]
