"""Who comes next: what waited behind a deal for the same customer is judged again once that deal has its answer."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from dealreg.actions.base import locked, note, tell
from dealreg.events import DealQuestionSettled
from dealreg.models import Deal, DealAssessment
from dealreg.models.deals import OPEN, WAITING, DealStatus
from prm.kernel.identity.actors import Actor


def judge_those_behind(*, deal_id: UUID, actor: Actor, now: datetime) -> list[str]:
    """Let the deals that were handed in after this one, and wait, go through their workflow again; their numbers.

    Where this one is protected they are all answered by it. Where it is not, only those that nobody else precedes.
    """
    first = Deal.objects.get(pk=deal_id)
    if first.status in OPEN:
        return []
    again = []
    for behind in _behind(first):
        deal = locked(behind)
        if deal.status not in WAITING:
            continue
        why = _("%(number)s came first, and has its answer.") % {"number": first.number}
        tell(DealQuestionSettled, deal, now=now, why=why, by=actor.name)
        note("deal.judged_again", deal, actor=actor, now=now, after={"why": why, "first": str(first.pk)})
        again.append(deal.number)
    return again


def _behind(first: Deal) -> list[UUID]:
    """In the order in which they are locked."""
    found = DealAssessment.objects.filter(
        findings__contains=[{"kind": "deal", "id": str(first.pk), "earlier": True}], deal__status__in=WAITING
    ).order_by("deal_id")
    before = {
        row.deal_id: {UUID(one["id"]) for one in row.findings if one.get("earlier")}
        for row in found.only("deal_id", "findings")
    }
    if not before or (first.status == DealStatus.APPROVED and first.grants_protection):
        return list(before)
    named = set[UUID]().union(*before.values())
    still_open = set(Deal.objects.filter(pk__in=named, status__in=OPEN).values_list("pk", flat=True))
    return [pk for pk, others in before.items() if others.isdisjoint(still_open)]
