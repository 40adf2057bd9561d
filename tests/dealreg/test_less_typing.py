"""A website is enough where the partner's own deals know it; the vendor's records are never read for it."""

import pytest

from dealreg import actions, queries
from dealreg.models import Customer, DealPolicy
from prm.kernel.audit.models import AuditEntry
from tests.cast import ada, birch, bo, cedar, client_of, cy, partner, vendor
from tests.dealreg.deals import approved, draft
from tests.dealreg.mails import mailbox


def asked(who, domain: str, **typed: str) -> str:
    return client_of(who).post("/portal/deals/known", {"customer_domain": domain, **typed}).content.decode()


class TestAKnownDomain:
    @pytest.mark.parametrize("domain", ["nordwind-logistik.de", "https://www.Nordwind-Logistik.de/kontakt"])
    def test_fills_in_what_is_still_empty(self, domain):
        approved()
        page = asked(bo, domain)
        assert 'value="Nordwind Logistik GmbH"' in page and 'value="DE" selected' in page and 'value="Hamburg"' in page

        page = asked(bo, domain, customer_name="Nordwind", customer_country="AT")
        assert 'id="known-name"' not in page and 'id="known-country"' not in page and 'value="Hamburg"' in page

    @pytest.mark.parametrize("domain", ["", "gmail.com", "co.uk", "nobody.example", "\x00", "x" * 5000])
    def test_that_tells_nothing_fills_in_nothing(self, domain):
        approved()
        assert "Nordwind" not in asked(bo, domain)

    def test_of_a_rival_or_of_the_vendors_records_stays_unknown(self):
        approved()
        with vendor():
            assert Customer.objects.exists()
        assert "Nordwind" not in asked(cy, "nordwind-logistik.de")
        with partner(cedar):
            assert queries.own_customer("nordwind-logistik.de") is None
        with partner(birch):
            assert queries.own_customer("nordwind-logistik.de") is not None


class TestRoomForFiles:
    def test_is_the_vendors_to_set_and_told_when_it_is_used_up(self):
        with vendor():
            DealPolicy.objects.create(file_quota_mb=0)
        deal = draft()
        with partner() as now:
            told = actions.attach_file(
                deal_id=deal, name="a.txt", content=b"text", audience="partner", actor=bo.actor, now=now
            )
        assert told.reason_keys == ("file.quota",)


class TestTheMailboxInTheAdmin:
    def test_keeps_the_password_encrypted_and_never_shows_it(self, superuser):
        box = mailbox()
        form = {
            "address": box.address, "program": str(box.program_id), "host": "imap.acme.example", "port": "993",
            "user": "deals", "password": "hunter2 hunter2", "folder": "INBOX", "checked_by": "", "is_active": "on",
        }  # fmt: skip
        client = client_of(ada)
        assert client.post(f"/admin/dealreg/mailbox/{box.pk}/change/", form).status_code == 302
        page = client.get(f"/admin/dealreg/mailbox/{box.pk}/change/").content.decode()
        assert "hunter2" not in page
        with superuser.cursor() as cursor:
            cursor.execute("SELECT string_agg(t::text, '') FROM dealreg_mailbox AS t")
            assert "hunter2" not in cursor.fetchone()[0]
        with vendor():
            told = AuditEntry.objects.filter(action="configuration.changed").latest("recorded_at")
        assert len(told.after["sealed_password"]) == 9, "that it changed, and no more"

        client.post(f"/admin/dealreg/mailbox/{box.pk}/change/", form | {"password": ""})
        with vendor():
            from dealreg.intake.reading import PURPOSE
            from dealreg.models import Mailbox
            from prm.kernel.encryption import decrypt

            assert decrypt(Mailbox.objects.get().sealed_password, PURPOSE) == "hunter2 hunter2"

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.7", "a.internal", "169.254.169.254", "0x7f.1"])
    def test_is_never_in_our_own_network(self, host):
        box = mailbox()
        form = {
            "address": box.address, "program": str(box.program_id), "host": host, "port": "993", "user": "deals",
            "password": "", "folder": "INBOX", "is_active": "on",
        }  # fmt: skip
        assert client_of(ada).post(f"/admin/dealreg/mailbox/{box.pk}/change/", form).status_code == 200
