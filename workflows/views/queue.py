"""The exception queue: the list beside what is chosen, and everything that keeps the one in step with the other."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.kernel.automation import registry
from prm.kernel.identity import roles
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import ANSWERING_ROLES
from prm.kernel.identity.models import Membership
from prm.kernel.ui import actions
from prm.kernel.ui.counts import count_of
from prm.kernel.ui.models import SavedView
from workflows import queries
from workflows.models import HumanTask
from workflows.queries.proposals import proposal_for
from workflows.queries.tasks import SORTS, put_by, task_named
from workflows.views import DISPATCHERS, EVERYBODY, WORKERS, Asking
from workflows.views.choices import answers_of, snoozes

ROWS = 50
NARROWING = ("owner", "tier", "due", "least")
SAVED_AS = "queue"


@dataclass
class Split:
    """One look at the queue: which view, which row, and where one goes from here."""

    request: Asking
    params: QueryDict
    chosen: UUID | None = None
    position: int = 0
    undone_url: str = ""
    went_on: bool = False

    @property
    def view(self) -> str:
        return self.params.get("view") or "all"

    @property
    def sort(self) -> str:
        asked = self.params.get("sort", "")
        return asked if asked in SORTS else "due"

    @property
    def search(self) -> str:
        return self.params.get("q", "").strip()[:100]

    @cached_property
    def rows(self) -> list[HumanTask]:
        found = queries.queue_of(
            self.view,
            self.request.actor,
            self.request.now,
            search=self.search,
            sort=self.sort,
            narrowing={name: self.params.get(name, "")[:100] for name in NARROWING},
        )
        return list(found[: ROWS + 1])

    @property
    def shown(self) -> list[HumanTask]:
        return self.rows[:ROWS]

    @cached_property
    def task(self) -> HumanTask | None:
        """The chosen task, whether or not the view still lists it; else what is listed at the same place."""
        if self.chosen is None:
            return self.shown[min(self.position, len(self.shown) - 1)] if self.shown else None
        try:
            return next((row for row in self.shown if row.pk == self.chosen), None) or task_named(self.chosen)
        except HumanTask.DoesNotExist:
            raise Http404 from None

    @cached_property
    def place(self) -> int:
        found = [index for index, row in enumerate(self.shown) if self.task and row.pk == self.task.pk]
        return found[0] if found else 0

    @property
    def shows_task(self) -> bool:
        """On a phone there is room for one of the two: the task once it has been asked for."""
        return self.task is not None and (self.chosen is not None or self.went_on)

    @property
    def is_listed(self) -> bool:
        return any(self.task is not None and row.pk == self.task.pk for row in self.shown)

    def url(self, task: HumanTask | None = None) -> str:
        """The address of the queue in this state, or of one of its tasks."""
        path = reverse("workflows:task", args=[task.pk]) if task else reverse("workflows:queue")
        return f"{path}?{self.state}" if self.state else path

    @cached_property
    def state(self) -> str:
        kept = QueryDict(mutable=True)
        for name in ("view", "sort", "q", "saved", *NARROWING):
            if value := self.params.get(name):
                kept[name] = value
        return kept.urlencode()

    def context(self) -> dict[str, Any]:
        """Everything that workflows/queue_split.html shows."""
        views, tiers = self._views()
        context = {
            "split": self,
            "rows": [(row, self.url(row)) for row in self.shown],
            "more": len(self.rows) > ROWS,
            "views": views,
            "incident_count": count_of(self.request, "incidents"),
            "picks": self.request.actor.has(*WORKERS),
            "task": self.task,
            "sorts": [
                ("due", _("Due first")),
                ("value", _("Largest first")),
                ("oldest", _("Oldest first")),
                ("newest", _("Newest first")),
            ],
            "owners": [("me", _("Me")), *((str(p.pk), str(p)) for p in self.people), *_role_choices()],
            "tiers": tiers,
            "dues": [("today", _("By tonight")), ("week", _("Within seven days"))],
            "may_move": self.request.actor.has(*DISPATCHERS),
            "previous_url": self._neighbour(-1),
            "next_url": self._neighbour(1),
        }
        return context | (self._detail(self.task) if self.task else {})

    @cached_property
    def people(self) -> list[Membership]:
        """Who a task can belong to."""
        return queries.assignable()

    def _views(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The views with their addresses, and the tiers that can be asked for."""
        base, chosen = reverse("workflows:queue"), self.params.get("saved", "")
        own = {str(view.pk): view for view in self.saved}
        asks = [(key, view.name, QueryDict(view.query).dict()) for key, view in own.items()]
        shown = []
        views, tiers = queries.views_of(self.request.actor, self.request.now, asks)
        for view in views:
            key = view["key"]
            if key in own:
                shown.append({**view, "url": f"{base}?{own[key].query}&saved={key}", "current": key == chosen})
            else:
                current = key == self.view and not chosen and not self.is_narrowed
                shown.append({**view, "url": f"{base}?view={key}", "current": current})
        return shown, tiers

    @cached_property
    def saved(self) -> list[SavedView]:
        """The reader's own views of the queue."""
        mine = SavedView.objects.filter(owner_id=self.request.membership.pk, list_key=SAVED_AS)
        return list(mine.order_by("name")[:20])

    @property
    def current_saved(self) -> SavedView | None:
        return next((view for view in self.saved if str(view.pk) == self.params.get("saved")), None)

    @property
    def is_narrowed(self) -> bool:
        return any(self.params.get(name) for name in NARROWING)

    def _neighbour(self, step: int) -> str:
        if not self.shown:
            return ""
        at = self.place + step if self.is_listed else 0
        return self.url(self.shown[min(max(at, 0), len(self.shown) - 1)])

    def _detail(self, task: HumanTask) -> dict[str, Any]:
        request = self.request
        panel = registry.panels.get(task.subject_type)
        row = panel.rows([task.subject_id]).get(task.subject_id, {}) if panel else {}
        evidence = dict(panel.evidence(task.subject_id)) if panel and row else {}
        mine = request.membership.pk
        claimed = task.claimed_by if task.claim_until and task.claim_until > task.machine else None  # type: ignore[attr-defined]
        return {
            **evidence,
            "panel": panel if row else None,
            "subject": row,
            "claimed": claimed,
            "claimed_by_me": claimed is not None and claimed.pk == mine,
            "held": claimed is not None and claimed.pk != mine,
            "answers": answers_of(task, evidence) if task.is_open else [],
            "may_decide": queries.may_decide(task, request.actor),
            "may_assign": request.actor.has("ops", "admin"),
            "people": self.people if request.actor.has("ops", "admin") else [],
            "snoozes": snoozes(request.now),
            "history": list(reversed(registry.story_of(task.subject_type, task.subject_id)))[:40],
            "put_by": put_by(task),
            "proposal": proposal_for(task),
            "votes": list(task.votes.order_by("at")) if task.quorum > 1 else [],
        }


@require_GET
@require_roles(*EVERYBODY)
def queue(request: Asking) -> HttpResponse:
    """The queue with its first row open, or with the open task of ?subject=."""
    split = Split(request, request.GET)
    subject = request.GET.get("subject")
    if subject and (task := queries.open_task_for(_uuid(subject))):
        split.chosen, split.task = task.pk, task
    return show(request, split)


@require_GET
@require_roles(*EVERYBODY)
def task(request: Asking, task_id: UUID) -> HttpResponse:
    """The queue with one task open."""
    return show(request, Split(request, request.GET, chosen=task_id))


@require_POST
@require_roles(*WORKERS)
def save_view(request: Asking) -> HttpResponse:
    """Keep what the queue shows now under a name, or forget a view of one's own."""
    split = Split(request, QueryDict(request.POST.get("state", "")[:2000]))
    if forgotten := request.POST.get("delete"):
        for view in split.saved:
            if str(view.pk) == forgotten:
                actions.delete_view(view_id=view.pk)
                messages.success(request, _("“%(name)s” was removed from your views.") % {"name": view.name})
        return redirect("workflows:queue")
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        messages.warning(request, _("Give the view a name."))
        return redirect(split.url())
    query = split.params
    kept = QueryDict(mutable=True)
    for part in ("view", "sort", "q", *NARROWING):
        if value := query.get(part):
            kept[part] = value
    saved = actions.save_view(
        owner_id=request.membership.pk, partner_id=None, list_key=SAVED_AS, name=name, query=kept.urlencode()
    )
    messages.success(request, _("“%(name)s” is now one of your views.") % {"name": saved.name})
    return redirect(f"{reverse('workflows:queue')}?{saved.query}&saved={saved.pk}")


def _role_choices() -> list[tuple[str, str]]:
    return [(f"role:{role}", _("Role: %(role)s") % {"role": roles.label(role)}) for role in ANSWERING_ROLES]


def show(request: Asking, split: Split) -> HttpResponse:
    """The whole page, or over htmx the split view alone."""
    htmx = request.htmx
    part = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    return render(request, "workflows/queue_split.html" if part else "workflows/queue.html", split.context())


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
