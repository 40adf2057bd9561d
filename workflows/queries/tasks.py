"""The exception queue as its pages show it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.audit.models import DecisionRecord
from prm.kernel.automation import registry
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from workflows import rules
from workflows.models import HumanTask, Incident
from workflows.queries.workload import end_of_day, held_by, nobodys

LABELS = {
    "deals": gettext_lazy("Deals"),
    "disputes": gettext_lazy("Disputes"),
    "applications": gettext_lazy("Applications"),
    "claims": gettext_lazy("Claims"),
    "tiers": gettext_lazy("Tiers"),
    "compliance": gettext_lazy("Compliance"),
    "data": gettext_lazy("Data"),
    "incidents": gettext_lazy("Incidents"),
    "late": gettext_lazy("Escalations"),
    "questions": gettext_lazy("Questions"),
}
MOST = Decimal(10) ** 16
SORTS = {
    "due": (F("due_at").asc(nulls_last=True), "opened_at", "id"),
    "value": (F("value").desc(nulls_last=True), "id"),
    "oldest": ("opened_at", "id"),
    "newest": ("-opened_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits, at a glance."""

    open: int
    late: int
    soon: int
    mine: int
    unowned: int
    incidents: int


def open_tasks(now: datetime, *, snoozed: bool = False) -> QuerySet[HumanTask]:
    """Questions that wait for people; those put aside come back by themselves."""
    hidden = Q(snoozed_until__gt=now)
    tasks = HumanTask.objects.filter(status="open")
    return tasks.filter(hidden) if snoozed else tasks.exclude(hidden)


def mine(actor: Actor) -> Q:
    """Tasks that are the actor's own: owned or claimed, or of one of the actor's roles and nobody's yet."""
    own = Q(owner_id=actor.membership_id) | Q(claimed_by_id=actor.membership_id, claim_until__gt=Now())
    return own | (nobodys() & Q(role__in=sorted(actor.roles)))


def put_by(task: HumanTask) -> Mapping[str, Any] | None:
    """The decision by which the queue's rules gave the task to its owner; None where they did not."""
    if not task.assigned_by:
        return None
    found = DecisionRecord.objects.filter(subject_id=task.pk, rule__startswith="task-assignment/")
    return found.order_by("-recorded_at").values_list("document", flat=True).first()


def queue_of(
    view: str,
    actor: Actor,
    now: datetime,
    *,
    search: str = "",
    sort: str = "due",
    narrowing: Mapping[str, str] | None = None,
) -> QuerySet[HumanTask]:
    """One view of the queue, filtered and in order."""
    wanted = {**(narrowing or {}), "view": view, "q": search}
    tasks = HumanTask.objects.filter(status="open").filter(narrowed(wanted, actor, now))
    tasks = tasks.select_related("owner", "claimed_by")
    return tasks.annotate(machine=Now()).order_by(*SORTS.get(sort, SORTS["due"]))


def narrowed(wanted: Mapping[str, str], actor: Actor, now: datetime) -> Q:
    """What an address of the queue asks for: view, q, owner, tier, due and least value. Nonsense asks nothing."""
    view, search, owner = wanted.get("view") or "all", wanted.get("q", "").strip(), wanted.get("owner", "")
    asked = _snoozed(now) if view == "snoozed" else ~_snoozed(now)
    if view == "mine":
        asked &= mine(actor)
    elif view == "late":
        asked &= Q(due_at__lt=now)
    elif view not in ("all", "snoozed"):
        asked &= _in_view(view)
    if search:
        asked &= Q(subject_name__icontains=search) | Q(partner_name__icontains=search)
    if tier := wanted.get("tier", ""):
        asked &= Q(tier=tier)
    return asked & _owned(owner, actor) & _due(wanted.get("due", ""), now) & _worth(wanted.get("least", ""))


def _in_view(view: str) -> Q:
    """A queue, or a view that an app offers by the reasons for which tasks are there."""
    offered = registry.queue_views.get(view)
    found = Q(queue=view)
    for key in offered.reasons if offered else ():
        found |= Q(reasons__contains=[{"key": key}])
    return found


def _owned(owner: str, actor: Actor) -> Q:
    if owner == "me":
        return Q(owner_id=actor.membership_id)
    if owner.startswith("role:"):
        return nobodys() & Q(role=owner.removeprefix("role:"))
    try:
        return held_by(UUID(owner))
    except ValueError:
        return Q()


def _due(due: str, now: datetime) -> Q:
    ends = {"today": end_of_day(now), "week": end_of_day(now) + timedelta(days=6)}
    return Q(due_at__lt=ends[due]) if due in ends else Q()


def _worth(least: str) -> Q:
    try:
        amount = Decimal(least or "NaN")
    except InvalidOperation:
        return Q()
    return Q(value__gte=amount) if amount.is_finite() and abs(amount) < MOST else Q()


def views_of(
    actor: Actor, now: datetime, saved: Iterable[tuple[str, str, Mapping[str, str]]] = ()
) -> tuple[list[dict[str, Any]], list[str]]:
    """The views with their counts, the reader's own last (id, name, what it asks), and the tiers of whoever
    waits: one query for all."""
    own = list(saved)
    groups = HumanTask.objects.filter(status="open").values("queue", "tier").order_by("queue", "tier")
    counted = groups.annotate(
        all=Count("id", filter=~_snoozed(now)),
        mine=Count("id", filter=mine(actor) & ~_snoozed(now)),
        late=Count("id", filter=Q(due_at__lt=now) & ~_snoozed(now)),
        snoozed=Count("id", filter=_snoozed(now)),
        **{f"view_{key}": Count("id", filter=_in_view(key) & ~_snoozed(now)) for key in registry.queue_views},
        **{f"saved_{place}": Count("id", filter=narrowed(asks, actor, now)) for place, (_, _, asks) in enumerate(own)},
    )
    total: Counter[str] = Counter()
    by_queue, tiers = {"deals": 0}, set()
    for row in counted:
        total.update({key: count for key, count in row.items() if key not in ("queue", "tier")})
        tiers.add(row["tier"])
        if row["all"]:
            by_queue[row["queue"]] = by_queue.get(row["queue"], 0) + row["all"]
    by_queue |= {key: total[f"view_{key}"] for key in registry.queue_views}
    fixed = [
        ("all", _("Everything"), total["all"]),
        ("mine", _("Mine"), total["mine"]),
        ("late", _("Late"), total["late"]),
    ]
    named = [(key, _named(key), count) for key, count in by_queue.items()]
    last = [("snoozed", _("Snoozed"), total["snoozed"])]
    mine_too = [(key, name, total[f"saved_{place}"]) for place, (key, name, _asks) in enumerate(own)]
    every = (*fixed, *named, *last, *mine_too)
    views = [{"key": key, "label": label, "count": count} for key, label, count in every]
    return views, sorted(tiers - {""})


def _named(key: str) -> str:
    offered = registry.queue_views.get(key)
    return str(offered.label if offered else LABELS.get(key, key.capitalize()))


def _snoozed(now: datetime) -> Q:
    return Q(snoozed_until__isnull=False, snoozed_until__gt=now)


def counts(actor: Actor, now: datetime) -> Counts:
    """The figures of Today."""
    open_now = open_tasks(now)
    soon = Q(due_at__gte=now, due_at__lt=now + timedelta(hours=4))
    figures = open_now.aggregate(
        open=Count("id"),
        late=Count("id", filter=Q(due_at__lt=now)),
        soon=Count("id", filter=soon),
        mine=Count("id", filter=mine(actor)),
        unowned=Count("id", filter=nobodys()),
    )
    return Counts(**figures, incidents=open_incidents().count())


def task_named(task_id: UUID) -> HumanTask:
    """One task with its people. Raises HumanTask.DoesNotExist."""
    return (
        HumanTask.objects.select_related("owner", "claimed_by", "run__workflow", "run__version")
        .annotate(machine=Now())
        .get(pk=task_id)
    )


def may_decide(task: HumanTask, actor: Actor) -> bool:
    """Whether the actor's roles reach this task; limits and claims are judged when it is decided."""
    owner = actor.membership_id is not None and task.owner_id == actor.membership_id
    return rules.may_decide(tuple(actor.roles), task.role, owner)


def assignable() -> list[Membership]:
    """The vendor's people whom a task can be handed to."""
    people = Membership.objects.filter(partner=None, ended_at=None).order_by("name")
    return [person for person in people if set(person.roles) - {"auditor"}]


def open_incidents() -> QuerySet[Incident]:
    return Incident.objects.filter(status="open")
