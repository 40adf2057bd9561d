"""Two hundred deals are decided while their workers are killed, Redis is emptied and PostgreSQL crashes.

Run by test_nothing_is_lost.py in a process and on servers of its own. Prints its figures; exits 0 only if
every deal has one run and one decision, and every cause one message.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

WANTED = 200
PATIENCE = 90.0  # seconds without any progress, after which work counts as stuck (longer than every lease)


def main() -> int:
    from prm.embedded import ensure_started

    with ensure_started("test") as handle:
        django.setup()
        return Campaign(handle).run()


class Campaign:
    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.ids: Counter[str] = Counter()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.log = open(os.path.join(os.environ["PRM_VAR"], "campaign.log"), "ab")  # noqa: SIM115  for the children

    def run(self) -> int:
        self._sink()
        self._world()
        try:
            self._start("worker")
            self._start("beat")
            self._hand_in(range(WANTED // 2))
            self._kill_worker()
            self._hand_in(range(WANTED // 2, WANTED * 3 // 4))
            self._empty_redis()
            self._crash_postgres()
            self._hand_in(range(WANTED * 3 // 4, WANTED))
            self._kill_worker()
            settled = self._settle()
            return self._judge(settled)
        finally:
            for child in self.children.values():
                self._end(child, signal.SIGKILL)
            self.sink.stop()

    # --- the parts ---------------------------------------------------------------------------

    def _sink(self) -> None:
        from aiosmtpd.controller import Controller

        campaign = self

        class Count:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
                from email import message_from_bytes

                campaign.ids[message_from_bytes(envelope.content)["Message-ID"]] += 1
                return "250 counted"

        self.sink = Controller(Count(), hostname="127.0.0.1", port=int(os.environ["PRM_SMTP_PORT"]))
        self.sink.start()

    def _world(self) -> None:
        from django.core.management import call_command

        from dealreg.models import DealPolicy
        from tests import cast, world

        call_command("migrate", database="owner", verbosity=0)
        world.build_cast()
        with cast.vendor(cast.acme):
            DealPolicy.objects.create(submissions_per_hour=10 * WANTED)

    def _start(self, name: str) -> None:
        environment = {**os.environ, "PRM_ROLE": "worker"}
        if name == "beat":
            more = ["beat", "--schedule", os.path.join(os.environ["PRM_VAR"], "beat")]
        else:
            more = ["worker", "--concurrency", "2", "--without-mingle", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "-A", "prm", *more, "--loglevel", "ERROR"]
        self.children[name] = subprocess.Popen(
            command, env=environment, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def _hand_in(self, numbers: range) -> None:
        for number in numbers:
            stubbornly(lambda number=number: submit(number))

    # --- the faults --------------------------------------------------------------------------

    def _kill_worker(self) -> None:
        self._end(self.children.pop("worker"), signal.SIGKILL)
        print("killed the worker and its children (SIGKILL)")
        self._start("worker")

    def _end(self, child: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
        if child.poll() is None:
            os.killpg(child.pid, how)
            child.wait()

    def _empty_redis(self) -> None:
        import redis

        from prm.embedded import addresses

        redis.Redis.from_url(addresses.redis_url()).flushall()
        print("emptied Redis (FLUSHALL)")

    def _crash_postgres(self) -> None:
        os.kill(self.handle.postmaster_pid(), signal.SIGQUIT)
        print("crashed PostgreSQL (immediate shutdown); its keeper starts it again")

    # --- the verdict -------------------------------------------------------------------------

    def _settle(self) -> bool:
        before, moved = -1, time.monotonic()
        while time.monotonic() - moved < PATIENCE:
            left = stubbornly(work_left)
            if left == 0:
                return True
            if left != before:
                before, moved = left, time.monotonic()
            time.sleep(0.5)
        return False

    def _judge(self, settled: bool) -> int:
        found = stubbornly(figures)
        sent, repeats = set(self.ids), sum(self.ids.values()) - len(self.ids)
        faults = [
            *([] if settled else ["work was left undone"]),
            *(f"{name}: {value}, should be 0" for name, value in found["none_of"].items() if value),
        ]
        if found["deals"] != WANTED:
            faults.append(f"{found['deals']} deals of {WANTED}")
        if sent != found["message_ids"]:
            faults.append(f"{len(found['message_ids'])} mails recorded, {len(sent)} reached the sink")
        print(f"deals {found['deals']}, by state {found['states']}")
        print(f"mails recorded {len(found['message_ids'])}, at the sink {len(sent)}, repeats {repeats}")
        for fault in faults:
            print("FAULT", fault)
        return 1 if faults else 0


def stubbornly(act: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What a client does: try again when the server went away under it."""
    from django.db import DatabaseError, InterfaceError, connection

    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.3)


def submit(number: int) -> None:
    """One registration by Bo; the import key makes a repeated try the same deal."""
    from dealreg import actions
    from dealreg.models import Deal
    from prm.kernel.reference.models import ProductLine
    from tests.cast import birch, bo, partner

    fields = {
        "customer_name": f"{NAMES[number % len(NAMES)]}{SOUNDS[number // len(NAMES)]} {TRADES[number % len(TRADES)]}",
        "customer_domain": f"{NAMES[number % len(NAMES)]}{SOUNDS[number // len(NAMES)]}{number}.example".lower(),
        "customer_country": "DE",
        "amount": "9000" if number % 4 else "90000",
        "currency": "EUR",
        "notes": "",
    }
    with partner(birch) as now:
        if Deal.objects.filter(import_key=f"campaign-{number}").exclude(status="draft").exists():
            return
        fields["expected_close_on"] = (now.date().replace(year=now.year + 1)).isoformat()
        fields["product_lines"] = [str(ProductLine.objects.order_by("code")[0].pk)]
        deal = actions.save_draft(
            partner_id=birch.id, fields=fields, actor=bo.actor, now=now, import_key=f"campaign-{number}"
        )
        decision = actions.submit_deal(deal_id=deal.pk, actor=bo.actor, now=now)
        assert decision.allowed, decision.reasons


NAMES = ("Quorvex", "Maltiburn", "Zephandra", "Ostwyck", "Brillamar", "Tundovia", "Jaxelmont", "Pirrigold", "Helvatorn",
         "Umbraquin", "Sorvellan", "Kestrigan", "Dwimoral", "Fjallenby", "Yarrowick", "Ganthorpe", "Ixiomere",
         "Lomnarak", "Vesquiant", "Chordavel")  # fmt: skip
SOUNDS = ("", "otto", "ixa", "umbra", "esk", "andro", "ylla", "orant", "ivex", "uth")
TRADES = ("Foundry", "Optics", "Dairy", "Shipping", "Textiles", "Mining", "Seeds")


def work_left() -> int:
    from django.db import connection

    from prm.kernel.tenancy.context import acting
    from tests.cast import acme

    with acting(tenant=acme.id, audience="auditor") as now, connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM events_delivery WHERE state = 'pending')"
            " + (SELECT count(*) FROM workflows_work WHERE status = 'ready' AND due_at <= %s AND kind <> 'escalation')"
            " + (SELECT count(*) FROM prm_messages_message WHERE state = 'waiting')"
            " + (SELECT count(*) FROM dealreg_deal AS d WHERE status = 'submitted' AND NOT EXISTS ("
            "    SELECT 1 FROM workflows_humantask AS t WHERE t.subject_id = d.id))",
            [now],
        )
        return int(cursor.fetchone()[0])


_NONE_OF = {
    "deals without exactly one run": """SELECT count(*) FROM dealreg_deal AS d WHERE status <> 'draft' AND
        (SELECT count(*) FROM workflows_run AS r WHERE r.subject_id = d.id) <> 1""",
    "deals without exactly one conflict check": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status <> 'draft' AND (
        SELECT count(*) FROM audit_decisionrecord AS a
        WHERE a.subject_id = d.id AND a.rule = 'deal-conflict/1') <> 1""",
    "approved deals without exactly one approval": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status = 'approved' AND (
        SELECT count(*) FROM audit_auditentry AS a WHERE a.target_id = d.id AND a.action = 'deal.approved') <> 1""",
    "deals with people without exactly one task": """SELECT count(*) FROM dealreg_deal AS d
        WHERE status IN ('submitted', 'in_review') AND (
        SELECT count(*) FROM workflows_humantask AS t WHERE t.subject_id = d.id) <> 1""",
    "deals in neither state": """SELECT count(*) FROM dealreg_deal
        WHERE status NOT IN ('approved', 'submitted', 'in_review', 'rejected')""",
    "incidents": "SELECT count(*) FROM workflows_incident WHERE status = 'open'",
    "parked events": "SELECT count(*) FROM events_delivery WHERE state = 'parked'",
}


def figures() -> dict[str, Any]:
    from django.db import connection

    from prm.kernel.tenancy.context import acting
    from tests.cast import acme

    with acting(tenant=acme.id, audience="auditor"), connection.cursor() as cursor:
        none_of = {}
        for name, query in _NONE_OF.items():
            cursor.execute(query)
            none_of[name] = cursor.fetchone()[0]
        cursor.execute("SELECT status, count(*) FROM dealreg_deal GROUP BY status")
        states = dict(cursor.fetchall())
        cursor.execute("SELECT message_id FROM prm_messages_message WHERE channel = 'email'")
        message_ids = {row[0] for row in cursor.fetchall()}
    return {"none_of": none_of, "states": states, "deals": sum(states.values()), "message_ids": message_ids}


if __name__ == "__main__":
    sys.exit(main())
