"""What a partner does with a deal: hand it in, answer a question, take it back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg import entry, queries, rules
from dealreg.actions import splitting
from dealreg.actions.base import (
    deciding_on,
    deciding_on_sale,
    drop_keys,
    judge_move,
    note,
    release,
    save,
    tell,
    today_of,
    write_keys,
)
from dealreg.actions.drafts import apply, put_lines, take_over, unread_of
from dealreg.actions.pricing import put_items
from dealreg.actions.same import join_first
from dealreg.events import DealSubmitted, DealWithdrawn
from dealreg.models import Deal, DealStatus, MatchKey
from dealreg.queries.facts import move_facts
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.reference import queries as reference
from prm.kernel.reference.models import ProductLine
from prm.kernel.reference.queries import known_currencies


def submit_deal(*, deal_id: UUID, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None) -> Decision:
    """Hand a draft in. `fields` is what was typed last; it is kept even when the answer is "invalid".

    What has come in by another way already is "already_registered": the draft joins that registration.
    """
    with deciding_on(deal_id) as deal:
        if deal.status == DealStatus.DRAFT and fields:
            take_over(deal, entry.read(fields, deal.partner_id), now)
        unread = unread_of(deal, now)
        return _hand_in(deal, "submit", actor, now, unread)


def judge_draft(*, deal_id: UUID, actor: Actor, now: datetime) -> Decision:
    """What handing this draft in would come to, by its fields alone; nothing is handed in."""
    with deciding_on(deal_id) as deal:
        return _judge(deal, "submit", actor, now, unread_of(deal, now), deal.lines.count(), ())


def resubmit_deal(*, deal_id: UUID, fields: Mapping[str, Any], actor: Actor, now: datetime) -> Decision:
    """Answer a question: only the fields that were opened may differ. A refused answer changes nothing."""
    with deciding_on(deal_id) as deal:
        typed = entry.read(fields, deal.partner_id)
        closed = _changed_though_closed(deal, typed)
        opened = {*deal.returned_fields, *((entry.ITEMS,) if "amount" in deal.returned_fields else ())}
        answer = entry.read({name: value for name, value in fields.items() if name in opened}, deal.partner_id)
        lines = apply(deal, answer, now)
        return _hand_in(deal, "resubmit", actor, now, answer.problems, lines, closed)


def withdraw_deal(*, deal_id: UUID, reason: str, actor: Actor, now: datetime) -> Decision:
    """Take a deal back; what it protected is free again."""
    with deciding_on_sale(deal_id) as deal:
        before = str(deal.status)
        decision = judge_move(deal, DealStatus.WITHDRAWN, "withdraw")
        if decision.allowed:
            deal.withdraw(reason=entry.plain(reason)[:300])
            save(deal, now)
            drop_keys(deal.pk)
            splitting.leave(deal, actor, now)
            release(deal, "withdrawn", now)
            tell(DealWithdrawn, deal, now=now, before={"deal.status": before}, reason=deal.close_reason)
        note("deal.withdrawn", deal, actor=actor, now=now, decision=decision, before={"status": before})
    return decision


def _hand_in(
    deal: Deal,
    method: str,
    actor: Actor,
    now: datetime,
    unread: list[entry.Problem],
    lines: list[ProductLine] | None = None,
    closed: Iterable[str] = (),
) -> Decision:
    before = str(deal.status)
    count = len(queries.line_ids(deal) if lines is None else lines)
    decision = _judge(deal, method, actor, now, unread, count, closed)
    if decision.allowed and method == "submit" and (same := join_first(deal, actor, now)) is not None:
        return same
    if decision.allowed:
        due = queries.answer_due(reference.program(deal.program_id), now)
        getattr(deal, method)(at=now, due=due)
        if actor.partner_id == deal.partner_id and actor.membership_id:
            deal.submitted_by_id = actor.membership_id
        save(deal, now)
        if lines is not None:
            put_lines(deal, lines)
        put_items(deal)
        write_keys(MatchKey.Kind.DEAL, deal.pk, deal.normal)
        tell(DealSubmitted, deal, now=now, before={"deal.status": before}, submission=deal.submission)
    note(
        "deal.submitted",
        deal,
        actor=actor,
        now=now,
        decision=decision,
        before={"status": before},
        after={"status": str(deal.status)},
    )
    return decision


def _judge(
    deal: Deal,
    method: str,
    actor: Actor,
    now: datetime,
    unread: list[entry.Problem],
    lines: int,
    closed: Iterable[str],
) -> Decision:
    return rules.decide_submission(
        move_facts(
            deal,
            DealStatus.SUBMITTED,
            method,
            closed_changed=list(closed),
            problems=[list(problem) for problem in _problems(deal, now, unread, lines, _open_fields(deal, method))],
            last_hour=queries.handed_in_within_the_hour(deal.partner_id, now),
            limit=queries.policy().submissions_per_hour if actor.partner_id else None,
        )
    )


def _open_fields(deal: Deal, method: str) -> list[str] | None:
    """A returned deal is judged by what was opened: a date that lapsed meanwhile is nothing its partner can mend."""
    return list(deal.returned_fields) if method == "resubmit" else None


def _problems(
    deal: Deal, now: datetime, unread: list[entry.Problem], lines: int, only: list[str] | None
) -> list[entry.Problem]:
    """What could not be read comes first; a field is told its first problem only."""
    found: dict[str, entry.Problem] = {}
    today = today_of(now)
    for problem in (*unread, *entry.missing(deal, lines), *entry.impossible(deal, today, known_currencies(today))):
        found.setdefault(problem[0].split(".")[0], problem)
    return [problem for field, problem in found.items() if only is None or field in only]


def _changed_though_closed(deal: Deal, typed: entry.Entry) -> list[str]:
    """The fields that differ though they were not opened."""
    changed = []
    for name, value in typed.values.items():
        if name == entry.ITEMS:
            continue
        given = {line.pk for line in value} if name == "product_lines" else value
        held = queries.line_ids(deal) if name == "product_lines" else getattr(deal, name)
        if given != held and name not in deal.returned_fields:
            changed.append(name)
    return changed
