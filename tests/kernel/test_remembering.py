"""What is asked once: within a context, and, for reference data, until that data changes."""

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.queries.facts import policy
from partners.queries import partner_facts
from prm.kernel.reference.models import Program
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.tenancy.models import Tenant
from tests.cast import acme, birch, vendor, zenith


@contextmanager
def asking(table: str):
    """How many statements read the table meanwhile."""
    said: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield said
    said += [query["sql"] for query in captured if table in query["sql"]]


class TestReferenceData:
    def test_is_asked_once_however_many_transactions_follow(self):
        with asking("dealreg_dealpolicy") as said:
            for _time in range(3):
                with vendor():
                    policy()
        assert len(said) == 1

    def test_is_asked_again_after_a_change_committed_by_anybody(self):
        with vendor():
            before = policy().extension_days
        with vendor():
            row = policy()
            type(row).objects.update_or_create(defaults={"extension_days": before + 5})
        with vendor():
            assert policy().extension_days == before + 5

    def test_that_this_very_transaction_has_written_is_seen_at_once_and_kept_from_others(self):
        with vendor():
            vendor_currency()
            Tenant.objects.using("owner").filter(pk=acme.id).update(currency="CHF")
        with vendor():
            assert vendor_currency() == "CHF"

    def test_of_one_vendor_is_never_the_answer_to_another(self):
        with vendor(acme):
            ours = policy()
        with vendor(zenith):
            assert policy() is not ours

    def test_a_partners_standing_follows_its_tier(self):
        with vendor():
            program = Program.objects.get()
            days = partner_facts(birch.id, program.pk).protection_days
        with vendor():
            from partners.models import Tier

            for tier in Tier.objects.all():
                tier.protection_days = days + 7
                tier.save(update_fields=["protection_days"])
            assert partner_facts(birch.id, program.pk).protection_days == days + 7
        with vendor():
            assert partner_facts(birch.id, program.pk).protection_days == days + 7

    def test_a_change_that_is_taken_back_was_never_seen_by_others(self):
        class Back(Exception):
            pass

        with vendor():
            days = policy().extension_days
        try:
            with vendor():
                type(policy()).objects.update_or_create(defaults={"extension_days": days + 9})
                assert policy().extension_days == days + 9
                raise Back
        except Back:
            pass
        with vendor():
            assert policy().extension_days == days


class TestDeletingMany:
    def test_reads_nothing_where_nothing_hangs_on_the_rows_and_is_forgotten_all_the_same(self):
        with vendor():
            policy()
            policy_rows = type(policy()).objects
            policy_rows.update_or_create(defaults={"extension_days": 77})
            assert policy().extension_days == 77
            with asking("dealreg_dealpolicy") as said:
                count, of = policy_rows.order_by("pk").select_for_update().delete()
            assert (count, of) == (1, {"dealreg.DealPolicy": 1})
            assert [sql.split()[0] for sql in said] == ["DELETE"]
            assert policy().extension_days != 77
