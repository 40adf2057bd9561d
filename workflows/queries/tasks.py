"""The exception queue as its pages show it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from workflows import rules
from workflows.models import HumanTask, Incident

LABELS = {
    "deals": gettext_lazy("Deals"),
    "conflicts": gettext_lazy("Conflicts"),
    "applications": gettext_lazy("Applications"),
    "claims": gettext_lazy("Claims"),
    "tiers": gettext_lazy("Tiers"),
    "compliance": gettext_lazy("Compliance"),
    "data": gettext_lazy("Data"),
    "questions": gettext_lazy("Questions"),
}
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
    return own | Q(owner=None, claimed_by=None, role__in=sorted(actor.roles))


def queue_of(view: str, actor: Actor, now: datetime, *, search: str = "", sort: str = "due") -> QuerySet[HumanTask]:
    """One saved view of the queue, filtered and in order."""
    tasks = open_tasks(now, snoozed=view == "snoozed").select_related("owner", "claimed_by")
    if view == "mine":
        tasks = tasks.filter(mine(actor))
    elif view == "late":
        tasks = tasks.filter(due_at__lt=now)
    elif view not in ("all", "snoozed"):
        tasks = tasks.filter(queue=view)
    if search:
        tasks = tasks.filter(Q(subject_name__icontains=search) | Q(partner_name__icontains=search))
    return tasks.annotate(machine=Now()).order_by(*SORTS.get(sort, SORTS["due"]))


def views_of(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The saved views with their counts: one query for the tasks, one for the incidents."""
    total = HumanTask.objects.filter(status="open").aggregate(
        all=Count("id", filter=~_snoozed(now)),
        mine=Count("id", filter=mine(actor) & ~_snoozed(now)),
        late=Count("id", filter=Q(due_at__lt=now) & ~_snoozed(now)),
        snoozed=Count("id", filter=_snoozed(now)),
    )
    queues = open_tasks(now).values("queue").annotate(count=Count("id")).order_by("queue")
    by_queue = {"deals": 0, "conflicts": 0} | {row["queue"]: row["count"] for row in queues}
    fixed = [
        ("all", _("Everything"), total["all"]),
        ("mine", _("Mine"), total["mine"]),
        ("late", _("Late"), total["late"]),
    ]
    named = [(key, str(LABELS.get(key, key.capitalize())), count) for key, count in by_queue.items()]
    last = [("snoozed", _("Snoozed"), total["snoozed"])]
    return [{"key": key, "label": label, "count": count} for key, label, count in (*fixed, *named, *last)]


def _snoozed(now: datetime) -> Q:
    return Q(snoozed_until__isnull=False, snoozed_until__gt=now)


def counts(actor: Actor, now: datetime) -> Counts:
    """The figures of Today."""
    from datetime import timedelta

    open_now = open_tasks(now)
    soon = Q(due_at__gte=now, due_at__lt=now + timedelta(hours=4))
    figures = open_now.aggregate(
        open=Count("id"),
        late=Count("id", filter=Q(due_at__lt=now)),
        soon=Count("id", filter=soon),
        mine=Count("id", filter=mine(actor)),
        unowned=Count("id", filter=Q(owner=None)),
    )
    return Counts(**figures, incidents=Incident.objects.filter(status="open").count())


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


def waiting(now: datetime) -> tuple[int, int]:
    """Open tasks and open incidents: every console page shows them."""
    return open_tasks(now).count(), Incident.objects.filter(status="open").count()
