"""The condition builder's two answers: the rows after a button was pressed, and what would match now."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.kernel import clock
from prm.kernel.conditions import FactSchema, NotQueryable, UnknownFact, schema_named, to_q
from prm.kernel.conditions.entry import Entered, change, entered
from prm.kernel.conditions.forms import draw, told_or_none
from prm.kernel.conditions.sql import model_of
from prm.kernel.identity.access import require_roles
from prm.kernel.ui.formats import number

EDITORS = ("admin", "ops")
_PATIENCE = "2s"  # for a count that nobody waits for


@require_POST
@require_roles(*EDITORS)
def edit(request: HttpRequest, schema: str, name: str) -> HttpResponse:
    """The builder again, after a row was added, removed or turned to another field."""
    facts, typed = _typed(request, schema, name)
    ident = request.GET.get("id") or f"id_{name}"
    tree, focus = change(typed, request.POST.get(f"{name}-do", ""))
    return HttpResponse(draw(facts, name, ident, Entered(tree), focus=focus, quiet=True))


@require_POST
@require_roles(*EDITORS)
def preview(request: HttpRequest, schema: str, name: str) -> HttpResponse:
    """The condition as a sentence, and how many subjects it matches now."""
    facts, tree = _typed(request, schema, name)
    told = told_or_none(tree, facts)
    count = _count(tree, facts, request) if told else ""
    return render(request, "ui/condition_summary.html", {"sentence": told, "count": count})


def _typed(request: HttpRequest, schema: str, name: str) -> tuple[FactSchema, Entered]:
    try:
        facts = schema_named(schema)
    except UnknownFact:
        raise Http404 from None
    tree = entered(request.POST, name, facts)
    if tree is None:
        raise Http404
    return facts, tree


def _count(tree: Any, facts: FactSchema, request: HttpRequest) -> str:
    now = request.now  # type: ignore[attr-defined]
    try:
        matching, total = _figures(tree, facts, now)
    except NotQueryable as reason:
        return str(reason)
    except OperationalError:
        return _("That takes too long to count.")
    figures = {"count": number(matching), "total": number(total), "subjects": facts.label}
    return _("Matches %(count)s of %(total)s %(subjects)s now.") % figures


def _figures(tree: Any, facts: FactSchema, now: Any) -> tuple[int, int]:
    rows = model_of(facts)._default_manager
    condition = to_q(tree, facts, now=now, today=clock.local_date(now))
    with _patience():
        return rows.filter(condition).count(), rows.count()


@contextmanager
def _patience() -> Iterator[None]:
    """Within it a query that takes too long is given up; the request goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [_PATIENCE])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [usual])
