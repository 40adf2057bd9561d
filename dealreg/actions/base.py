"""What every action on a deal does: load it in the caller's audience, then decide as the vendor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from dealreg.events import DealEvent
from dealreg.models import Deal, DealSplit, DealStatus, MatchKey, Protection, ResellerDeal
from dealreg.queries.facts import as_read, deal_facts, facts_ahead, move_facts, own_row, with_names
from dealreg.rules import decide_move
from prm.kernel import audit, clock, events
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Normal, key_values
from prm.kernel.tenancy.context import current, deciding, tenant_id
from prm.kernel.tenancy.remembering import keep, remembered


def must_be_seen(deal_id: UUID) -> None:
    """Raises Deal.DoesNotExist for a deal that the caller may not see; the vendor finds that out when it is locked."""
    if current().audience == "partner":
        Deal.objects.values_list("pk").get(pk=deal_id)


@contextmanager
def deciding_on(deal_id: UUID) -> Iterator[Deal]:
    """The deal, locked, as the vendor. Raises Deal.DoesNotExist for one that the caller may not see."""
    must_be_seen(deal_id)
    with deciding():
        yield locked(deal_id)


@contextmanager
def deciding_on_sale(deal_id: UUID) -> Iterator[Deal]:
    """As deciding_on(), for what touches the other part of a shared sale, too: both parts are locked."""
    must_be_seen(deal_id)
    with deciding():
        yield locked_sale(deal_id)


@contextmanager
def judging(deal_id: UUID) -> Iterator[Deal]:
    """The deal, locked, for a check that changes nothing of it: the steps of one run look at the same row."""
    with deciding():
        yield held(deal_id)


@contextmanager
def judging_alone(deal_id: UUID) -> Iterator[Deal]:
    """The same for a check that is taken by itself: the deal's own row, without those that it names."""
    with deciding():
        yield _locked(deal_id)


@remembered("dealreg.Deal")
def held(deal_id: UUID) -> Deal:
    """The deal, locked; as it was read before in this transaction. Whoever changes it saves it, and so forgets it."""
    return locked(deal_id)


def locked(deal_id: UUID) -> Deal:
    return with_names(_locked(deal_id))


def _locked(deal_id: UUID) -> Deal:
    """The deal's own row, which the audit will compare with what it becomes."""
    deal = own_row(deal_id, lock=True)
    deal.__dict__["stood"] = standing(deal)
    return deal


def locked_sale(deal_id: UUID) -> Deal:
    """The deal, locked after or before the other part of its sale: always the earlier id first.

    So two who begin at different parts never wait for each other. Where the deal has been shared between our
    look and our lock, the lock is given back and the parts are locked anew.
    """
    while True:
        parts = _parts_of_sale(deal_id)
        with suppress(_SharedMeanwhile), transaction.atomic():
            deals = {pk: locked(pk) for pk in sorted({deal_id, *parts})}
            if deals[deal_id].share_percent is not None and _parts_of_sale(deal_id) != parts:
                raise _SharedMeanwhile
            return deals[deal_id]


class _SharedMeanwhile(Exception):
    """Another transaction has shared the deal since we looked."""


def _parts_of_sale(deal_id: UUID) -> set[UUID]:
    rows = DealSplit.objects.filter(Q(lead=deal_id) | Q(other=deal_id))
    return {pk for both in rows.values_list("lead_id", "other_id") for pk in both}


def standing(deal: Deal) -> dict[str, Any]:
    """What the audit keeps of a deal from entry to entry, so that it can be told as it stood on any day."""
    return {
        "status": str(deal.status),
        "pipeline_stage": str(deal.pipeline_stage),
        "deal_amount": deal.amount,
        "currency": deal.currency,
        "actual_amount": deal.actual_amount,
        "protected_until": deal.protected_until,
        "owner": deal.owner_cam_id,
        "reseller": deal.reseller_id,
    }


def today_of(now: datetime) -> date:
    return clock.local_date(now)


def save(deal: Deal, now: datetime) -> None:
    deal.changed_at = now
    deal.save()
    keep(as_read, deal, deal.pk)
    _show_reseller(deal)


def save_all(deals: Sequence[Deal], fields: Sequence[str], now: datetime) -> None:
    """The same for many at once, of which these fields have changed."""
    for deal in deals:
        deal.changed_at = now
    Deal.objects.bulk_update(deals, [*fields, "changed_at"])
    for deal in deals:
        keep(as_read, deal, deal.pk)
        _show_reseller(deal)


def _show_reseller(deal: Deal) -> None:
    """What the reseller reads of a deal that its distributor has handed in for it stays as the deal is."""
    before = (deal.__dict__.get("stood") or {}).get("reseller")
    if before and before != deal.reseller_id:
        ResellerDeal.objects.filter(deal=deal).delete()
    if deal.reseller_id is None or deal.submitted_at is None:
        return
    shown = {name: getattr(deal, name) for name in ("number", "customer_name", "amount", "currency")}
    shown |= {name: getattr(deal, name) for name in ("protected_until", "expected_close_on", "changed_at")}
    shown |= {"distributor_name": deal.partner.name, "status": deal.shown_status}
    ResellerDeal.objects.bulk_create(
        [ResellerDeal(deal=deal, partner_id=deal.reseller_id, **shown)],
        update_conflicts=True,
        unique_fields=["tenant", "deal"],
        update_fields=["partner", *shown],
    )


def judge_move(deal: Deal, to: DealStatus, method: str, needed: Iterable[str] = (), **facts: Any) -> Decision:
    return decide_move(move_facts(deal, to, method, needed=list(needed), **facts))


def tell(
    event: type[DealEvent], deal: Deal, *, now: datetime, before: Mapping[str, Any] | None = None, **detail: Any
) -> UUID:
    """Publish an event about the deal, with its facts as they are now."""
    return events.publish(event.of(deal, deal_facts(deal), before, **detail), at=now)


def tell_all(
    event: type[DealEvent],
    told: Sequence[tuple[Deal, Mapping[str, Any]]],
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
) -> None:
    """The same for many deals at once, each with its own detail."""
    facts_ahead(deal for deal, _detail in told)
    events.publish_all([event.of(deal, deal_facts(deal), before, **detail) for deal, detail in told], at=now)


def note(
    action: str,
    deal: Deal,
    *,
    actor: Actor,
    now: datetime,
    decision: Decision | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Decision | None:
    """Write the audit: `deal.approved` when it was done, `deal.approved_refused` when it was not.

    What was done is told with every field of its standing that it changed.
    """
    done = decision is None or decision.allowed
    was, became = _changed(deal) if done else ({}, {})
    audit.record(
        action if done else f"{action}_refused",
        target=deal,
        actor=actor,
        at=now,
        decision=decision,
        before=was | dict(before or {}),
        after=became | dict(after or {}),
    )
    return decision


def _changed(deal: Deal) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changed since the deal was locked, or since the entry before in this transaction."""
    now, was = standing(deal), deal.__dict__.get("stood") or {}
    deal.__dict__["stood"] = now
    became = {name: value for name, value in now.items() if (was.get(name) or None) != (value or None)}
    return {name: was[name] for name in became if name in was}, became


def write_keys(kind: MatchKey.Kind, record_id: UUID, normal: Mapping[str, Any]) -> None:
    """Make a record findable under the keys of its normal form, and under no others."""
    values = key_values(Normal.from_json(dict(normal)))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_KEYS, {"tenant": tenant_id(), "kind": int(kind), "record": record_id, "keys": values})


# One trip; nothing hangs on a key, so nobody need read it first.
_WRITE_KEYS = """
DELETE FROM dealreg_matchkey WHERE tenant_id = %(tenant)s AND record_id = %(record)s;
INSERT INTO dealreg_matchkey (tenant_id, key, kind, record_id)
SELECT %(tenant)s, key, %(kind)s, %(record)s FROM unnest(%(keys)s::bigint[]) AS key ON CONFLICT DO NOTHING
"""


def drop_keys(*record_ids: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM dealreg_matchkey WHERE tenant_id = %s AND record_id = ANY(%s)", [tenant_id(), [*record_ids]]
        )


def release(deal: Deal, because: str, now: datetime) -> int:
    """Give up what the deal protects."""
    return release_all([deal], because, now)


def release_all(deals: Iterable[Deal], because: str, now: datetime) -> int:
    held = Protection.objects.filter(deal__in=[deal.pk for deal in deals], released_at=None)
    return held.update(released_at=now, released_because=because)
