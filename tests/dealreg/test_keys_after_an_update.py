"""After an update of the matcher every record is found again, without anybody thinking of it."""

from io import StringIO

from django.core.management import call_command

from dealreg import actions, queries, tasks
from dealreg.models import Customer, MatchKey
from prm.kernel.audit.models import AuditEntry
from tests.cast import acme, birch, vendor, zenith
from tests.dealreg.deals import approved, submitted
from tests.world import logged_in_as


def keys(kind: int) -> dict:
    with vendor():
        return {(row.record_id, row.key) for row in MatchKey.objects.filter(kind=kind)}


class TestKeysOfAnOlderMatcher:
    def test_are_made_anew_once_for_customers_and_deals(self):
        approved(birch)
        submitted(birch, customer_name="Else GmbH", customer_domain="else.de")
        before = keys(1), keys(2)
        assert all(before)
        with vendor():
            MatchKey.objects.filter(kind=1).delete()
            some = MatchKey.objects.filter(kind=2).values_list("pk", flat=True)[:3]
            MatchKey.objects.filter(pk__in=list(some)).delete()
            Customer.objects.update(normal={})

        with logged_in_as("worker"):
            assert tasks.refresh_keys() >= 2
            assert tasks.refresh_keys() == 0

        assert (keys(1), keys(2)) == before
        with vendor():
            assert AuditEntry.objects.filter(action="keys.refreshed").count() == 1

    def test_of_this_matcher_are_left_alone_and_another_one_looks_again(self, monkeypatch):
        approved(birch)

        assert actions.bring_keys_up_to_date(acme.id) == 0
        assert actions.bring_keys_up_to_date(acme.id) is None
        monkeypatch.setattr(queries.matcher, "FINGERPRINT", "another")
        assert actions.bring_keys_up_to_date(acme.id) == 0

    def test_the_command_says_how_it_stands(self):
        def told():
            out = StringIO()
            call_command("customers", "keys", "--tenant", zenith.slug, stdout=out)
            return out.getvalue()

        assert "0 records had other keys" in told()
        assert "has the keys of this matcher" in told()
