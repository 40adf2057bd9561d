"""A deal's life after the answer: stages, won, lost, extended."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dealreg import entry, queries, rules
from dealreg.actions import splitting
from dealreg.actions.base import deciding_on, deciding_on_sale, drop_keys, note, release, save, tell, today_of
from dealreg.actions.drafts import in_vendor_currency
from dealreg.events import DealExtended, DealLost, DealWon, StageChanged, money_snapshot
from dealreg.models import CloseReason, Deal, DealStatus, PipelineStage, Protection
from dealreg.models.deals import LIVE
from dealreg.queries.facts import extension_facts, move_facts
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor


def mark_won(
    *,
    deal_id: UUID,
    amount: Decimal,
    closed_on: date,
    actor: Actor,
    now: datetime,
    lines: Mapping[str, Decimal] | None = None,
    because: str = "",
) -> Decision:
    """The customer bought, for `amount` in the deal's own currency; of a shared sale that is the whole.

    `lines` says what was sold of each product line (codes), `because` names one of the vendor's reasons (code).
    """
    with deciding_on_sale(deal_id) as deal:
        sold, reason = dict(lines or {}), _reason(because, "won")
        decision = rules.decide_closing(
            move_facts(
                deal,
                DealStatus.WON,
                "win",
                amount=str(amount),
                lines={code: str(part) for code, part in sold.items()},
                known_lines=queries.line_codes(deal) if sold else [],
                **_closing_facts(deal, closed_on, now, because, reason),
            )
        )
        if decision.refused:
            note("deal.won", deal, actor=actor, now=now, decision=decision)
            return decision
        for part, own in splitting.parts_sold(deal, amount, now):
            part.win(on=closed_on, amount=own)
            part.closed_because = reason
            part.amount_vendor = in_vendor_currency(own, part.currency, now) or part.amount_vendor
            _close(part, "won", now)
            told = _keep_lines(part, sold, amount, own)
            tell(
                DealWon,
                part,
                now=now,
                before={"deal.status": "approved"},
                **money_snapshot(part),
                product_lines=queries.line_codes(part),
                lines=told,
                because=because,
            )
            note("deal.won", part, actor=actor, now=now, decision=decision, after={"amount": own, "because": because})
    return decision


def mark_lost(
    *, deal_id: UUID, reason: str, closed_on: date, actor: Actor, now: datetime, because: str = ""
) -> Decision:
    """The customer bought elsewhere or not at all; the customer is free again.

    `because` names one of the vendor's reasons (code); `reason` says it in words, and can be left out then.
    """
    with deciding_on_sale(deal_id) as deal:
        chosen = _reason(because, "lost")
        words = ": ".join(text for text in (chosen.name if chosen else "", entry.plain(reason)) if text)[:300]
        facts = _closing_facts(deal, closed_on, now, because, chosen)
        decision = rules.decide_closing(
            move_facts(deal, DealStatus.LOST, "lose", needed=["reason"], reason=words, **facts)
        )
        if decision.refused:
            note("deal.lost", deal, actor=actor, now=now, decision=decision)
            return decision
        for part in splitting.parts_closing(deal):
            part.lose(on=closed_on, reason=words)
            part.closed_because = chosen
            _close(part, "lost", now)
            before = {"deal.status": "approved"}
            tell(DealLost, part, now=now, before=before, reason=part.close_reason, because=because)
            note("deal.lost", part, actor=actor, now=now, decision=decision, after={"because": because})
    return decision


def _closing_facts(
    deal: Deal, closed_on: date, now: datetime, because: str, reason: CloseReason | None
) -> dict[str, Any]:
    return {
        "closed_on": closed_on.isoformat(),
        "today": today_of(now).isoformat(),
        "led_by_another": splitting.is_led_by_another(deal),
        "because": because,
        "because_known": not because or reason is not None,
    }


def _reason(code: str, outcome: str) -> CloseReason | None:
    return CloseReason.objects.filter(code=code, outcome=outcome, is_active=True).first() if code else None


def _keep_lines(deal: Deal, sold: Mapping[str, Decimal], whole: Decimal, own: Decimal) -> dict[str, Decimal]:
    """What was sold by product line, of a shared sale each with the deal's share; the last line takes the cents."""
    told: dict[str, Decimal] = {}
    left = own
    lines = [line for line in deal.lines.select_related("product_line") if line.product_line.code in sold]
    for number, line in enumerate(lines, start=1):
        part = sold[line.product_line.code]
        if own != whole:
            part = left if number == len(lines) else (part * own / whole).quantize(Decimal("0.01"))
        left -= part
        line.actual_amount = told[line.product_line.code] = part
        line.save(update_fields=["actual_amount"])
    return told


def change_stage(*, deal_id: UUID, stage: str, actor: Actor, now: datetime) -> Decision:
    """Say how far the sale is; that is no part of the registration's status."""
    with deciding_on(deal_id) as deal:
        problems = []
        if stage not in PipelineStage.values:
            problems.append(["stage.unknown", _("That is none of the stages.")])
        elif deal.status not in LIVE or deal.status == DealStatus.WON:
            problems.append(["deal.wrong_status", _("The stage of a closed deal stays as it is.")])
        decision = rules.decide_note({"problems": problems, "stage": stage})
        before = deal.pipeline_stage
        if decision.allowed and stage != before:
            deal.pipeline_stage = stage
            save(deal, now)
            tell(StageChanged, deal, now=now, before={"deal.stage": before})
        note(
            "deal.stage_changed",
            deal,
            actor=actor,
            now=now,
            decision=decision,
            before={"stage": before},
            after={"stage": deal.pipeline_stage},
        )
    return decision


def extend_protection(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Once, by the policy's days, after the stage has moved."""
    with deciding_on_sale(deal_id) as deal:
        days = queries.policy().extension_days
        decision = rules.decide_extension(extension_facts(deal, days))
        if decision.refused:
            note("deal.extended", deal, actor=actor, now=now, decision=decision)
            return decision
        for part in splitting.parts_closing(deal):
            _extend(part, days, actor, now, decision)
    return decision


def _extend(deal: Deal, days: int, actor: Actor, now: datetime, decision: Decision) -> None:
    before = deal.protected_until
    assert before is not None
    deal.protected_until, deal.extended_on = before + timedelta(days=days), today_of(now)
    save(deal, now)
    for row in Protection.objects.filter(deal=deal, released_at=None):
        row.until += timedelta(days=days)
        row.save(update_fields=["until"])
    tell(DealExtended, deal, now=now, before={"deal.protected_until": before}, days=days)
    note("deal.extended", deal, actor=actor, now=now, decision=decision)


def _close(deal: Deal, because: str, now: datetime) -> None:
    save(deal, now)
    drop_keys(deal.pk)
    release(deal, because, now)
