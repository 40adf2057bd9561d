"""Many deals at once: meant now, taken back for ten seconds, then carried out deal by deal."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from dealreg.actions import closing, moving, review, splitting, submission
from dealreg.models import Deal, DealBatch
from dealreg.queries.batches import OUTCOMES, batches_of
from dealreg.rules_of_moves import decide_batch_undo
from prm.kernel import audit, clock, messages
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision, jsonable
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import ApiToken, Membership
from prm.kernel.tenancy.context import acting, deciding

log = logging.getLogger(__name__)
UNDO_LASTS = timedelta(seconds=10)
MOST = 500
Verb, Status = DealBatch.Verb, DealBatch.Status
PARTNERS_VERBS = (Verb.WITHDRAW, Verb.EXTEND)
SELLERS = ("seller", "partner_admin")


def start_batch(
    *, verb: str, deal_ids: Sequence[UUID], given: Mapping[str, Any], actor: Actor, now: datetime
) -> DealBatch:
    """Mean something for many deals. Nothing happens, and nobody is told, before the ten seconds are over.

    Deals that the caller may not see are left out. Raises ValueError for what a partner can't do to many.
    """
    if actor.partner_id is not None and verb not in PARTNERS_VERBS:
        raise ValueError(f"A partner does not {verb} many deals.")
    seen = set(Deal.objects.filter(pk__in=deal_ids).values_list("pk", flat=True))
    kept = [pk for pk in deal_ids if pk in seen][:MOST]
    with deciding():
        batch = DealBatch.objects.create(
            verb=Verb(verb),
            deal_ids=kept,
            given=jsonable(given),
            actor=actor.document(),
            owner_id=actor.membership_id,
            made_at=now,
            executes_at=clock.machine_now() + UNDO_LASTS,
        )
        audit.record("batch.started", target=batch, actor=actor, at=now, after={"verb": verb, "deals": len(kept)})
    return batch


def undo_batch(*, batch_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take one's own batch back, whole; refused once it has begun. Raises DealBatch.DoesNotExist."""
    with deciding():
        batch = batches_of(actor).select_for_update(of=("self",)).get(pk=batch_id)
        pending, own = batch.status == Status.PENDING, batch.actor["id"] == actor.id
        decision = decide_batch_undo({"status": str(batch.status), "pending": pending, "own": own})
        if decision.allowed:
            batch.undo()
            batch.closed_at = now
            batch.save(update_fields=["status", "closed_at"])
        verb = "batch.undone" if decision.allowed else "batch.undo_refused"
        audit.record(verb, target=batch, actor=actor, at=now, decision=decision)
    return decision


_DUE = """
SELECT tenant_id, id FROM dealreg_dealbatch
WHERE status IN ('pending', 'running') AND executes_at <= statement_timestamp() ORDER BY executes_at LIMIT 20
"""


def carry_out_batches() -> int:
    """Carry out what nobody took back, in every vendor; returns how many deals had their turn.

    Safe in any number: a batch that another worker is at is left to it, and one whose worker died goes on.
    """
    with acting(audience="relay"), connection.cursor() as cursor:
        cursor.execute(_DUE)
        due = list(cursor.fetchall())
    return sum(_carry_out(tenant, batch_id) for tenant, batch_id in due)


def _carry_out(tenant: UUID, batch_id: UUID) -> int:
    done = 0
    while True:
        with acting(tenant=tenant, audience="vendor") as now:
            if not _next(batch_id, now):
                return done
        done += 1


def _next(batch_id: UUID, now: datetime) -> bool:
    """The next deal and its result, in one transaction; False when there is none, or somebody else is at it."""
    rows = DealBatch.objects.select_for_update(skip_locked=True)
    batch = rows.filter(pk=batch_id, status__in=(Status.PENDING, Status.RUNNING), executes_at__lte=Now()).first()
    if batch is None:
        return False
    if batch.status == Status.PENDING:
        batch.begin()
        batch.save(update_fields=["status"])
    had = {result["deal"] for result in batch.results}
    deal_id = next((pk for pk in batch.deal_ids if str(pk) not in had), None)
    if deal_id is None:
        _close(batch, now)
        return False
    batch.results = [*batch.results, _one(batch, deal_id, now)]
    batch.save(update_fields=["status", "results"])
    return True


def _one(batch: DealBatch, deal_id: UUID, now: datetime) -> dict[str, Any]:
    """Do it to one deal, by the very action that its page calls; whatever fails leaves the others alone."""
    number, partner = Deal.objects.filter(pk=deal_id).values_list("number", "partner_id").first() or ("", None)
    told = {"deal": str(deal_id), "number": number, "done": False}
    actor = _actor(batch)
    if actor is None:
        return told | {"why": _("Who meant it is no longer one of us.")}
    if actor.partner_id is not None and (actor.partner_id != partner or not actor.has(*SELLERS)):
        return told | {"why": _("This deal is not yours any more, or your role has changed.")}
    try:
        with transaction.atomic():
            decision = ACTS[Verb(batch.verb)](deal_id, batch.given, actor, now)
        reasons = decision.reasons if actor.partner_id is None else decision.for_partner().reasons
        return told | {"done": decision.allowed, "why": "; ".join(reason.text for reason in reasons)}
    except OperationalError:
        raise  # the database is away: nothing is lost, the next round finds it again
    except Exception as error:
        log.exception("the batch %s could not be carried out for %s", batch.pk, deal_id)
        return told | {"why": str(error)[:300] if actor.partner_id is None else _("This can't be done now.")}


def _actor(batch: DealBatch) -> Actor | None:
    """Who meant it, of whom and with the roles that they have now; None once they have left, or the key has ended."""
    acted = Actor.of(batch.actor)
    member = Membership.objects.filter(pk=acted.membership_id, ended_at=None).first() if acted.membership_id else None
    if member is None:
        return None
    if acted.kind == "token":
        live = ApiToken.objects.filter(pk=acted.id, revoked_at=None).exclude(expires_at__lte=Now()).first()
        return replace(acted, partner_id=live.partner_id) if live else None  # a key's roles are never changed
    return replace(acted, partner_id=member.partner_id, roles=frozenset(member.roles))


def _close(batch: DealBatch, now: datetime) -> None:
    batch.finish()
    batch.closed_at = now
    batch.save(update_fields=["status", "closed_at"])
    left = [result for result in batch.results if not result["done"]]
    done = len(batch.results) - len(left)
    after = {"done": done, "left": len(left)}
    audit.record("batch.carried_out", target=batch, actor=Actor.of(batch.actor), at=now, after=after)
    if left and batch.owner_id:
        messages.send(
            template="deals.batch_done",
            to=[batch.owner_id],
            context={"action": str(batch.get_verb_display()), "done": done, "left": len(left)},
            cause=f"batch:{batch.pk}",
            at=now,
            url=f"/{_face(batch)}/deals/batches/{batch.pk}/",
            channels=("in_app",),
        )


def _face(batch: DealBatch) -> str:
    return "portal" if batch.owner and batch.owner.partner_id else "console"


Given = Mapping[str, Any]


def _answer(outcome: str) -> Callable[[UUID, Given, Actor, datetime], Decision]:
    def act(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
        detail = {"fields": given["fields"]} if given.get("fields") else {}
        note = str(given.get("reason") or "")
        return registry.questions[0].answer("deal", deal_id, outcome, note, detail, actor, now)

    return act


def _withdraw(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    return submission.withdraw_deal(deal_id=deal_id, reason=given["reason"], actor=actor, now=now)


def _extend(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    return closing.extend_protection(deal_id=deal_id, actor=actor, now=now)


def _reassign(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    to = UUID(given["partner"])
    return moving.reassign_deal(deal_id=deal_id, partner_id=to, reason=given["reason"], actor=actor, now=now)


def _share(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    return splitting.split_deal(
        deal_id=deal_id,
        partner_id=UUID(given["partner"]),
        percent=Decimal(given["percent"]),
        names_told=bool(given["names_told"]),
        actor=actor,
        now=now,
    )


def _assign(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    return review.assign_cam(deal_id=deal_id, membership_id=UUID(given["cam"]), actor=actor, now=now)


def _win(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    """Each for the amount that it was registered with; of a shared sale, the whole."""
    amount = Deal.objects.values_list("amount", flat=True).get(pk=deal_id) or Decimal(0)
    day = date.fromisoformat(given["closed_on"])
    return closing.mark_won(deal_id=deal_id, amount=amount, closed_on=day, actor=actor, now=now)


def _lose(deal_id: UUID, given: Given, actor: Actor, now: datetime) -> Decision:
    day = date.fromisoformat(given["closed_on"])
    because = given["because"]
    return closing.mark_lost(deal_id=deal_id, reason="", because=because, closed_on=day, actor=actor, now=now)


ACTS: Mapping[DealBatch.Verb, Callable[[UUID, Given, Actor, datetime], Decision]] = {
    **{verb: _answer(outcome) for verb, outcome in OUTCOMES.items()},
    Verb.WITHDRAW: _withdraw,
    Verb.EXTEND: _extend,
    Verb.REASSIGN: _reassign,
    Verb.SPLIT: _share,
    Verb.CAM: _assign,
    Verb.WON: _win,
    Verb.LOST: _lose,
}
