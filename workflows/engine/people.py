"""Who is asked and who is told, found at the moment it matters: absence and departure count."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from prm.kernel import clock
from prm.kernel.automation import registry
from prm.kernel.identity.models import Membership
from prm.kernel.identity.queries import current_member
from prm.kernel.tenancy.remembering import remembered
from workflows.engine import balancing
from workflows.engine.step import Step
from workflows.models import HumanTask

FALLBACK_ROLE = "ops"


def assign(step: Step, wanted: Mapping[str, Any], *, but: UUID | None = None) -> tuple[UUID | None, str]:
    """The owner of a task: a person, or a role when no single person is meant or can be found.

    Among the people of a role, somebody else than `but` where there is anybody else.
    """
    kind, value = wanted.get("kind"), str(wanted.get("value") or "")
    if kind == "role":
        return None, held_role(value)
    if kind == "person":
        return _owner(by_id_or_email(value), step)
    if kind == "cam":
        return _owner(_first(_registered(f"{step.subject_type}.cam", step.subject_id)), step)
    if kind == "step":
        named = step.read(f"{value}.assign") or {}
        return assign(step, named if named.get("kind") != "step" else {})
    if kind in ("round_robin", "least_loaded"):
        person = balancing.choose(kind, value, clock.local_date(step.now), but=but)
        return (person, value) if person else (None, held_role(value))
    return None, held_role(value if kind == "queue" and value else FALLBACK_ROLE)


def _owner(found: Membership | None, step: Step) -> tuple[UUID | None, str]:
    person = present(found, clock.local_date(step.now))
    return (person.pk, "") if person else (None, held_role(FALLBACK_ROLE))


def held_role(role: str) -> str:
    """The role itself, or the next one that anybody holds: a question to an empty room is nobody's."""
    for one in (role, FALLBACK_ROLE, "admin"):
        if one and Membership.objects.filter(partner=None, ended_at=None, roles__contains=[one]).exists():
            return one
    return FALLBACK_ROLE


def present(person: Membership | None, today: date) -> Membership | None:
    """The person, or whoever stands in while they are away; None when nobody does."""
    for _hop in range(3):
        if person is None or person.ended_at is not None:
            return None
        if not is_away(person, today):
            return person
        person = person.delegate
    return None


def is_away(person: Membership, today: date) -> bool:
    begun = person.away_from is not None and person.away_from <= today
    return begun and (person.away_until is None or today <= person.away_until)


def recipients(step: Step, names: Any) -> list[UUID]:
    """Membership ids of everybody named, each once, in the order of the names."""
    found: dict[UUID, None] = {}
    for name in names if isinstance(names, list) else [names]:
        found.update(dict.fromkeys(_named(step, str(name))))
    return list(found)


def _named(step: Step, name: str) -> Iterable[UUID]:
    kind, _colon, value = name.partition(":")
    if kind == "role":
        return with_role(value)
    if kind == "person":
        person = by_id_or_email(value)
        return [person.pk] if person else []
    if name == "queue.owner":
        return _owners(step)
    return _registered(name, step.subject_id)


def _owners(step: Step) -> Iterable[UUID]:
    """Who has the subject's open task: its claimer, else its owner, else everybody of its role."""
    task = (
        HumanTask.objects.filter(subject_id=step.subject_id, status__in=["open", "deciding"])
        .order_by("opened_at")
        .first()
    )
    if task is None:
        return with_role(FALLBACK_ROLE)
    if one := task.claimed_by_id or task.owner_id:
        return [one]
    return with_role(task.role)


@remembered("identity.Membership")
def with_role(role: str) -> tuple[UUID, ...]:
    """The vendor's own people of a role."""
    return tuple(
        Membership.objects.filter(partner=None, ended_at=None, roles__contains=[role])
        .order_by("name")
        .values_list("pk", flat=True)
    )


@remembered("identity.Membership")
def by_id_or_email(who: str) -> Membership | None:
    """One of the vendor's own people, by membership id or by e-mail; None for strangers and departed."""
    try:
        wanted = Q(pk=UUID(who))
    except ValueError:
        wanted = Q(email__iexact=who)
    return Membership.objects.filter(wanted, partner=None, ended_at=None).select_related("delegate").first()


def _first(ids: Iterable[UUID]) -> Membership | None:
    found = next(iter(ids), None)
    return current_member(found) if found else None


def _registered(name: str, subject_id: UUID) -> Iterable[UUID]:
    known = registry.recipients.get(name)
    return known.find(subject_id) if known else []


def subject_row(subject_type: str, subject_id: UUID) -> Mapping[str, Any]:
    """What the subject's own app shows of it in a list; empty when it offers no panel."""
    panel = registry.panels.get(subject_type)
    return panel.rows([subject_id]).get(subject_id, {}) if panel else {}


def subject_facts(step: Step) -> Mapping[str, Any]:
    """The subject's facts as they are now; empty when its app doesn't tell."""
    return facts_of(step.subject_type, step.subject_id)


def facts_of(subject_type: str, subject_id: UUID) -> Mapping[str, Any]:
    panel = registry.panels.get(subject_type)
    return panel.facts(subject_id) if panel and panel.facts else {}
