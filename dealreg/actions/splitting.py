"""Two partners share one sale: each has its own deal and its share of what comes of it."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db.models import Q

from dealreg.actions.base import locked, note, save, tell, today_of
from dealreg.actions.drafts import in_vendor_currency, new_deal, put_lines
from dealreg.actions.moving import facts_for
from dealreg.events import DealShared
from dealreg.models import Deal, DealAssessment, DealSplit, DealStatus, Protection
from dealreg.queries.facts import assessment_of
from dealreg.rules_of_moves import decide_split
from partners.queries import PartnerFacts, partner_facts
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.queries import NoRate, rate
from prm.kernel.tenancy.lines import stand_in_line

WHOLE = Decimal(100)
CENT = Decimal("0.01")


def split_deal(
    *, deal_id: UUID, partner_id: UUID, percent: Decimal, names_told: bool, actor: Actor, now: datetime
) -> Decision:
    """Share a protected deal: `percent` of it is the other partner's. Vendor only.

    The other partner gets a deal of its own; neither learns who the other is unless `names_told`.
    Raises Deal.DoesNotExist and Partner.DoesNotExist.
    """
    stand_in_line("dealreg.protection")
    deal = locked(deal_id)
    to = partner_facts(partner_id, deal.program_id, today_of(now))
    decision = decide_split(facts_for(deal, to, actor) | {"percent": str(percent), "names_told": names_told})
    if decision.allowed:
        other = _deal_of_its_own(deal, to, actor, now)
        share(deal, other, percent, names_told=names_told, actor=actor, now=now)
    else:
        note("deal.shared", deal, actor=actor, now=now, decision=decision)
    return decision


def share(
    lead: Deal, other: Deal, percent: Decimal, *, names_told: bool, actor: Actor, now: datetime, cause: str = ""
) -> None:
    """Two protected deals become the two parts of one sale."""
    DealSplit.objects.create(
        lead=lead, other=other, lead_percent=WHOLE - percent, other_percent=percent, names_told=names_told, at=now
    )
    for deal, beside, own in ((lead, other, WHOLE - percent), (other, lead, percent)):
        deal.share_percent, deal.shared_with = own, beside.partner.name if names_told else ""
        whole = deal.amount_vendor or Decimal(0)
        deal.amount_vendor = part_of(whole, own) if deal is other else whole - part_of(whole, percent)
        save(deal, now)
        tell(DealShared, deal, now=now, share=own)
        note(
            "deal.shared",
            deal,
            actor=actor,
            now=now,
            after={"share": own, "with": beside.number, "partner": beside.partner.name, "because": cause},
        )


def part_of(amount: Decimal, percent: Decimal) -> Decimal:
    """A share of an amount, to the cent; the lead has the rest, so that the two make the whole."""
    return (amount * percent / WHOLE).quantize(CENT, ROUND_HALF_UP)


def split_of(deal: Deal) -> DealSplit | None:
    """How the deal is shared; None for one that is not."""
    if deal.share_percent is None:
        return None
    return DealSplit.objects.filter(Q(lead=deal) | Q(other=deal)).first()


def beside(deal: Deal) -> Deal | None:
    """The other part of a shared sale, locked."""
    split = split_of(deal)
    return locked(split.other_id if split.lead_id == deal.pk else split.lead_id) if split else None


def is_led_by_another(deal: Deal) -> bool:
    """Whether the sale is closed with its other part, by whoever leads."""
    split = split_of(deal)
    return split is not None and split.lead_id != deal.pk


def parts_closing(deal: Deal) -> list[Deal]:
    """The deal, and the other part of its sale where that is still protected."""
    other = beside(deal)
    return [deal, other] if other is not None and other.status == DealStatus.APPROVED else [deal]


def parts_sold(deal: Deal, amount: Decimal, now: datetime) -> list[tuple[Deal, Decimal]]:
    """What of the amount sold is whose: each share to the cent, and the rest to the lead."""
    split, parts = split_of(deal), parts_closing(deal)
    if split is None:
        return [(deal, amount)]
    theirs = part_of(amount, split.other_percent)
    return [(deal, amount - theirs), *((part, converted(theirs, deal, part, now)) for part in parts[1:])]


def converted(amount: Decimal, deal: Deal, other: Deal, now: datetime) -> Decimal:
    """An amount of one deal in the currency of the other; as it is where no rate is known."""
    if deal.currency == other.currency:
        return amount
    try:
        factor = rate(deal.currency, today_of(now)) / rate(other.currency, today_of(now))
    except NoRate:
        return amount
    return (amount * factor).quantize(CENT, ROUND_HALF_UP)


def leave(deal: Deal, actor: Actor, now: datetime) -> None:
    """A partner gives its part up: the other part is the whole sale from here on, with the protection."""
    split, rest = split_of(deal), beside(deal)
    if split is None or rest is None:
        return
    split.delete()
    Protection.objects.filter(deal=deal, released_at=None).update(deal=rest, partner_id=rest.partner_id)
    before = rest.share_percent
    rest.share_percent, rest.shared_with = None, ""
    rest.amount_vendor = in_vendor_currency(rest.amount, rest.currency, now) or rest.amount_vendor
    save(rest, now)
    note("deal.share_whole", rest, actor=actor, now=now, before={"share": before}, after={"share": WHOLE})


def _deal_of_its_own(deal: Deal, to: PartnerFacts, actor: Actor, now: datetime) -> Deal:
    """The same sale as the other partner has it: approved with the first, without what the first said of it."""
    twin = new_deal(to.partner_id, to.cam_id, deal.program_id, actor, now, "")
    for name in (
        *("customer_name", "customer_domain", "customer_country", "customer_city", "normal", "amount", "currency"),
        *("amount_vendor", "expected_close_on", "vertical_id", "territory_id", "deal_type_id", "pipeline_stage"),
    ):
        setattr(twin, name, getattr(deal, name))
    save(twin, now)
    put_lines(twin, [line.product_line for line in deal.lines.select_related("product_line")])
    twin.submit(at=now, due=now)
    save(twin, now)
    assert deal.protected_until is not None
    twin.approve(at=now, protected_until=deal.protected_until)
    twin.decided_at = None  # nobody handed it in: there is no time to an answer
    save(twin, now)
    found = assessment_of(deal.pk)
    DealAssessment.objects.create(deal=twin, customer=found.customer if found else None, submission=1, checked_at=now)
    return twin
