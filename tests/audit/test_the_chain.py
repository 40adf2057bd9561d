"""The chain over the audit: what is written is sealed, and whatever is done to it afterwards is found by name."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from shutil import copy
from threading import Event

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError, ProgrammingError

from partners import actions
from partners.models import Partner
from prm.kernel import audit
from prm.kernel.audit import offline, sealing, verifying
from prm.kernel.audit.models import AuditBlock, AuditEntry, DecisionRecord
from prm.kernel.tenancy.context import acting
from tests.cast import acme, birch, cedar, olivia, vendor, zenith

pytestmark = pytest.mark.usefixtures("as_worker")


def entries(count: int, of=acme) -> list[str]:
    """Write entries; gives their ids in order."""
    with vendor(of) as now:
        target = Partner.objects.first()
        return [
            str(audit.record(f"test.{n}", target=target, actor=olivia.actor, at=now, after={"number": n}))
            for n in range(count)
        ]


def refused() -> AuditEntry:
    with vendor() as now:
        actions.suspend_partner(partner_id=birch.id, reason="", actor=olivia.actor, now=now)
        return AuditEntry.objects.select_related("decision").latest("recorded_at")


def verified(kept=None) -> verifying.Report:
    with acting(tenant=acme.id, audience="auditor"):
        return verifying.verify(kept)


def heads() -> dict[int, str]:
    with vendor():
        return dict(AuditBlock.objects.values_list("number", "hash"))


@pytest.fixture
def damage(superuser):
    """Do to the tables what only their owner could, with the triggers off."""

    def do(statement, *parameters):
        with superuser.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, parameters)
            cursor.execute("SET session_replication_role = DEFAULT")
            assert cursor.rowcount

    return do


class TestSealing:
    def test_puts_everything_into_blocks_that_stand_on_one_another(self):
        entries(3)
        assert sealing.seal_all() > 0
        entries(2)
        assert sealing.seal_all() == 2
        report = verified()
        assert report.holds, report.faults
        assert report.blocks >= 2
        assert report.unsealed == 0
        with vendor():
            first, second = AuditBlock.objects.order_by("number")[:2]
            assert (first.number, second.number, second.previous) == (1, 2, first.hash)

    def test_holds_what_is_not_sealed_yet_too(self):
        entries(2)
        report = verified()
        assert report.holds
        assert report.unsealed >= 2
        assert report.lag.total_seconds() >= 0

    def test_again_does_nothing(self):
        entries(1)
        sealing.seal_all()
        assert sealing.seal_all() == 0

    def test_makes_more_than_one_block_of_many(self, monkeypatch):
        monkeypatch.setattr(sealing, "MOST", 4)
        sealing.seal_all()
        before = len(heads())
        entries(10)
        assert sealing.seal(acme.id) == 10
        assert len(heads()) == before + 3
        assert verified().holds

    def test_keeps_a_chain_for_each_vendor(self):
        entries(1)
        entries(1, zenith)
        sealing.seal_all()
        with vendor(acme):
            assert AuditBlock.objects.filter(number=1).count() == 1
        with vendor(zenith):
            assert AuditBlock.objects.filter(number=1).count() == 1

    def test_takes_a_transaction_that_commits_late_into_a_later_block(self):
        begun, go_on = Event(), Event()

        def slow():
            with vendor() as now:
                made = audit.record("test.slow", target=Partner.objects.first(), actor=olivia.actor, at=now)
                begun.set()
                assert go_on.wait(10)
            connections.close_all()
            return str(made)

        with ThreadPoolExecutor() as pool:
            late = pool.submit(slow)
            assert begun.wait(10)
            early = entries(1)  # recorded after the slow one, committed before it
            sealing.seal_all()
            go_on.set()
            pk = late.result()
        sealing.seal_all()
        report = verified()
        assert report.holds, report.faults
        with vendor():
            blocks = [dict(chain_entries(block)) for block in AuditBlock.objects.order_by("number")]
        where = {name: number for number, found in enumerate(blocks) for name in found}
        assert where[early[0]] < where[pk]

    def test_never_makes_a_writer_wait(self):
        entries(3)
        with acting(audience="relay"), connection.cursor() as cursor:  # a sealer in the middle of its block
            cursor.execute(sealing._LOCK, [str(acme.id)])
            cursor.execute(sealing._TAKE, {"tenant": acme.id, "most": 100})

            def write():
                with connection.cursor() as mine:
                    mine.execute("SET lock_timeout = '500ms'")
                try:
                    return entries(1)
                finally:
                    connections.close_all()

            with ThreadPoolExecutor() as pool:
                assert len(pool.submit(write).result(timeout=10)) == 1

    def test_by_two_at_once_seals_each_entry_once(self):
        entries(30)

        def seal():
            try:
                return sealing.seal_all()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            for one in [pool.submit(seal) for _ in range(4)]:
                one.result()
        sealing.seal_all()
        assert verified().holds

    def test_of_a_transaction_that_was_rolled_back_leaves_no_gap(self):
        with pytest.raises(ZeroDivisionError), vendor() as now:
            audit.record("test.gone", target=Partner.objects.first(), actor=olivia.actor, at=now)
            _ = 1 / 0
        sealing.seal_all()
        assert verified().holds


def chain_entries(block):
    from prm.kernel.audit import chain

    return chain.unpack_leaves(bytes(block.leaves))


class TestTheSealersRole:
    @pytest.mark.parametrize("table", ["audit_auditentry", "audit_decisionrecord"])
    def test_reads_no_payload(self, table):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            acting(audience="relay"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT id FROM {table}")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_auditblock SET count = 0",
            "DELETE FROM audit_auditblock",
            "UPDATE audit_auditunsealed SET row_hash = ''",
            "INSERT INTO audit_auditunsealed (id) VALUES (gen_random_uuid())",
        ],
    )
    def test_can_only_take_off_the_list_and_add_blocks(self, statement):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            acting(audience="relay"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.parametrize("table", ["audit_auditunsealed", "audit_auditblock", "audit_auditentry"])
    def test_what_waits_and_what_is_sealed_can_not_be_removed_by_the_vendor(self, table):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            vendor(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")

    def test_a_hash_is_the_databases_whatever_the_program_says(self):
        with vendor() as now:
            made = AuditEntry.objects.create(
                action="test.forged",
                target_type="x",
                target_id=birch.id,
                actor_kind="person",
                actor_id="1",
                actor_name="Mallory",
                at=now,
                row_hash="f" * 64,
                who_salt="0",
            )
            made.refresh_from_db()
            assert made.row_hash != "f" * 64
            assert len(made.who_salt) == 32
        assert verified().holds


class TestVerifyingNames:
    def test_the_entry_whose_content_was_altered(self, damage):
        ids = entries(5)
        sealing.seal_all()
        damage("UPDATE audit_auditentry SET after = '{\"number\": 99}' WHERE id = %s", ids[2])
        assert verified().faults == [f"entry {ids[2]}: what changed was altered"]

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ("actor_name = 'Mallory'", "who did it was altered"),
            ("action = 'test.other'", "was altered"),
            ("at = at - interval '1 day'", "was altered"),
            ("actor_id = 'somebody else'", "was altered"),
            ("recorded_at = recorded_at + interval '1 microsecond'", "was altered"),
            ("target_id = gen_random_uuid()", "was altered"),
        ],
    )
    def test_the_entry_whatever_was_altered_of_it(self, damage, change, told):
        ids = entries(3)
        sealing.seal_all()
        damage(f"UPDATE audit_auditentry SET {change} WHERE id = %s", ids[1])
        faults = verified().faults
        assert len(faults) == 1
        assert ids[1] in faults[0]
        assert told in faults[0]

    def test_an_entry_that_was_written_anew_with_a_fitting_hash(self, damage, superuser):
        ids = entries(3)
        sealing.seal_all()
        damage("DELETE FROM audit_auditentry WHERE id = %s", ids[1])
        with superuser.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_auditentry (id, tenant_id, action, target_type, target_id, target_name, actor_kind,"
                " actor_id, actor_name, impersonator, request_id, cause, before, after, at)"
                " VALUES (%s, %s, 'test.1', 'x', %s, '', 'person', '1', 'X', '', '', '', '{}', '{}', now())",
                [ids[1], str(acme.id), str(birch.id)],
            )
            cursor.execute("DELETE FROM audit_auditunsealed WHERE id = %s", [ids[1]])
        faults = verified().faults
        assert len(faults) == 1
        assert faults[0].startswith(f"entry {ids[1]} was altered after it was sealed (block ")

    def test_the_gap_where_an_entry_was_deleted(self, damage):
        ids = entries(5)
        sealing.seal_all()
        damage("DELETE FROM audit_auditentry WHERE id = %s", ids[3])
        faults = verified().faults
        assert len(faults) == 1
        assert re.fullmatch(rf"entry {ids[3]}: deleted \(block \d+, place \d+ of \d+\)", faults[0])

    def test_an_entry_that_was_deleted_before_it_was_sealed(self, damage):
        ids = entries(2)
        damage("DELETE FROM audit_auditentry WHERE id = %s", ids[0])
        assert verified().faults == [f"entry {ids[0]}: deleted before it was sealed"]

    def test_an_entry_that_was_smuggled_in(self, damage):
        ids = entries(2)
        damage("DELETE FROM audit_auditunsealed WHERE id = %s", ids[1])
        sealing.seal_all()
        assert verified().faults == [f"entry {ids[1]}: is in no block"]

    def test_a_decision_that_was_altered_with_its_entry(self, damage):
        entry = refused()
        sealing.seal_all()
        damage("UPDATE audit_decisionrecord SET outcome = 'approved' WHERE id = %s", str(entry.decision_id))
        assert verified().faults == [f"decision {entry.decision_id} was altered"]

    def test_a_decisions_document_that_was_altered(self, damage):
        entry = refused()
        sealing.seal_all()
        damage("UPDATE audit_decisionrecord SET document = '{\"facts\": {}}' WHERE id = %s", str(entry.decision_id))
        assert verified().faults == [f"decision {entry.decision_id}: its document was altered"]

    def test_a_block_that_was_altered(self, damage):
        entries(2)
        sealing.seal_all()
        last = max(heads())
        damage("UPDATE audit_auditblock SET leaves = leaves || leaves WHERE number = %s AND tenant_id = %s",
               last, str(acme.id))  # fmt: skip
        assert f"block {last} was altered" in verified().faults

    def test_blocks_that_were_put_in_another_order(self, damage):
        for _ in range(3):
            entries(1)
            sealing.seal_all()
        first = max(heads()) - 1
        for was, becomes in ((first, 9999), (first + 1, first), (9999, first + 1)):
            damage("UPDATE audit_auditblock SET number = %s WHERE number = %s AND tenant_id = %s",
                   becomes, was, str(acme.id))  # fmt: skip
        faults = verified().faults
        assert f"block {first} was altered" in faults
        assert f"block {first + 1} was altered" in faults

    def test_a_block_that_was_taken_out(self, damage):
        for _ in range(3):
            entries(1)
            sealing.seal_all()
        gone = max(heads()) - 1
        damage("DELETE FROM audit_auditblock WHERE number = %s AND tenant_id = %s", gone, str(acme.id))
        assert any(fault.startswith(f"block {gone}: missing") for fault in verified().faults)

    def test_an_end_that_was_cut_off_against_a_kept_head(self, damage):
        for _ in range(2):
            entries(2)
            sealing.seal_all()
        kept = heads()
        last = max(kept)
        with vendor():
            names = [name for name, _ in chain_entries(AuditBlock.objects.get(number=last))]
        damage("DELETE FROM audit_auditblock WHERE number = %s AND tenant_id = %s", last, str(acme.id))
        damage("DELETE FROM audit_auditentry WHERE id = ANY(%s::uuid[])", names)
        assert verified().holds  # by itself nobody could tell
        assert verified(kept).faults == [
            f"block {last}: cut off, the chain ends at block {last - 1} but a kept head names block {last}"
        ]

    def test_a_chain_that_was_made_anew_against_a_kept_head(self, damage):
        entries(2)
        sealing.seal_all()
        kept = heads()
        damage("DELETE FROM audit_auditblock WHERE tenant_id = %s", str(acme.id))
        damage(
            "INSERT INTO audit_auditunsealed (id, tenant_id, row_hash, recorded_at)"
            " SELECT id, tenant_id, row_hash, recorded_at FROM audit_auditentry WHERE tenant_id = %s",
            str(acme.id),
        )
        sealing.seal_all()
        assert verified().holds
        assert not verified(kept).holds


class TestErasingAPerson:
    def test_takes_the_name_and_leaves_the_chain(self):
        entries(2)
        sealing.seal_all()
        call_command("audit", "erase", "--tenant", "acme", "--person", str(olivia.person_id), stdout=StringIO())
        with vendor():
            mine = AuditEntry.objects.filter(actor_id=str(olivia.person_id))
            assert {entry.actor_name for entry in mine} == {""}
            assert AuditEntry.objects.filter(action="person.erased").exists()
        report = verified()
        assert report.holds, report.faults
        assert report.erased >= 2

    def test_can_not_be_done_by_those_who_serve(self):
        entries(1)
        with pytest.raises(ProgrammingError, match="permission denied"), vendor():
            AuditEntry.objects.update(actor_name="", who_salt="")

    @pytest.mark.parametrize("change", ["actor_name = 'Mallory'", "action = ''", "who_hash = ''", "at = now()"])
    def test_is_all_that_the_owner_can_do_to_an_entry(self, change):
        entries(1)
        with (
            pytest.raises(IntegrityError, match="written once"),
            transaction.atomic(using="owner"),
            connections["owner"].cursor() as cursor,
        ):
            cursor.execute(f"UPDATE audit_auditentry SET {change}")

    def test_with_its_salt_left_behind_is_found(self, damage):
        ids = entries(1)
        sealing.seal_all()
        damage("UPDATE audit_auditentry SET actor_name = '' WHERE id = %s", ids[0])
        assert verified().faults == [f"entry {ids[0]}: who did it was altered"]


class TestTheCommand:
    def say(self, *arguments):
        out = StringIO()
        call_command("audit", *arguments, stdout=out)
        return out.getvalue()

    def test_verifies_every_vendor(self):
        entries(2)
        sealing.seal_all()
        said = self.say("verify")
        assert "acme:" in said
        assert "zenith:" in said
        assert "The audit is what was written." in said

    def test_names_the_entry_and_fails(self, damage):
        ids = entries(2)
        sealing.seal_all()
        damage("UPDATE audit_auditentry SET cause = 'x' WHERE id = %s", ids[0])
        out = StringIO()
        with pytest.raises(CommandError, match="not what was written"):
            call_command("audit", "verify", "--tenant", "acme", stdout=out)
        assert f"entry {ids[0]} was altered" in out.getvalue()

    def test_prints_heads_that_verify_later(self, tmp_path, damage):
        entries(1)
        sealing.seal_all()
        kept = tmp_path / "heads"
        kept.write_text(self.say("heads"))
        assert "is what was written" in self.say("verify", "--heads", str(kept))
        last = max(heads())
        damage("DELETE FROM audit_auditblock WHERE number = %s AND tenant_id = %s", last, str(acme.id))
        with pytest.raises(CommandError):
            self.say("verify", "--heads", str(kept))

    @pytest.mark.parametrize("text", ["nonsense", "a b c\n", f"{acme.id} x y"])
    def test_refuses_heads_that_are_none(self, tmp_path, text):
        kept = tmp_path / "heads"
        kept.write_text(text)
        with pytest.raises(CommandError, match="can't be read"):
            self.say("verify", "--heads", str(kept))

    def test_refuses_a_vendor_that_nobody_knows(self):
        with pytest.raises(CommandError, match="no vendor"):
            self.say("verify", "--tenant", "nobody")

    def test_exports_one_vendor_at_a_time(self):
        with pytest.raises(CommandError, match="--tenant"):
            self.say("export", "-")


class TestTheOfflineVerifier:
    def exported(self, tmp_path) -> Path:
        file = tmp_path / "acme.audit"
        call_command("audit", "export", str(file), "--tenant", "acme", stdout=StringIO())
        return file

    def run(self, *arguments) -> subprocess.CompletedProcess[str]:
        """The two files by themselves, in a Python without anything installed."""
        there = Path(arguments[0]).parent
        for name in ("offline.py", "chain.py"):
            copy(Path(settings.BASE_DIR) / "prm/kernel/audit" / name, there)
        return subprocess.run(
            [sys.executable, "-E", "-s", "-S", str(there / "offline.py"), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_needs_nothing_but_python_and_agrees(self, tmp_path):
        refused()
        entries(3)
        sealing.seal_all()
        entries(1)
        answer = self.run(str(self.exported(tmp_path)))
        assert (answer.returncode, answer.stderr) == (0, "")
        assert "0 faults" in answer.stdout
        assert "1 not sealed yet" in answer.stdout

    def test_runs_as_a_module_too(self, tmp_path):
        entries(1)
        answer = subprocess.run(
            [sys.executable, "-S", "-m", "prm.kernel.audit.offline", str(self.exported(tmp_path))],
            capture_output=True,
            text=True,
            check=False,
            cwd=settings.BASE_DIR,
        )
        assert (answer.returncode, answer.stderr) == (0, "")

    def test_names_a_line_that_was_altered_and_one_that_is_gone(self, tmp_path):
        ids = entries(3)
        sealing.seal_all()
        file = self.exported(tmp_path)
        lines = file.read_text().splitlines()
        at = next(number for number, line in enumerate(lines) if f'"id":"{ids[0]}"' in line)
        lines[at] = lines[at].replace("test.0", "test.9")
        lines = [line for line in lines if f'"id":"{ids[1]}"' not in line]
        file.write_text("\n".join(lines))
        answer = self.run(str(file))
        assert answer.returncode == 1
        assert f"entry {ids[0]} was altered" in answer.stdout
        assert f"entry {ids[1]}: deleted" in answer.stdout

    def test_holds_against_kept_heads(self, tmp_path):
        entries(1)
        sealing.seal_all()
        kept = tmp_path / "heads"
        number, head = max(heads().items())
        kept.write_text(f"{acme.id} {number} {head}\n{zenith.id} 7 {'0' * 64}\n")
        file = str(self.exported(tmp_path))
        assert self.run(file, "--heads", str(kept)).returncode == 0
        kept.write_text(f"{acme.id} {number} {'0' * 64}\n")
        answer = self.run(file, "--heads", str(kept))
        assert answer.returncode == 1
        assert "is not the one whose head was kept" in answer.stdout

    @pytest.mark.parametrize(
        "text",
        ["", "nonsense", "{}", '{"format":"prm-audit/1"}\n[]', '{"format":"prm-audit/1"}\n{"block":1}',
         '{"format":"prm-audit/1"}\n{"entry":{}}', '{"format":"prm-audit/1"}\n{"entry":null}'],
    )  # fmt: skip
    def test_says_in_a_sentence_that_a_file_is_none(self, tmp_path, capsys, text):
        file = tmp_path / "x"
        file.write_text(text)
        assert offline.main([str(file)]) == 2
        assert "can't be read" in capsys.readouterr().out

    def test_says_that_a_file_is_not_there(self, tmp_path, capsys):
        assert offline.main([str(tmp_path / "none")]) == 2
        assert "can't be read" in capsys.readouterr().out


def test_every_decision_that_an_entry_cites_is_hashed():
    entry = refused()
    with vendor():
        decision = DecisionRecord.objects.get(pk=entry.decision_id)
        assert len(decision.row_hash) == 64
    assert cedar.id != birch.id
