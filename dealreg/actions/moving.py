"""A deal goes over to another partner, or its protection ends by a decision."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dealreg import entry
from dealreg.actions.base import drop_keys, locked, note, release, save, tell, today_of
from dealreg.events import DealPartnerChanged, DealReassigned, ProtectionEnded, money_snapshot
from dealreg.models import Deal, DealComment, DealFile, DealStatus, FormerDeal, Protection
from dealreg.queries.facts import approver_facts
from dealreg.rules_of_moves import decide_reassignment
from partners.queries import PartnerFacts, partner_facts
from prm.kernel.audit.models import AuditEntry
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.lines import stand_in_line

MOVED = "deal.protection_moved"


def reassign_deal(
    *, deal_id: UUID, partner_id: UUID, reason: str, actor: Actor, now: datetime, remark: str = ""
) -> Decision:
    """Hand an open deal to another partner; its protection goes along. Vendor only.

    What waits for an answer is judged anew as the new partner's, within the time that was promised; a question to
    the old partner is put to the new one. The old partner reads `reason` and keeps its own registration
    (FormerDeal); the new one sees the deal from now on, without what was said and filed before.
    Raises Deal.DoesNotExist and Partner.DoesNotExist.
    """
    stand_in_line("dealreg.protection")
    deal = locked(deal_id)
    to, why = partner_facts(partner_id, deal.program_id, today_of(now)), entry.paragraphs(reason)
    decision = decide_reassignment(facts_for(deal, to, actor) | {"reason": why})
    before, after = {"partner": deal.partner.name}, {"partner": to.name, "reason": why, "remark": remark}
    if decision.allowed:
        was, name = {"partner.name": deal.partner.name}, deal.partner.name
        former = _let_go(deal, why, actor, now)
        told = deal.submitted_by_id
        _give(deal, to, now)
        tell(
            DealReassigned,
            deal,
            now=now,
            before=was,
            former=former.pk,
            registered_by=told,
            status=str(deal.status),
            **money_snapshot(deal),
        )
        if deal.is_waiting:
            why = _("It is now %(to)s's, and no longer %(partner)s's.") % {"to": to.name, "partner": name}
            tell(DealPartnerChanged, deal, now=now, before=was, why=why, by=actor.name)
        after["status"] = str(deal.status)
    note("deal.reassigned", deal, actor=actor, now=now, decision=decision, before=before, after=after)
    return decision


def facts_for(deal: Deal, to: PartnerFacts, actor: Actor) -> dict[str, Any]:
    """What is asked before another partner comes into a deal: what it is, who it is, and who decides."""
    return {
        "status": deal.shown_status,
        "shared": deal.share_percent is not None,
        "to": str(to.partner_id),
        "to_name": to.name,
        "same": to.partner_id == deal.partner_id,
        "active": to.status == "active",
        "enrolled": to.enrolled,
        "covers_country": not to.countries or deal.customer_country in to.countries,
        "country": deal.customer_country,
        **approver_facts(deal, actor),
    }


def _let_go(deal: Deal, reason: str, actor: Actor, now: datetime) -> FormerDeal:
    """The old partner keeps what it registered; what it said and filed stays with us."""
    kept = FormerDeal.objects.create(
        deal=deal,
        partner_id=deal.partner_id,
        number=deal.number,
        name=deal.name,
        customer_name=deal.customer_name,
        customer_country=deal.customer_country,
        amount=deal.amount,
        currency=deal.currency,
        registered_by=deal.submitted_by.name if deal.submitted_by else "",
        submitted_at=deal.submitted_at,
        protected_until=deal.protected_until,
        reason=reason,
        moved_at=now,
    )
    DealComment.objects.filter(deal=deal, audience="partner").update(audience="vendor")
    DealFile.objects.filter(deal=deal, audience="partner").update(audience="vendor")
    asked = deal.reason_for_partner if deal.status == DealStatus.ACTION_REQUIRED else ""
    typed = "\n".join(text for text in (deal.name, deal.notes, asked) if text)
    if typed:
        body = _("As %(partner)s had registered it:") % {"partner": deal.partner.name}
        DealComment.objects.create(
            deal=deal,
            audience="vendor",
            body=f"{body}\n{typed}",
            at=now,
            author_id=actor.membership_id,
            author_name=actor.name,
        )
    return kept


def _give(deal: Deal, to: PartnerFacts, now: datetime) -> None:
    deal.partner_id, deal.owner_cam_id = to.partner_id, to.cam_id
    deal.name, deal.notes, deal.typed, deal.import_key, deal.reseller = "", "", {}, "", None
    deal.submitted_by, deal.late_days = _as_they_had_it(deal, to.partner_id)  # nothing of the one before
    if deal.status == DealStatus.ACTION_REQUIRED:  # how it was asked may tell of the one before
        deal.reason_for_partner = _("Please complete what is open.")
    save(deal, now)
    for item in deal.items.all():  # what was asked for tells what the one before would have got
        item.price_book, item.discount, item.amount = None, Decimal(0), item.list_price * item.quantity
        item.save(update_fields=["price_book", "discount", "amount"])
    Protection.objects.filter(deal=deal, released_at=None).update(partner_id=to.partner_id)


def _as_they_had_it(deal: Deal, partner_id: UUID) -> tuple[Membership | None, int]:
    """Of a deal that comes back: who had registered it, and by how many days our late answer had lengthened it."""
    former = (
        FormerDeal.objects.filter(deal=deal, partner_id=partner_id)
        .exclude(registered_by="")
        .order_by("moved_at")
        .last()
    )
    if former is None:
        return None, 0
    named = list(Membership.objects.filter(partner_id=partner_id, name=former.registered_by)[:2])
    answers = AuditEntry.objects.filter(target_id=deal.pk, partner_id=partner_id, action="deal.approved")
    answer = answers.order_by("at", "pk").last()
    return named[0] if len(named) == 1 else None, int(answer.after.get("late_days") or 0) if answer else 0


def end_protection(deal: Deal, *, because: str, actor: Actor, now: datetime) -> None:
    """A decision takes the protection away; its partner is told that, and no more."""
    before = str(deal.status)
    told = _("After a review, this customer is no longer protected for you.")
    deal.expire()
    deal.decided_at, deal.reason_for_partner, deal.answer_reasons = now, told, [{"key": MOVED, "text": told}]
    save(deal, now)
    drop_keys(deal.pk)
    release(deal, because, now)
    tell(ProtectionEnded, deal, now=now, before={"deal.status": before})
    note("deal.protection_ended", deal, actor=actor, now=now, after={"because": because})
