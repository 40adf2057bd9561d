"""Asking once what one transaction asks many times: reference data, policies, a partner's standing.

A step of a workflow reads the program's rules, rates and tiers over and over. `@remembered` keeps an answer
for the rest of the `acting()` that asked, per audience, and forgets it when one of the models that it is
read from is written in between: through save, delete, update or bulk_create, in this very context.

An answer that is read from reference data alone (`Wall(reference=True)`) outlasts its context: a trigger gives
the tenant a new stamp with every change of such data, `acting()` reads the stamp together with the time, and
answers are kept by stamp. So a context never sees reference data older than its own beginning.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.db.models import Model, QuerySet
from django.db.models.deletion import get_candidate_relations_to_delete
from django.db.models.signals import post_delete, post_save

from prm.kernel.tenancy.context import Context, current, is_acting

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Row = TypeVar("Row", bound=Model, covariant=True)
_read_from: dict[Any, frozenset[str]] = {}  # function -> the labels of its models, in lower case
_watched: set[str] = set()
_lasting: dict[Any, dict[Any, Any]] = {}  # stamp -> answers
STAMPS, ANSWERS = 50, 5_000  # kept in a process; then it begins anew
WRITTEN = "written"


def remembered(*models: str) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """Ask once per context. `models` are the labels of what the answer is read from, such as "reference.Program".

    Arguments must be hashable, and the answer is shared: whoever gets it may not change it.
    """
    labels = frozenset(label.lower() for label in models)
    _watched.update(labels)

    def wrap(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @wraps(function)
        def ask(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            context = current()
            key = (function, context.audience, args, tuple(sorted(kwargs.items())))
            memory = _memory(context, labels)
            if key not in memory:
                memory[key] = function(*args, **kwargs)
            answer: Answer = memory[key]
            return answer

        _read_from[function] = labels
        return ask

    return wrap


def _memory(context: Context, labels: frozenset[str]) -> dict[Any, Any]:
    """Where an answer is kept: with its context, or by the stamp of the reference data that it is read from."""
    partner = context.partner_ids  # a partner's answers are its own
    if context.stamp is None or partner or WRITTEN in context.memory or not _is_reference(labels):
        return context.memory
    if context.stamp not in _lasting or len(_lasting[context.stamp]) > ANSWERS:
        if len(_lasting) >= STAMPS:
            _lasting.clear()
        _lasting[context.stamp] = {}
    return _lasting[context.stamp]


_reference: dict[frozenset[str], bool] = {}


def _is_reference(labels: frozenset[str]) -> bool:
    if labels not in _reference:
        models = [apps.get_model(label) for label in labels]
        _reference[labels] = all(m._meta.label == "tenancy.Tenant" or m.wall.reference for m in models)
    return _reference[labels]


def keep(function: Callable[..., Any], answer: Any, *args: Any) -> None:
    """What the remembered function would answer from here on, known to whoever has just written or read it."""
    memory, key = _kept(function, args)
    memory[key] = answer


def is_kept(function: Callable[..., Any], *args: Any) -> bool:
    """Whether the remembered function need not ask."""
    memory, key = _kept(function, args)
    return key in memory


def _kept(function: Any, args: tuple[Any, ...]) -> tuple[dict[Any, Any], Any]:
    context, asks = current(), function.__wrapped__
    return _memory(context, _read_from[asks]), (asks, context.audience, args, ())


def forget(label: str) -> None:
    """A row of this model was written here: what was read from it may be old."""
    if label in _watched and is_acting():
        memory = current().memory
        for key in [key for key in memory if key != WRITTEN and label in _read_from[key[0]]]:
            del memory[key]
        if label == "tenancy.tenant" or apps.get_model(label).wall.reference:
            memory[WRITTEN] = True  # others keep the old stamp's answers until this is committed


def begin_anew() -> None:
    """Forget what outlasts contexts."""
    _lasting.clear()


def forget_all() -> None:
    """What was written since a savepoint has been taken back: nothing read since then may stay."""
    memory = current().memory
    written = memory.pop(WRITTEN, False)
    memory.clear()
    if written:
        memory[WRITTEN] = True


def _written(sender: Any, **_told: Any) -> None:
    forget(sender._meta.label_lower)


post_save.connect(_written, dispatch_uid="remembering.save")
post_delete.connect(_written, dispatch_uid="remembering.delete")


class TenantQuerySet(QuerySet[Row]):
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
        """Django reads what it deletes, for signals and for what hangs on it; here that is told or not there."""
        forget(self.model._meta.label_lower)
        query = self.query
        plain = not (query.is_sliced or query.combinator or query.distinct or query.values_select)
        if not plain or _has_what_hangs_on_it(self.model):
            return super().delete()
        rows = self.all()
        rows._for_write = True  # type: ignore[attr-defined]
        rows.query.select_for_update = rows.query.select_related = False
        rows.query.clear_ordering(force=True)
        count = rows._raw_delete(rows.db)
        return count, {self.model._meta.label: count}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


@cache
def _has_what_hangs_on_it(model: type[Model]) -> bool:
    return any(get_candidate_relations_to_delete(model._meta))
