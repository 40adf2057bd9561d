"""A program year, lived through: the clock is moved, people act, and real workers decide.

Nothing is written behind the product's back: partners hand in through the action that the portal calls,
staff decide through the one that the queue calls, and Celery workers run the workflow and the timers.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, connections
from django.utils import timezone

from dealreg import actions as deals
from dealreg.models import Deal
from prm.celery import nudge
from prm.demo.cast import Organisation, Worker
from prm.demo.market import Market, deal_fields
from prm.kernel.clock import local_date
from prm.kernel.matching import Record
from prm.kernel.messages.actions import read_messages
from prm.kernel.reference.models import ProductLine
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant
from workflows import actions as tasks
from workflows.models import HumanTask

YEAR = timedelta(days=365)
RUSH = 150  # deals of the last hour: they fill the queue for whoever opens the demo
LAST_HOUR = timedelta(minutes=50)
TAKEN_UP = 15  # questions that somebody has begun to look at in that hour
LIVED = (0, 2, 3)  # the weekdays on which the clock stops: what happens in between comes together
UNANSWERED = timedelta(days=84)  # before the end partners leave questions open
SAME_DAY, NEXT_DAY = 0.93, 0.8  # of what waits, how much staff decide; the rest is somebody's bad day
LOST = ("The customer took another product", "The budget was cut", "Price", "No decision was made")


@dataclass
class History:
    """The year of one vendor."""

    tenant: UUID
    partners: list[Organisation]
    staff: dict[str, Worker]
    place: Market
    rng: random.Random
    deals_wanted: int
    taken: list[Record] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    handed_in: int = 0

    def days(self) -> Iterator[tuple[datetime, datetime]]:
        """Three days of each week: some hour of the morning, and another well before anybody must be warned."""
        with acting(tenant=self.tenant, audience="vendor") as now:
            start = now
        day, end = start, start + YEAR
        while day < end - timedelta(hours=1):
            day += timedelta(days=1)
            if day.weekday() in LIVED:
                morning = day.replace(hour=self.rng.randint(7, 12), minute=self.rng.randint(0, 59))
                yield min(morning, end), min(morning + timedelta(minutes=self.rng.randint(40, 170)), end)

    def live(self, progress: Callable[[float], None]) -> None:
        """Run the whole year. `progress` gets the share that is done."""
        days = list(self.days())
        for number, (morning, later) in enumerate(days, 1):
            wanted = round(max(0, self.deals_wanted - RUSH) * number / len(days))
            move_clock(self.tenant, morning)
            nudge("dealreg.tasks.keep_time")
            self._partners_follow_up(morning, answer=morning < days[-1][0] - UNANSWERED)
            self._staff_decide(NEXT_DAY)
            while self.handed_in < wanted:
                self._hand_in()
            settle(self.tenant)
            move_clock(self.tenant, later)
            self._some_withdraw()
            self._staff_decide(SAME_DAY)
            settle(self.tenant)
            progress(number / len(days))
        self._come_to_the_present()
        for _number in range(min(RUSH, self.deals_wanted)):
            self._hand_in()
        settle(self.tenant, 60)
        self._take_up(TAKEN_UP)
        self._leave_drafts(15)
        settle(self.tenant)

    def _come_to_the_present(self) -> None:
        """What staff left on the last day is late by now; what comes in from here has just come."""
        move_clock(self.tenant, timezone.now() - LAST_HOUR)
        nudge("dealreg.tasks.keep_time")
        settle(self.tenant)
        self._read_what_came()

    def _read_what_came(self) -> None:
        with acting(tenant=self.tenant, audience="vendor"):
            for worker in self.staff.values():
                read_messages(actor=worker.actor)
        for who in self.partners:
            with self._as(who):
                read_messages(actor=who.seller.actor)
                read_messages(actor=who.admin.actor)

    def _hand_in(self) -> None:
        who = self.rng.choice(self.partners)
        self.handed_in += 1
        with self._as(who) as now:  # as the portal's form does, in one request
            record, fields = self._typed(who, local_date(now))
            deal = deals.save_draft(partner_id=who.id, fields=fields, actor=who.seller.actor, now=now)
            decision = deals.submit_deal(deal_id=deal.pk, actor=who.seller.actor, now=now)
        if decision.allowed:
            self.taken.append(record)

    def _leave_drafts(self, count: int) -> None:
        for who in self.rng.sample(self.partners, k=count):
            with self._as(who) as now:
                _record, fields = self._typed(who, local_date(now))
                deals.save_draft(partner_id=who.id, fields=fields, actor=who.seller.actor, now=now)

    def _typed(self, who: Organisation, today: date) -> tuple[Record, dict[str, Any]]:
        if not self.lines:
            self.lines = [str(pk) for pk in ProductLine.objects.filter(is_active=True).values_list("pk", flat=True)]
        return deal_fields(self.rng, self.place, self.taken, who, self.lines, today)

    def _as(self, who: Organisation) -> Any:
        return acting(tenant=self.tenant, audience="partner", partners=[who.id])

    def _staff_decide(self, share: float) -> None:
        """Decide that share of what waits; a task is nobody's twice."""
        with acting(tenant=self.tenant, audience="vendor"):
            waiting = list(HumanTask.objects.filter(status="open").values_list("pk", "value", "outcomes"))
        for pk, value, outcomes in waiting:
            if self.rng.random() < share:
                self._decide(pk, self._decider(value), outcomes)

    def _take_up(self, count: int) -> None:
        with acting(tenant=self.tenant, audience="vendor") as now:
            people = {"ops": self.staff["Olivia Brandt"], "approver": self.staff["Mia Sorensen"]}
            waiting = HumanTask.objects.filter(status="open", role__in=people).order_by("opened_at")
            for pk, role in list(waiting.values_list("pk", "role")[:count]):
                tasks.claim_task(task_id=pk, actor=people[role].actor, now=now)

    def _decider(self, value: Any) -> Worker:
        return self.staff["Mia Sorensen"] if value is not None and value > 60_000 else self.staff["Olivia Brandt"]

    def _decide(self, task_id: UUID, who: Worker, outcomes: list[str]) -> None:
        outcome = self.rng.choices(("approve", "reject", "return"), weights=(58, 22, 20))[0]
        if outcome not in outcomes:
            outcome = outcomes[0]
        detail = {"fields": ["customer_domain", "notes"]} if outcome == "return" else {}
        with acting(tenant=self.tenant, audience="vendor") as now:
            decision = tasks.decide_task(
                task_id=task_id,
                outcome=outcome,
                note=_note(outcome, self.rng),
                detail=detail,
                actor=who.actor,
                now=now,
                immediately=True,
            )
        if decision.reason_keys == ("task.already_voted",):  # a large deal takes two
            self._decide(task_id, self.staff["Anton Brandt"], outcomes)

    def _partners_follow_up(self, now: datetime, *, answer: bool) -> None:
        """Answers to questions, and how approved deals went on."""
        with acting(tenant=self.tenant, audience="vendor"):
            asked = list(Deal.objects.filter(status="action_required").values_list("pk", "partner_id"))
            running = list(
                Deal.objects.filter(status="approved", decided_at__lt=now - timedelta(days=12)).values_list(
                    "pk", "partner_id", "amount"
                )
            )
        for pk, partner_id in asked:
            if answer and self.rng.random() < 0.35:
                self._answer(pk, partner_id)
        for pk, partner_id, amount in running:
            self._go_on(pk, partner_id, amount)

    def _some_withdraw(self) -> None:
        with acting(tenant=self.tenant, audience="vendor"):
            waiting = list(Deal.objects.filter(status__in=["submitted", "in_review"]).values_list("pk", "partner_id"))
        for pk, partner_id in waiting:
            if self.rng.random() < 0.08:
                self._withdraw(pk, partner_id, "The customer has decided for now")

    def _answer(self, pk: UUID, partner_id: UUID) -> None:
        who = self._partner(partner_id)
        fields = {"notes": "We spoke with their head of IT on Tuesday; the project is confirmed."}
        with self._as(who) as now:
            deals.resubmit_deal(deal_id=pk, fields=fields, actor=who.seller.actor, now=now)

    def _go_on(self, pk: UUID, partner_id: UUID, amount: Any) -> None:
        draw, who = self.rng.random(), self._partner(partner_id)
        if draw > 0.017:
            return
        with self._as(who) as now:
            actor, today = who.seller.actor, local_date(now)
            if draw < 0.007:
                deals.mark_won(deal_id=pk, amount=amount, closed_on=today, actor=actor, now=now)
            elif draw < 0.010:
                deals.mark_lost(deal_id=pk, reason=self.rng.choice(LOST), closed_on=today, actor=actor, now=now)
            elif draw < 0.015:
                deals.change_stage(deal_id=pk, stage="proposal", actor=actor, now=now)
            else:
                deals.extend_protection(deal_id=pk, actor=actor, now=now)

    def _withdraw(self, pk: UUID, partner_id: UUID, reason: str) -> None:
        who = self._partner(partner_id)
        with self._as(who) as now:
            deals.withdraw_deal(deal_id=pk, reason=reason, actor=who.seller.actor, now=now)

    def _partner(self, partner_id: UUID) -> Organisation:
        return next(who for who in self.partners if who.id == partner_id)


def _note(outcome: str, rng: random.Random) -> str:
    return {
        "approve": "",
        "reject": rng.choice(
            ("Our direct team is in a running project there.", "The customer is not in your territory.")
        ),
        "return": "Please add the customer's website and whom you spoke with.",
    }.get(outcome, "")


_FORWARD = """
UPDATE tenancy_tenant SET clock_offset = %(to)s - transaction_timestamp()
WHERE id = %(tenant)s AND clock_offset < %(to)s - transaction_timestamp()
"""


def move_clock(tenant: UUID, to: datetime) -> datetime:
    """Let the tenant's business time be `to`; it only runs forward."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(_FORWARD, {"tenant": tenant, "to": to})
    return to


_BUSY = """
SELECT EXISTS (SELECT 1 FROM events_delivery WHERE state = 'pending')
    OR EXISTS (SELECT 1 FROM workflows_work
               WHERE status = 'ready' AND due_at <= statement_timestamp() + (%s - transaction_timestamp()))
"""


def settle(tenant: UUID, seconds: float = 20.0) -> bool:
    """Wait until the workers have nothing left to do now; False when they took too long.

    In one context, since every statement sees what has been committed before it: looking is cheap. Time goes on.
    """
    deadline = time.monotonic() + seconds
    reminded = time.monotonic()
    with acting(tenant=tenant, audience="auditor") as now, connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(_BUSY, [now])
            if not cursor.fetchone()[0]:
                return True
            time.sleep(0.02)
            if time.monotonic() - reminded > 0.25:  # the hints that commits send were lost or came too early
                reminded = time.monotonic()
                nudge("prm.kernel.events.tasks.relay")
    return False


def catch_up(tenant: UUID) -> None:
    """End the year: the demo's clock stands at the present."""
    with suppress(Tenant.DoesNotExist):
        Tenant.objects.using("owner").filter(pk=tenant).update(clock_offset=timedelta(0))
