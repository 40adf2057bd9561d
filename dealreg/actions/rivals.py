"""Who comes next: what waited behind a deal for the same customer is judged again once that deal has its answer."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from dealreg.actions.base import locked, note, tell
from dealreg.events import DealQuestionSettled
from dealreg.models import Deal
from dealreg.models.deals import OPEN, WAITING, DealStatus
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import tenant_id


def judge_those_behind(*, deal_ids: Collection[UUID], actor: Actor, now: datetime) -> list[str]:
    """Let the deals that were handed in after these, and wait, go through their workflow again; their numbers.

    Where one of these is protected they are all answered by it. Else only those that nobody else precedes.
    """
    answered = Deal.objects.filter(pk__in=deal_ids).exclude(status__in=OPEN).order_by("submitted_at")
    again = []
    for behind, first in sorted(_behind(list(answered)).items()):  # the order in which everybody locks them
        deal = locked(behind)
        if deal.status not in WAITING:
            continue
        why = _("%(number)s came first, and has its answer.") % {"number": first.number}
        tell(DealQuestionSettled, deal, now=now, why=why, by=actor.name)
        note("deal.judged_again", deal, actor=actor, now=now, after={"why": why, "first": str(first.pk)})
        again.append(deal.number)
    return again


_BEHIND = """
SELECT a.deal_id, array_agg((found ->> 'id')::uuid)
FROM dealreg_deal AS d
JOIN dealreg_dealassessment AS a ON a.tenant_id = d.tenant_id AND a.deal_id = d.id
CROSS JOIN LATERAL jsonb_array_elements(a.findings) AS found
WHERE d.tenant_id = %(tenant)s AND d.status = ANY(%(waiting)s)
  AND found ->> 'kind' = 'deal' AND found ->> 'earlier' = 'true'
GROUP BY a.deal_id HAVING array_agg((found ->> 'id')::uuid) && %(answered)s::uuid[]
"""


def _behind(answered: list[Deal]) -> dict[UUID, Deal]:
    """What waits, by id, and whose answer lets it go on."""
    if not answered:
        return {}
    with connection.cursor() as cursor:
        waiting = [str(status) for status in WAITING]
        cursor.execute(_BEHIND, {"tenant": tenant_id(), "waiting": waiting, "answered": [deal.pk for deal in answered]})
        before = {pk: set(ids) for pk, ids in cursor.fetchall()}
    if not before:
        return {}
    named = set[UUID]().union(*before.values())
    still_open = set(Deal.objects.filter(pk__in=named, status__in=OPEN).values_list("pk", flat=True))
    found = {}
    for pk, others in before.items():
        firsts = [deal for deal in answered if deal.pk in others]
        protected = [deal for deal in firsts if deal.status == DealStatus.APPROVED and deal.grants_protection]
        if protected or others.isdisjoint(still_open):
            found[pk] = (protected or firsts)[0]
    return found
