"""The rare days of a vendor: what a year may not bring by itself, so that it is lived through on purpose.

Two opinions and two approvers for a large deal, a channel manager who keeps silent, answers that could not be
carried out, late promises, a broken hand-over and a receiver that is gone. Everything is done through the
product's own actions; afterwards runs have taken every block and way of every shipped workflow.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, connections

from dealreg import actions as deals
from dealreg.models import ApprovalRule, Customer, Deal, Dispute
from partners import actions as partners
from partners.models import Partner
from prm.demo.cast import Organisation
from prm.kernel.automation import registry
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.models import ProductLine
from prm.kernel.tenancy.context import acting
from workflows import actions as workflows
from workflows.models import HumanTask, Incident, WebhookCall, Workflow

LASTS = timedelta(days=21)  # of the vendor's first weeks, before its year
OPEN_AT = 9  # UTC: an hour at which the vendor works
SMALL, ABOVE_THE_TIER, NAMED, LARGE = "8000", "120000", "160000", "240000"
ASKED = 3  # times that the workflow asks about a dispute
NEARLY_LARGE: dict[str, Any] = {"amount_above": Decimal(150_000), "amount_up_to": Decimal(200_000)}
CUSTOMERS = (
    "Quillfeather Marine", "Obermoser Glashütte", "Yarrowby Instruments", "Zumthor Kältetechnik", "Fjellvang Papir",
    "Ixworth Ceramics", "Umbrella Pines Hotels", "Kestrelwood Foods", "Wyvernhall Press", "Jasperline Rail",
    "Nethergill Quarries", "Pomeroy Lighthouse", "Ravensbourne Optik", "Sallowfield Dairies", "Thistledown Aero",
    "Ullswater Pumps", "Vexford Turbines", "Hollowdene Textiles",
)  # fmt: skip
ALWAYS: dict[str, Any] = {"combinator": "and", "not": False, "rules": []}
CREDIT_CHECK: dict[str, Any] = {
    "format": 1,
    "key": "credit-check",
    "name": "Credit check",
    "trigger": {"manual": True, "schema": "deal"},
    "blocks": [
        {"id": "ask", "type": "approval", "queue": "finance", "title": "Is this customer good for the amount?",
         "assign": {"kind": "role", "value": "finance"}, "outcomes": ["yes", "no"], "note_required": ["no"],
         "save_as": "credit"},
        {"id": "end", "type": "end", "result": "checked"},
    ],
}  # fmt: skip
HAND_OVER: dict[str, Any] = {
    "format": 1,
    "key": "erp-hand-over",
    "name": "Hand-over to the ERP",
    "trigger": {"manual": True, "schema": "deal"},
    "blocks": [
        {"id": "credit", "type": "subworkflow", "workflow": "credit-check", "save_as": "credit"},
        {"id": "erp", "type": "webhook", "url": "https://erp.larkspur.example/hooks/orders", "save_as": "erp"},
        {"id": "end", "type": "end", "result": "handed_over"},
    ],
}


@dataclass
class Rare:
    """The first weeks of one vendor. `work` lets everything that is due be done; `forward` moves the clock."""

    tenant: UUID
    one: Organisation
    other: Organisation  # sells in the same country
    staff: Mapping[str, Actor]  # by role, and a "second" admin
    work: Callable[[], object]
    forward: Callable[[datetime], object]
    told: list[str] = field(default_factory=list)  # the customers that have been named

    def live(self) -> None:
        """All of it, in three moments: a Monday, the Monday after, and the day behind it."""
        self.take_templates_into_use()
        self.name_an_approver()
        monday = self._next_monday()
        self.forward(monday)
        self.hand_in()
        self.race()
        self.decide()
        self.decide_large_deals()
        self.settle_disputes()
        self.forward(monday + timedelta(days=7))
        self.work()
        self.pick_up_the_late()
        self.hand_over()
        self.forward(monday + timedelta(days=8))
        self.work()
        self.end_what_was_passed_on()

    # --- before the first deal ---------------------------------------------------------------------

    def take_templates_into_use(self) -> None:
        """Every template of the gallery; and two workflows of the vendor's own, published by a second admin."""
        with self._vendor() as now:
            for key, template in registry.templates.items():
                if not template.from_start:
                    drawn = workflows.use_template(key=key, actor=self.staff["admin"], now=now)
                    self._publish(drawn.facts.get("version"), "admin", now)
            for tree in (CREDIT_CHECK, HAND_OVER):
                saved = workflows.save_draft(tree=tree, actor=self.staff["second"], now=now)
                self._publish(saved.facts.get("version"), "admin", now)

    def _publish(self, version: str | None, by: str, now: datetime) -> None:
        if version:
            workflows.publish_version(version_id=UUID(version), actor=self.staff[by], now=now)

    def _next_monday(self) -> datetime:
        with self._vendor() as now:
            day = now + timedelta(days=7 - now.weekday())
        return day.replace(hour=OPEN_AT, minute=0, second=0, microsecond=0)

    def name_an_approver(self) -> None:
        """A row of the approval matrix: what is nearly large goes to an approver, whatever the checks say."""
        with self._vendor() as now:
            fields = {**NEARLY_LARGE, "decider": "role", "role": "approver"}
            deals.keep_approval_rule(fields=fields, actor=self.staff["admin"], now=now)
            row = ApprovalRule.objects.latest("position")
            for _place in range(row.position - 1):  # it comes before what it is an exception to
                deals.move_approval_rule(rule_id=row.pk, up=True, actor=self.staff["admin"], now=now)

    # --- deals -------------------------------------------------------------------------------------

    def hand_in(self) -> None:
        """One deal for each way that a deal can go."""
        one, other, gmail = self.one, self.other, {"customer_domain": "gmail.com"}
        self.small = self._deal(one, "500")
        self.clear = self._deal(one, SMALL)
        names = ("approve", "reject", "return", "same", "none", "again")
        self.asked = {name: self._deal(one, ABOVE_THE_TIER) for name in names}
        self.rivals = [self._deal(one, ABOVE_THE_TIER), self._deal(other, ABOVE_THE_TIER, named=self.told[-1])]
        self.cam_decides = self._deal(one, SMALL, **gmail)
        self.named = self._deal(one, NAMED)
        self.silent = [self._deal(one, SMALL, **gmail) for _time in range(3)]
        self.large = [self._deal(one, LARGE), self._deal(other, LARGE)]
        manager = self._give_up_manager(other)
        self.desk = self._deal(other, SMALL, **gmail)
        self.work()
        self._give_back_manager(other, manager)
        self.twice = self._deal(one, SMALL, named=self.told[1])  # its own, already protected
        self.protected = self._deal(other, SMALL, named=self.told[1])  # that of the clear one
        self.work()

    def _deal(self, who: Organisation, amount: str, named: str = "", **changes: Any) -> UUID:
        name = named or CUSTOMERS[len(self.told)]
        self.told += [] if named else [name]
        with acting(tenant=self.tenant, audience="partner", partners=[who.id]) as now:
            fields = {
                "customer_name": name,
                "customer_domain": name.lower().replace(" ", "-").replace("ü", "ue").replace("ä", "ae") + ".example",
                "customer_country": self._country(),
                "amount": amount,
                "currency": "EUR",
                "expected_close_on": (now + timedelta(days=90)).date().isoformat(),
                "product_lines": [str(ProductLine.objects.filter(is_active=True).order_by("code")[0].pk)],
                **changes,
            }
            deal = deals.save_draft(partner_id=who.id, fields=fields, actor=who.seller.actor, now=now)
            deals.submit_deal(deal_id=deal.pk, actor=who.seller.actor, now=now)
        return deal.pk

    def _country(self) -> str:
        return next(code for code in self.one.countries if code in self.other.countries)

    def _give_up_manager(self, who: Organisation) -> UUID | None:
        with self._vendor() as now:
            before = Partner.objects.values_list("cam_id", flat=True).get(pk=who.id)
            partners.assign_cam(partner_id=who.id, cam_id=None, actor=self.staff["admin"], now=now)
        return before

    def _give_back_manager(self, who: Organisation, manager: UUID | None) -> None:
        with self._vendor() as now:
            partners.assign_cam(partner_id=who.id, cam_id=manager, actor=self.staff["admin"], now=now)

    def race(self) -> None:
        """While a deal is judged to be clear, somebody records that its customer is one that a rival protects.

        The workflow stands in line for the vendor's one approval at a time, sees it then, and asks a person.
        """
        alias = CUSTOMERS[len(self.told)]
        with ThreadPoolExecutor(1) as pool:
            with self._vendor() as now:
                again = deals.approve_deal(deal_id=self.clear, actor=self.staff["approver"], now=now)
                assert again.refused, "it is approved already; whoever comes next waits in line until we are done"
                customer = Customer.objects.get(name=Deal.objects.get(pk=self.clear).customer_name)
                deals.add_alias(customer_id=customer.pk, name=alias, actor=self.staff["ops"], now=now)
                meanwhile = pool.submit(self._in_a_thread, alias)
                _wait_for_somebody_in_line(meanwhile)
            self.overtaken = meanwhile.result()
        self.work()

    def _in_a_thread(self, name: str) -> UUID:
        try:
            deal = self._deal(self.other, SMALL, named=name, customer_domain="")
            self.told.append(name)
            self.work()
            return deal
        finally:
            connections.close_all()

    # --- answers -----------------------------------------------------------------------------------

    def decide(self) -> None:
        """What people answer on the same day."""
        self._answer(self.asked["approve"], "approver", "approve")
        self._answer(self.asked["reject"], "approver", "reject", "Our direct team is in a running project there.")
        self._answer(self.asked["return"], "approver", "return", "Whom did you speak with?", fields=["notes"])
        self._answer(self.asked["same"], "approver", "duplicate", "The same project.", other=str(self.clear))
        for name in ("none", "again"):  # of which one, nobody says: it could not be done
            self._answer(self.asked[name], "approver", "duplicate", "Looks known.")
        for deal in self.rivals:  # answered at once: one of them is protected
            self._answer(deal, "approver", "approve")
        self._answer(self.cam_decides, "ops", "approve")
        self._answer(self.named, "approver", "approve", block="ask-named")
        self._answer(self.desk, "ops", "approve")
        self._answer(self.twice, "approver", "reject", "You hold this one already.")
        self._answer(self.overtaken, "approver", "reject", "It is the customer of another registration.")
        self.work()
        self._answer(self.asked["none"], "approver", "reject", "We know this project.")
        self._answer(
            self.asked["again"], "approver", "return", "Another site than that of last week?", fields=["notes"]
        )
        self.work()

    def decide_large_deals(self) -> None:
        """Two opinions and two votes; of the second deal finance says nothing, so the approvers go on without it."""
        first, second = self.large
        self._answer(first, "cam", "support", block="cam-says")
        self._answer(first, "finance", "concern", "The margin is thin.", block="finance-says")
        self._answer(second, "cam", "support", block="cam-says")
        self.work()
        for role in ("approver", "admin"):
            self._answer(first, role, "approve")
            self.work()

    def settle_disputes(self) -> None:
        """Partners contest: one answer stands at once, others once what was decided could not be done; after the
        third time operations have it asked about anew."""
        uphold, share, overturn = "uphold", "share", "overturn"  # nothing can be shared that nobody else holds
        for deal, answers in (
            (self.asked["reject"], (uphold,)),
            (self.asked["none"], (share, uphold)),
            (self.small, (share, share, uphold)),
            (self.twice, (overturn, overturn, overturn, uphold)),
        ):
            dispute = self._contest(deal)
            for number, answer in enumerate(answers):
                if number == ASKED:
                    self._resolve(dispute, "ops", "retry")
                self._answer(dispute, "approver", answer, "We have looked at it once more.")
                self.work()

    def _contest(self, deal: UUID) -> UUID:
        who = self.one
        with acting(tenant=self.tenant, audience="partner", partners=[who.id]) as now:
            statement = "We were there first: see the minutes of our meeting."
            deals.raise_dispute(deal_id=deal, statement=statement, actor=who.seller.actor, now=now)
        self.work()
        with self._vendor():
            return Dispute.objects.get(deal=deal).pk

    def pick_up_the_late(self) -> None:
        """A week later: what nobody answered has gone to others, and somebody was asked to take charge."""
        taken, passed_on, _nobody = self.silent
        self._answer(taken, "ops", "taken", block="take-charge")
        self._answer(passed_on, "ops", "pass_on", block="take-charge")
        for deal in (*self.silent, self.large[1]):
            self._answer(deal, "approver", "approve", block="ask-instead" if deal in self.silent else "ask-two")
        self._answer(self.large[1], "admin", "approve", block="ask-two")
        self.work()

    def end_what_was_passed_on(self) -> None:
        """Nobody took charge of the third: the admins have been told, and one says that it is over."""
        _taken, passed_on, nobody = self.silent
        self._answer(passed_on, "admin", "taken", block="admin")
        self._answer(nobody, "admin", "leave", "It has been answered.", block="admin")
        self.work()

    # --- what goes wrong ---------------------------------------------------------------------------

    def hand_over(self) -> None:
        """A sub-workflow is retired while another still runs it; and the receiver of a webhook is gone."""
        self._retire("credit-check")
        started = [self._start(deal) for deal in (*self.silent, self.asked["approve"])]
        self.work()
        skipped, ended, refused, again = started
        self._resolve(skipped, "ops", "skip")
        self._resolve(ended, "ops", "end_run")
        self._hand_to(refused, "finance")
        self._resolve(refused, "finance", "retry")  # who may not: it goes to an admin
        self._bring_back("credit-check")
        self._resolve(again, "ops", "retry")
        self.work()
        self._answer(self._incident(refused), "admin", "seen_to", block="ask-admin")
        with self._vendor() as now:
            workflows.cancel_incident(incident_id=_incident_of(refused), actor=self.staff["admin"], now=now)
        self._call_given_up("again")
        self._call_given_up("leave")
        self._answer(again, "finance", "yes")
        self.work()
        self._call_given_up("leave")

    def _start(self, deal: UUID) -> UUID:
        with self._vendor() as now:
            hand_over = Workflow.objects.get(key=HAND_OVER["key"]).pk
            workflows.start_workflow(workflow_id=hand_over, subject_id=deal, actor=self.staff["ops"], now=now)
        return deal

    def _retire(self, key: str) -> None:
        with self._vendor() as now:
            found = Workflow.objects.get(key=key).pk
            workflows.retire_workflow(workflow_id=found, actor=self.staff["admin"], now=now)

    def _bring_back(self, key: str) -> None:
        with self._vendor() as now:
            tree = {**CREDIT_CHECK, "name": "Credit check by finance"}
            saved = workflows.save_draft(tree=tree, actor=self.staff["second"], now=now)
            self._publish(saved.facts.get("version"), "admin", now)

    def _incident(self, deal: UUID) -> UUID:
        with self._vendor():
            return _incident_of(deal)

    def _resolve(self, deal: UUID, role: str, how: str) -> None:
        self._answer(self._incident(deal), role, how, block="ask")
        self.work()

    def _hand_to(self, deal: UUID, role: str) -> None:
        incident, to = self._incident(deal), self.staff[role].membership_id
        with self._vendor() as now:
            task = HumanTask.objects.get(subject_id=incident, status="open")
            workflows.assign_task(task_id=task.pk, membership_id=to, actor=self.staff["ops"], now=now)

    def _call_given_up(self, answer: str) -> None:
        """Operations know that the receiver is gone and don't wait for the last try."""
        with self._vendor() as now:
            call = WebhookCall.objects.filter(state="waiting").latest("made_at").pk
            workflows.give_up_call(call_id=call, actor=self.staff["ops"], now=now)
        self.work()
        self._answer(call, "ops", answer)
        self.work()

    # --- how people act ----------------------------------------------------------------------------

    def _answer(self, subject: UUID, role: str, outcome: str, note: str = "", block: str = "", **detail: Any) -> None:
        """Decide the open question about a subject, or that of a block."""
        with self._vendor() as now:
            tasks = HumanTask.objects.filter(subject_id=subject, status="open", **({"block": block} if block else {}))
            decision = workflows.decide_task(
                task_id=tasks.earliest("opened_at").pk,
                outcome=outcome,
                note=note,
                detail=detail,
                actor=self.staff[role],
                now=now,
                immediately=True,
            )
        if decision.refused:
            raise AssertionError(f"{role} can't answer {outcome}: {'; '.join(r.text for r in decision.reasons)}")

    @contextmanager
    def _vendor(self) -> Iterator[datetime]:
        with acting(tenant=self.tenant, audience="vendor") as now:
            yield now


def _incident_of(deal: UUID) -> UUID:
    return Incident.objects.filter(subject_id=deal).latest("opened_at").pk


_IN_LINE = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def _wait_for_somebody_in_line(meanwhile: Future[UUID], seconds: float = 5.0) -> None:
    """Until an approval waits for ours to be committed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if meanwhile.done() and meanwhile.exception():
            meanwhile.result()
        with connection.cursor() as cursor:
            cursor.execute(_IN_LINE)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
