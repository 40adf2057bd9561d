"""Drafts: saved as typed, whatever was typed."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealreg import entry
from dealreg.actions.base import deciding_on, judge_move, note, save, today_of
from dealreg.actions.pricing import item_problems, put_items, with_items
from dealreg.models import Deal, DealLine, DealStatus, Way
from partners import queries as partners
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import ProductLine, Program
from prm.kernel.reference.queries import NoRate, rate, territory_of
from prm.kernel.tenancy.context import deciding, tenant_id
from prm.kernel.tenancy.lines import stand_in_line


def save_draft(
    *,
    partner_id: UUID,
    fields: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    deal_id: UUID | None = None,
    import_key: str = "",
    program_id: UUID | None = None,
    way: Way = Way.PORTAL,
) -> Deal:
    """Keep what was typed. What can't be read stays in `deal.typed` and is asked about on submission.

    A deal that the same `import_key` has begun is gone on with, however many ask at once. Raises
    Partner.DoesNotExist or Deal.DoesNotExist for what the caller may not see, and ValueError for a deal that is
    no draft any more.
    """
    partner = partners.visible_partners().get(pk=partner_id)
    if deal_id is None and import_key:
        deal_id = _begun(partner.pk, import_key)
    if deal_id is None:
        with deciding():
            deal = new_deal(partner.pk, partner.cam_id, program_id, actor, now, import_key)
            deal.way = way
            take_over(deal, entry.read(fields, partner_id), now)
            note("deal.drafted", deal, actor=actor, now=now)
            return deal
    with deciding_on(deal_id) as deal:
        if deal.status != DealStatus.DRAFT or deal.partner_id != partner_id:
            raise ValueError("Only a draft can be saved as one.")
        take_over(deal, entry.read(fields, partner_id), now)
        return deal


def discard_draft(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Throw a draft away; its number and its trace stay."""
    with deciding_on(deal_id) as deal:
        decision = judge_move(deal, DealStatus.WITHDRAWN, "withdraw", is_draft=deal.status == DealStatus.DRAFT)
        if decision.allowed and deal.status == DealStatus.DRAFT:
            deal.withdraw(reason="")
            save(deal, now)
        note("deal.discarded", deal, actor=actor, now=now, decision=decision)
    return decision


def _begun(partner_id: UUID, import_key: str) -> UUID | None:
    """The deal that this key has begun before; who asks at the same moment waits for who was first."""
    stand_in_line("dealreg.draft", partner_id, import_key)
    return Deal.objects.filter(partner_id=partner_id, import_key=import_key).values_list("pk", flat=True).first()


def take_over(deal: Deal, typed: entry.Entry, now: datetime) -> None:
    """Put what could be read into the deal and keep the rest as it was typed."""
    lines, is_new = apply(deal, typed, now), deal._state.adding
    save(deal, now)
    if lines is not None:
        put_lines(deal, lines, is_new=is_new)
    put_items(deal)


def apply(deal: Deal, typed: entry.Entry, now: datetime) -> list[ProductLine] | None:
    """The same in memory only; gives the product lines that were typed, None where none were asked for."""
    for name, value in typed.values.items():
        if name not in _BESIDE and (value is not None or name not in _KEPT):
            setattr(deal, name, value)
    for key, _text in typed.problems:
        name = key.split(".")[0]
        if name not in _BESIDE and name not in _KEPT:
            setattr(deal, name, None if name in _EMPTY else "")
    deal.typed = {**deal.typed, **typed.typed}
    deal.territory = territory_of(deal.customer_country)
    lines = with_items(deal, typed, now)
    derive(deal, now)
    return lines


def unread_of(deal: Deal, now: datetime) -> list[entry.Problem]:
    """What of a draft as it was typed can't be read, or has no price."""
    typed = entry.read(deal.typed, deal.partner_id)
    return [*typed.problems, *item_problems(deal, typed.values.get(entry.ITEMS) or [], now)]


def derive(deal: Deal, now: datetime) -> None:
    """What follows from the fields: the matcher's normal form, the territory, the vendor's currency."""
    deal.normal = entry.normal_of(deal)
    deal.territory = territory_of(deal.customer_country)
    deal.amount_vendor = in_vendor_currency(deal.amount, deal.currency, now)


def in_vendor_currency(amount: Decimal | None, currency: str, now: datetime) -> Decimal | None:
    """Converted at the day's rate, to the cent; None without an amount or a rate."""
    if amount is None or not currency:
        return None
    try:
        converted = amount * rate(currency, today_of(now))
    except NoRate:
        return None
    return converted.quantize(Decimal("0.01"), ROUND_HALF_UP)


def put_lines(deal: Deal, lines: list[ProductLine], *, is_new: bool = False) -> None:
    """These product lines and no others."""
    there = set() if is_new else set(deal.lines.values_list("product_line_id", flat=True))
    wanted = {line.pk for line in lines}
    if there - wanted:
        DealLine.objects.filter(deal=deal).exclude(product_line__in=lines).delete()
    DealLine.objects.bulk_create(DealLine(deal=deal, product_line=line) for line in lines if line.pk not in there)


_EMPTY = {"amount", "expected_close_on", "vertical", "reseller"}
_BESIDE = {"product_lines", entry.ITEMS}  # rows of their own
_KEPT = {"program", "deal_type"}  # every deal has one: what can't be read changes nothing


def new_deal(
    partner_id: UUID, cam_id: UUID | None, program_id: UUID | None, actor: Actor, now: datetime, import_key: str
) -> Deal:
    program = Program.objects.get(pk=program_id) if program_id else _program_of(partner_id)
    if program is None:
        raise Program.DoesNotExist("The vendor runs no active program.")
    return Deal(
        partner_id=partner_id,
        program=program,
        deal_type=next(iter(entry.deal_types()), None),
        number=_number(now),
        owner_cam_id=cam_id,
        import_key=import_key,
        currency=program.currency,
        submitted_by_id=actor.membership_id if actor.partner_id == partner_id else None,
        created_at=now,
        changed_at=now,
    )


def _program_of(partner_id: UUID) -> Program | None:
    """The first program that the partner is enrolled in; rules refuse whoever is enrolled in none."""
    return next(iter(partners.programs_of(partner_id)), None) or partners.default_program()


def _number(now: datetime) -> str:
    """The next number of the year, such as D-2026-00042."""
    year = today_of(now).year
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dealreg_dealnumber (id, tenant_id, year, last) VALUES (gen_random_uuid(), %s, %s, 1)"
            " ON CONFLICT (tenant_id, year) DO UPDATE SET last = dealreg_dealnumber.last + 1 RETURNING last",
            [tenant_id(), year],
        )
        return f"D-{year}-{cursor.fetchone()[0]:05}"
