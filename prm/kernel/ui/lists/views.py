"""The page of a list: shows it, narrows it over htmx, offers its table, keeps views and runs bulk actions."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View as DjangoView

from prm.kernel.ui import actions
from prm.kernel.ui.context import Shell
from prm.kernel.ui.exports.tables import TableResponse, is_asked
from prm.kernel.ui.lists import bulk
from prm.kernel.ui.lists.base import List


class ListView(DjangoView):
    """Set `list`; `roles` None means everybody of the audience. Override `context` to add to the page."""

    list: type[List]
    template_name = "ui/list_page.html"
    roles: frozenset[str] | None = None
    crumbs: Sequence[tuple[Any, str]] = ()
    offers_table = True
    primary: tuple[Any, str] | None = None  # label and url name of the page's one primary action

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.roles is not None and self.roles.isdisjoint(Shell(request).roles):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def make(self, request: HttpRequest) -> List:
        """The list of this request; override to hand it more than the request."""
        return self.list(request)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = self.make(request)
        return TableResponse(rows.table()) if is_asked(request) else self._shown(request, rows)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = self.make(request)
        if "save_view" in request.POST:
            return self._save_view(request, rows)
        if "delete_view" in request.POST:
            return self._delete_view(request, rows)
        return self._bulk(request, rows)

    def _shown(self, request: HttpRequest, rows: List) -> HttpResponse:
        htmx: Any = getattr(request, "htmx", None)
        part = bool(htmx) and htmx.target == f"list-{rows.key}" and not htmx.history_restore_request
        template = "ui/list/list.html" if part else self.template_name
        response = render(request, template, {"list": rows.page(), "view": self, **self.context(request)})
        response["Vary"] = "HX-Request, HX-Target, Cookie"
        return response

    def _save_view(self, request: HttpRequest, rows: List) -> HttpResponse:
        name = request.POST.get("name", "").strip()
        owner = getattr(request, "membership", None)
        if not name or owner is None:
            raise Http404
        saved = actions.save_view(
            owner_id=owner.pk,
            partner_id=owner.partner_id,
            list_key=rows.key,
            name=name[:60],
            query=_state_only(rows, request.POST.get("query", "")),
        )
        messages.success(request, _("“%(name)s” is now one of your views.") % {"name": saved.name})
        return HttpResponseRedirect(f"{request.path}?{saved.query}{'&' if saved.query else ''}saved={saved.pk}")

    def _delete_view(self, request: HttpRequest, rows: List) -> HttpResponse:
        for saved in rows.saved:
            if str(saved.pk) == request.POST["delete_view"]:
                actions.delete_view(view_id=saved.pk)
                messages.success(request, _("“%(name)s” was removed from your views.") % {"name": saved.name})
        return HttpResponseRedirect(request.path)

    def _bulk(self, request: HttpRequest, rows: List) -> HttpResponse:
        action = next((one for one in rows.actions if one.key == request.POST.get("bulk")), None)
        if action is None:
            raise PermissionDenied
        chosen, form = _chosen(request, rows), action.form(request) if action.form else None
        sent = "confirmed" in request.POST and (form is None or form.is_valid())
        given = () if form is None else (form.cleaned_data if sent else None,)
        plan = action.preview(request, chosen, *given) if chosen else bulk.Plan(will=())
        if sent and plan.will:
            return self._run(request, rows, action, plan, given)
        context = {"list": rows.page(), "action": action, "plan": plan, "all": "all" in request.POST}
        context |= _named(rows, plan)
        alone = bool(getattr(request, "htmx", None))
        template = "ui/list/bulk_dialog.html" if alone else "ui/list/bulk_page.html"
        return render(request, template, context | {"chosen": chosen, "form": form})

    def _run(
        self, request: HttpRequest, rows: List, action: bulk.BulkAction, plan: bulk.Plan, given: tuple[Any, ...]
    ) -> HttpResponse:
        said = action.run(request, plan.will, *given)
        done = said if isinstance(said, bulk.Done) else bulk.Done(said or _done(action, len(plan.will)))
        messages.success(request, str(done.text), extra_tags=f"undo={done.undo}" if done.undo else "")
        return HttpResponseRedirect(rows.url())


NAMED = 50  # rows that a preview names


def _named(rows: List, plan: bulk.Plan) -> dict[str, Any]:
    """The rows of a plan as the list's first column calls them."""
    lead = rows.shown[0]
    return {
        "will": [lead.raw(row) for row in plan.will[:NAMED]],
        "left": [(lead.raw(row), reason) for row, reason in plan.skipped[:NAMED]],
    }


def _done(action: bulk.BulkAction, count: int) -> str:
    text = ngettext("%(action)s: %(count)d done.", "%(action)s: %(count)d done.", count)
    return text % {"action": action.label, "count": count}


def _chosen(request: HttpRequest, rows: List) -> list[Any]:
    """The rows ticked (or all that are filtered), read through the reader's own list, so never another's."""
    if "all" in request.POST:
        return list(rows.filtered[: bulk.LIMIT])
    ids = [text for text in request.POST.getlist("ids")[: bulk.LIMIT] if _is_id(rows, text)]
    return list(rows.filtered.filter(pk__in=ids))


def _is_id(rows: List, text: str) -> bool:
    try:
        rows.filtered.model._meta.pk.to_python(text)
    except (ValidationError, ValueError):
        return False
    return True


def _state_only(rows: List, query: str) -> str:
    """The parts of a query string that are this list's state; nothing else is kept."""
    known = {name for one in rows.filters for name in one.names} | {"view", "sort", "cols"}
    pairs = [(name, value) for name, values in QueryDict(query[:2000]).lists() for value in values if name in known]
    return urlencode(pairs)
