"""What a vendor tunes about deal registration, and that deals follow it."""

from decimal import Decimal

from dealreg import queries
from dealreg.models import DealPolicy
from prm.kernel.audit.models import AuditEntry
from prm.kernel.matching import Thresholds
from tests.cast import ada, aud, client_of, vendor, zenith

ADD = "/admin/dealreg/dealpolicy/add/"
TYPED = {
    "submissions_per_hour": "20",
    "extension_days": "30",
    "precedence_days": "14",
    "dispute_days": "30",
    "reminder_days": "20,5",
    "same_deal_days": "30",
    "file_quota_mb": "5000",
    "partner_quota_mb": "500",
    "partner_quota_files": "300",
}


class TestTheDealPolicy:
    def test_is_set_by_an_admin_and_holds_from_then_on(self):
        client_of(ada).post(ADD, TYPED)

        with vendor():
            held = queries.policy()
            assert (held.submissions_per_hour, held.reminder_days) == (20, [20, 5])
            assert AuditEntry.objects.get(action="configuration.added").target_id == held.pk

    def test_is_each_vendors_own(self):
        client_of(ada).post(ADD, TYPED)

        with vendor(zenith):
            assert queries.policy().submissions_per_hour == 120

    def test_moves_no_threshold_and_says_where_that_is_done_with_a_reason(self):
        client = client_of(ada)
        assert 'href="/console/setup/conflict-thresholds/"' in client.get(ADD).content.decode()

        client.post(ADD, {**TYPED, "conflict_threshold": "0.51", "review_threshold": "0.50"})

        with vendor():
            held, shipped = DealPolicy.objects.get(), Thresholds()
            assert (held.conflict_threshold, held.review_threshold) == (
                Decimal(str(shipped.conflict)),
                Decimal(str(shipped.review)),
            )

    def test_is_there_once_and_changed_afterwards(self):
        client = client_of(ada)
        client.post(ADD, TYPED)

        assert client.get(ADD).status_code == 403
        with vendor():
            pk = DealPolicy.objects.get().pk
        client.post(f"/admin/dealreg/dealpolicy/{pk}/change/", {**TYPED, "extension_days": "60"})
        with vendor():
            assert queries.policy().extension_days == 60

    def test_is_read_but_not_set_by_an_auditor(self):
        assert client_of(aud).post(ADD, TYPED).status_code == 403
        with vendor():
            assert not DealPolicy.objects.exists()


def test_an_admin_finds_name_logo_and_colours_in_the_navigation():
    link = 'href="/console/setup/branding"'

    assert link in client_of(ada).get("/console/").content.decode()
    assert link not in client_of(aud).get("/console/").content.decode()
