"""Beside the ordinary course: disputes raised and decided, deals handed over and shared. Part of the demo's year."""

from decimal import Decimal
from uuid import UUID

from dealreg import actions as deals
from dealreg.models import Deal, Dispute
from prm.demo.history import History, settle
from prm.kernel.tenancy.context import acting
from workflows import actions as tasks
from workflows.models import HumanTask

STATEMENTS = (
    "We have been with the customer since March: the minutes of the first meeting are attached.",
    "The customer asked us for this offer in writing; nobody else was in the room.",
    "We ran the proof of concept. The refusal names a rule that does not fit a renewal.",
    "Our seller handed this in late because the portal was down on that day.",
    "Their head of IT confirms that the project began with us.",
)
MINUTES = b"Minutes of the first meeting\n\nPresent: the head of IT, two of ours.\nAgreed: offer within a week.\n"
ANSWERS = (
    ("uphold", "The other registration was complete three weeks before yours."),
    ("overturn", "Your minutes are from before the other registration; the deal is yours."),
)
REASON = "The customer has asked for a partner nearer to its site."


def live_moves(history: History) -> None:
    """What five hundred partners would see in a quarter: five disputes, two handed over, two shared."""
    _contest(history)
    settle(history.tenant, 20)
    for outcome, note in ANSWERS:
        _decide(history, outcome, note)
    _hand_over_and_share(history)
    settle(history.tenant, 20)


def _contest(history: History) -> None:
    with acting(tenant=history.tenant, audience="vendor"):
        refused = Deal.objects.filter(status="rejected").order_by("-decided_at", "pk")
        told = refused.filter(answer_reasons__0__key="deal.customer_already_protected")
        rows = [*told.values_list("pk", "partner_id")[:3], *refused.values_list("pk", "partner_id")[:12]]
    for (pk, partner_id), statement in zip(dict.fromkeys(rows), STATEMENTS, strict=False):
        who = next(one for one in history.partners if one.id == partner_id)
        with acting(tenant=history.tenant, audience="partner", partners=[who.id]) as now:
            actor = who.seller.actor
            if deals.raise_dispute(deal_id=pk, statement=statement, actor=actor, now=now).allowed:
                deals.attach_file(
                    deal_id=pk, name="minutes.txt", content=MINUTES, audience="partner", as_evidence=True,
                    actor=actor, now=now,
                )  # fmt: skip


def _decide(history: History, outcome: str, note: str) -> None:
    with acting(tenant=history.tenant, audience="vendor") as now:
        open_ones = Dispute.objects.filter(status="open").order_by("-about", "raised_at").values_list("pk", flat=True)
        task = HumanTask.objects.filter(subject_id__in=list(open_ones), status="open").order_by("opened_at").first()
        if task is not None:
            who = history.staff["Mia Sorensen"].actor
            tasks.decide_task(task_id=task.pk, outcome=outcome, note=note, actor=who, now=now, immediately=True)


def _hand_over_and_share(history: History) -> None:
    with acting(tenant=history.tenant, audience="vendor") as now:
        actor = history.staff["Mia Sorensen"].actor
        held = Deal.objects.filter(status="approved", share_percent=None, amount_vendor__lt=200_000)
        chosen: list[tuple[UUID, UUID]] = list(
            held.order_by("-decided_at", "pk").values_list("pk", "partner_id")[10:14]
        )
        for number, (pk, partner_id) in enumerate(chosen):
            to = next(one.id for one in history.partners[number:] if one.id != partner_id)
            if number % 2:
                deals.split_deal(
                    deal_id=pk, partner_id=to, percent=Decimal(40), names_told=number == 3, actor=actor, now=now
                )
            else:
                deals.reassign_deal(deal_id=pk, partner_id=to, reason=REASON, actor=actor, now=now)
