"""What time does to protected deals: it reminds of the end, and it ends. All in sets, since many end on one day."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from dealreg import queries
from dealreg.actions.base import drop_keys, note, release_all, save_all, standing, tell_all, today_of
from dealreg.events import DealExpired, DealExpiring
from dealreg.models import Deal, DealReminder, DealStatus
from dealreg.queries.facts import with_names
from prm.kernel.identity.actors import Actor

AT_ONCE = 200


def expire_due(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Expire what has lapsed and remind of what soon will, each once, at most AT_ONCE of each."""
    today = today_of(now)
    return {"expired": _expire(actor, now, today), "reminded": _remind(actor, now, today)}


def _expire(actor: Actor, now: datetime, today: date) -> int:
    lapsed = _idle().filter(status=DealStatus.APPROVED, protected_until__lt=today)
    deals = _held(lapsed.order_by("protected_until")[:AT_ONCE])
    if deals:
        for deal in deals:
            deal.expire()
        save_all(deals, ["status"], now)
        drop_keys(*(deal.pk for deal in deals))
        release_all(deals, "lapsed", now)
        tell_all(DealExpired, [(deal, {}) for deal in deals], now=now, before={"deal.status": "approved"})
        for deal in deals:
            note("deal.expired", deal, actor=actor, now=now, before={"status": "approved"})
    return len(deals)


def _remind(actor: Actor, now: datetime, today: date) -> int:
    """The nearest distance is told; farther ones that were slept through are only ticked off."""
    distances = sorted(queries.policy().reminder_days)
    if not distances:
        return 0
    due = _idle().filter(
        ~_is_ticked_off(distances, today),
        status=DealStatus.APPROVED,
        protected_until__range=(today, today + timedelta(days=distances[-1])),
    )
    deals = _held(due.order_by("protected_until")[:AT_ONCE])
    told = _tick_off(deals, distances, now, today) if deals else []
    tell_all(DealExpiring, [(deal, {"days": days}) for deal, days in told], now=now)
    for deal, days in told:
        note("deal.reminded", deal, actor=actor, now=now, after={"days": days})
    return len(told)


def _idle() -> QuerySet[Deal]:
    """Deals that nobody else works on, locked."""
    return Deal.objects.select_for_update(skip_locked=True)


def _held(rows: QuerySet[Deal]) -> list[Deal]:
    """With what their facts name, and with how they stood for the audit."""
    deals = [with_names(deal) for deal in rows]
    for deal in deals:
        deal.__dict__["stood"] = standing(deal)
    return deals


def _is_ticked_off(distances: list[int], today: date) -> Exists:
    """Of most deals the nearest distance has been told long ago: they are neither read nor locked."""
    nearest = Case(*(When(until__lte=today + timedelta(days=days), then=days) for days in distances))
    return Exists(DealReminder.objects.filter(deal=OuterRef("pk"), until=OuterRef("protected_until"), days=nearest))


def _tick_off(deals: Sequence[Deal], distances: list[int], now: datetime, today: date) -> list[tuple[Deal, int]]:
    """Those to tell, each with the days that are left."""
    ticked, fresh, told = _ticked_off(deals), [], []
    for deal in deals:
        until = deal.protected_until
        assert until is not None
        left = (until - today).days
        new = [days for days in distances if left <= days and (deal.pk, until, days) not in ticked]
        fresh += [DealReminder(deal=deal, until=until, days=days, at=now) for days in new]
        if new and new[0] == next(days for days in distances if left <= days):
            told.append((deal, left))
    DealReminder.objects.bulk_create(fresh)
    return told


def _ticked_off(deals: Iterable[Deal]) -> set[tuple[UUID, date, int]]:
    """What has been told: deal, end of protection, distance. Asked once they are locked: others tell, too."""
    told = DealReminder.objects.filter(deal__in=[deal.pk for deal in deals])
    return set(told.values_list("deal_id", "until", "days"))
